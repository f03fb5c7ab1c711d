"""A process that has imported everything and waits; for each job it forks a child that trains and may be killed.

A killed child therefore costs a few tenths of a second and not the seconds that importing PyTorch takes. It reads a line of
JSON for each command from standard input and answers with one:

    {"start": {job}}   forks a child: {"pid": …}
    {"wait": pid}      its end: {"code": exit code, or minus the signal}
"""

import json
import os
import resource
import signal
import sys
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]


def serve() -> None:
    """Answer commands until standard input ends."""
    # Some of these are imported only so that no child has to import them.
    import injected
    import torch
    from tiny import TINY
    from torch.utils import tensorboard  # noqa: F401

    import s2s_tutorial.notebook.plots  # noqa: F401
    from s2s_tutorial.cli import commands as cli
    from s2s_tutorial.data.corpus import prepare
    from s2s_tutorial.data.readers import read_file
    from s2s_tutorial.files import load_tensors
    from s2s_tutorial.presets import PRESETS
    from s2s_tutorial.runs.weights import load_translator
    from s2s_tutorial.training.record import read_record
    from s2s_tutorial.training.trainer import Trainer
    from s2s_tutorial.training.watchers import Board

    corpus = prepare(TINY.data)
    PRESETS["small"] = TINY
    # The first optimiser of a process imports PyTorch's compiler. No backward pass here: that would not survive a fork.
    weight = torch.nn.Parameter(torch.zeros(1))
    weight.grad = torch.zeros(1)
    torch.optim.Adam([weight], fused=True).step()

    def train(job: dict) -> None:
        if job.get("fault"):
            name, *arguments = job["fault"]
            getattr(injected, name)(*arguments)
        log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        take_step = Trainer.train_step

        def train_step(trainer, batch):
            number = trainer.progress.step + 1
            for step, name in job.get("signals", []):
                if step == number:
                    os.kill(os.getpid(), getattr(signal, name))
            values = take_step(trainer, batch)
            os.write(log, f"{number}\n".encode())
            return values

        Trainer.train_step = train_step
        if "load" in job:
            load(*job["load"])
        elif "command" in job:
            cli.app(job["command"])
        else:
            settings = replace(TINY, training=replace(TINY.training, **job.get("training", {})))
            watchers = [Board()] if job.get("tensorboard") else []
            Trainer(corpus, settings, Path(job["folder"]), watchers=watchers).fit(raise_on_stop=False)

    def load(kind: str, path: Path | str) -> None:
        """Open a file, and print the error that it raised and by how many MiB memory grew."""
        path = Path(path)
        opens = {
            "translator": lambda: load_translator(path),
            "training": lambda: Trainer(corpus, TINY, path, watchers=[]).fit(raise_on_stop=False),
            "tensors": lambda: load_tensors(path),
            "record": lambda: read_record(path),
            "corpus": lambda: read_file(path),
        }
        signal.alarm(60)
        error, before = None, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            opens[kind]()
        except ValueError as raised:
            error = raised
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(json.dumps({"error": error and str(error), "kind": type(error).__name__, "mib": grown}))

    def child(job: dict) -> int:
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(job["log"] + "." + name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        # Only files that the job itself opens or writes count, not those of this server.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            train(job)
        except SystemExit as error:
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        except KeyboardInterrupt:
            return 130
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return 1
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
        return 0

    for line in sys.stdin:
        command = json.loads(line)
        if "start" in command:
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    code = child(command["start"])
                finally:
                    os._exit(code)
            answer = {"pid": pid}
        else:
            answer = {"code": os.waitstatus_to_exitcode(os.waitpid(command["wait"], 0)[1])}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()

"""Several processes or machines train one model: `torchrun` starts them, this module lets them talk.

`batch_size` stays the size of the whole batch, however many processes share it. Each takes its rows of every batch, all
gradients are averaged by word, and so the processes together take the very step that one process takes alone, but for
the rounding of sums. The order, the schedule and the number of steps depend on the settings only; a run may go on with
another number of processes.

One process, of rank 0, is the writer: it alone reads and writes the run's folder, translates the validation set, shows
the progress. The others get everything from it. ::

    torchrun --nproc-per-node 2 --max-restarts 3 -m s2s_tutorial.cli train --folder runs/shared

A process that dies takes the others with it. `torchrun` starts all of them again, at most `--max-restarts` times, and
they go on from the last checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import torch
from torch import Tensor, nn
from torch import distributed as dist

# The others wait this long for the writer, which may be translating a large validation set.
PATIENCE = timedelta(minutes=30)


class GroupError(ValueError):
    """The processes of a run cannot go on together; the message says why and what to do."""


@dataclass(frozen=True)
class Group:
    """The processes that train one model; without arguments, a process on its own.

    Attributes:
        rank: number of this process, from 0.
        size: how many there are.
        device: where tensors must be for the processes to exchange them.
    """

    rank: int = 0
    size: int = 1
    device: torch.device | str = "cpu"

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def share(self, rows: np.ndarray) -> np.ndarray:
        """This process's rows of a batch: every `size`-th one, so that all get sentences of like length.

        Of a batch with fewer rows than processes everybody takes all: the mean of equal gradients is that gradient.
        """
        return rows[self.rank :: self.size] if len(rows) >= self.size else rows

    def reseed(self, rng: torch.Generator, seed: int, step: int) -> None:
        """Give each of several processes coins of its own for a step; a process on its own keeps its one stream.

        They depend on seed, step and rank alone: who goes on with as many processes tosses the same coins.
        """
        if self.size > 1:
            rng.manual_seed(int(np.random.SeedSequence([seed, step, self.rank]).generate_state(1, np.uint64)[0]))

    def average(self, loss: Tensor, words: Tensor | int, model: nn.Module) -> Tensor:
        """Average loss and gradients over all processes, each as heavy as its words, in one exchange.

        Mean over all words = Σ (mean of a process × its words) / Σ (its words).

        Args:
            loss: of this process's part of the batch, a mean over its words.
            words: real target words in it.
            model: with the gradients of that loss; they are replaced.

        Returns:
            The loss of the whole batch.
        """
        if self.size == 1:
            return loss
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        grads = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
        sums = torch.cat([grad.flatten() for grad in [*grads, loss.detach()]]).mul_(words)
        sums = torch.cat([sums, sums.new_tensor([float(words)])])
        self._exchange(lambda: dist.all_reduce(sums))
        means = sums[:-1].div_(sums[-1])
        for weight, mean in zip(weights, means[:-1].split([weight.numel() for weight in weights]), strict=True):
            weight.grad = mean.view_as(weight)
        return means[-1]

    def highest(self, number: int) -> int:
        """The highest of all processes' numbers; whoever comes first waits for the others."""
        if self.size == 1:
            return number
        numbers = torch.tensor([number], device=self.device)
        self._exchange(lambda: dist.all_reduce(numbers, op=dist.ReduceOp.MAX))
        return int(numbers)

    def from_writer(self, make: Callable[[], bytes]) -> bytes:
        """Let the writer make some bytes, and give them to all.

        Raises:
            ValueError: the writer could not; it has its own error, the others a `GroupError` with the same words.
        """
        if self.size == 1:
            return make()
        failure: Exception | None = None
        data = b""
        if self.writes:
            try:
                data = make()
            except (ValueError, OSError) as error:
                failure, data = error, str(error).encode()
        header = torch.tensor([len(data), failure is not None], device=self.device)
        self._exchange(lambda: dist.broadcast(header, 0))
        size, failed = header.tolist()
        buffer = torch.empty(size, dtype=torch.uint8, device=self.device)
        if self.writes and data:
            buffer.copy_(torch.frombuffer(bytearray(data), dtype=torch.uint8))
        self._exchange(lambda: dist.broadcast(buffer, 0))
        if failure:
            raise failure
        received = buffer.cpu().numpy().tobytes()
        if failed:
            raise GroupError(received.decode())
        return received

    def _exchange(self, talk: Callable[[], object]) -> None:
        try:
            talk()
        except RuntimeError as error:
            raise GroupError(
                f"process {self.rank} of {self.size} lost the others ({str(error).splitlines()[0][:120]}): start all of them "
                "again with the same command (torchrun --max-restarts does it); they go on from the last checkpoint"
            ) from error


@contextmanager
def join(device: str = "auto") -> Iterator[Group]:
    """Join the processes that torchrun has started, if it has: over gloo on CPUs, over nccl on NVIDIA GPUs.

    Args:
        device: what the model will be trained on; with "auto" and "cuda" each process takes a GPU of its own.

    Raises:
        GroupError: the others do not answer.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Group()
        return
    on_gpu = device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())
    if on_gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    try:
        store, rank, size = next(dist.rendezvous("env://", timeout=PATIENCE))
        # torchrun keeps one store over its restarts: in a new life nobody may find the addresses of the last one.
        life = dist.PrefixStore(f"{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')} of {size}", store)
        dist.init_process_group("nccl" if on_gpu else "gloo", store=life, rank=rank, world_size=size, timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise GroupError(
            f"the {size} processes cannot reach one another ({str(error).splitlines()[0][:120]}): start them with torchrun, "
            "and see that --nnodes and --rdzv-endpoint are the same everywhere"
        ) from None
    try:
        yield Group(rank, size, torch.device("cuda" if on_gpu else "cpu"))
    finally:
        dist.destroy_process_group()

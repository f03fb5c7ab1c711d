"""Several processes or machines train one model: `torchrun` starts them, and this module exchanges their data.

`batch_size` is the size of the whole batch, however many processes share it. Each process takes its rows of every batch, and
all gradients are averaged by word. So together they take the same step that one process takes alone, except for the rounding of
sums. The order, the schedule and the number of steps depend on the settings only, so a run can be resumed with another number
of processes.

One process, of rank 0, is the writer. It alone reads and writes the run's folder, translates the validation set and shows the
progress; the others receive everything from it. ::

    torchrun --nproc-per-node 2 --max-restarts 3 -m s2s_tutorial.cli train --folder runs/shared

If a process dies, the others end too. `torchrun` then starts all of them again, at most `--max-restarts` times, and they
resume from the last checkpoint.
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
    """The processes of a run cannot continue together; the message explains why and what to do."""


@dataclass(frozen=True)
class Group:
    """The processes that train one model; without arguments, one process alone.

    Attributes:
        rank: Number of this process, from 0.
        size: Number of processes.
        device: Device on which tensors must be for the processes to exchange them.
    """

    rank: int = 0
    size: int = 1
    device: torch.device | str = "cpu"

    @property
    def writes(self) -> bool:
        """Whether this process is the writer."""
        return self.rank == 0

    def share(self, rows: np.ndarray) -> np.ndarray:
        """Return this process's rows of a batch: every `size`-th one, so that all get sentences of similar length.

        If a batch has fewer rows than there are processes, every process takes all of them: the mean of equal gradients is
        that gradient.

        Args:
            rows: (B,), rows of the whole batch.
        """
        return rows[self.rank :: self.size] if len(rows) >= self.size else rows

    def reseed(self, rng: torch.Generator, seed: int, step: int) -> None:
        """Give each of several processes its own random draws for a step; one process alone keeps its one stream.

        The draws depend on seed, step and rank alone, so a run that resumes with as many processes gets the same ones.

        Args:
            rng: Random generator to seed.
            seed: Seed of the run.
            step: Steps done.
        """
        if self.size > 1:
            rng.manual_seed(int(np.random.SeedSequence([seed, step, self.rank]).generate_state(1, np.uint64)[0]))

    def average(self, loss: Tensor, words: Tensor | int, model: nn.Module) -> Tensor:
        """Average loss and gradients over all processes, weighted by their words, in one exchange.

        Mean over all words = Σ (mean of a process × its words) / Σ (its words).

        Args:
            loss: Loss of this process's part of the batch, in nats per word.
            words: Number of real target words in it.
            model: Model with the gradients of that loss, which are replaced.

        Returns:
            The loss of the whole batch, in nats per word.
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
        """Return the highest of all processes' numbers; each process waits here for the others."""
        if self.size == 1:
            return number
        numbers = torch.tensor([number], device=self.device)
        self._exchange(lambda: dist.all_reduce(numbers, op=dist.ReduceOp.MAX))
        return int(numbers)

    def from_writer(self, make: Callable[[], bytes]) -> bytes:
        """Let the writer make some bytes, and return them in every process.

        Args:
            make: Called by the writer only.

        Raises:
            ValueError: The writer failed; it raises its own error, the others a `GroupError` with the same message.
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

    def _exchange(self, exchange: Callable[[], object]) -> None:
        try:
            exchange()
        except RuntimeError as error:
            raise GroupError(
                f"process {self.rank} of {self.size} lost the connection to the others ({str(error).splitlines()[0][:120]}): "
                "start all of them again with the same command (torchrun --max-restarts does it); they resume from the last "
                "checkpoint"
            ) from error


@contextmanager
def join(device: str = "auto") -> Iterator[Group]:
    """Join the processes that torchrun has started, if it has: over gloo on CPUs, over nccl on NVIDIA GPUs.

    Args:
        device: Device the model is trained on; with "auto" and "cuda" each process takes its own GPU.

    Raises:
        GroupError: The other processes do not answer, or this machine has fewer GPUs than processes.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Group()
        return
    on_gpu = device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())
    if on_gpu:
        _take_gpu(int(os.environ.get("LOCAL_RANK", "0")))
    try:
        store, rank, size = next(dist.rendezvous("env://", timeout=PATIENCE))
        # torchrun keeps one store over its restarts, so each restart writes its addresses below a prefix of its own.
        own = dist.PrefixStore(f"{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')} of {size}", store)
        dist.init_process_group("nccl" if on_gpu else "gloo", store=own, rank=rank, world_size=size, timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise GroupError(
            f"the {size} processes cannot reach one another ({str(error).splitlines()[0][:120]}): start them with torchrun, "
            "and check that --nnodes and --rdzv-endpoint are the same everywhere"
        ) from None
    try:
        yield Group(rank, size, torch.device("cuda" if on_gpu else "cpu"))
    finally:
        dist.destroy_process_group()


def _take_gpu(number: int) -> None:
    """Compute on the GPU of this number from now on, because two processes must not share one."""
    if number >= (found := torch.cuda.device_count()):
        raise GroupError(
            f"process {number} of this machine has no GPU of its own, because there {'is' if found == 1 else 'are'} {found}: "
            "start at most one process for each GPU (--nproc-per-node), or train on processors (--device cpu)"
        )
    torch.cuda.set_device(number)

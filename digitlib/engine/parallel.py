"""Training in several processes: each takes its share of every batch, and their gradients are averaged.

``torchrun`` starts the processes and tells each its number, its rank. Where it didn't, there is one process, and
everything here leaves things as they are.

The same lines for one process and for many:

>>> import torch
>>> from digitlib.engine import parallel
>>> from digitlib.model import MLP
>>> model = MLP((8,))
>>> with parallel.group(torch.device("cpu")):
...     learner = parallel.shared_model(model)
...     mine = parallel.share(torch.arange(5))
...     if parallel.first():
...         print(f"process {parallel.rank()} of {parallel.size()}: {mine.tolist()}")
...     right, seen = parallel.summed(3, len(mine))
process 0 of 1: [0, 1, 2, 3, 4]
>>> learner is model, right, seen
(True, 3.0, 5.0)
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import nn

from digitlib.engine import hardware

__all__ = ["first", "group", "rank", "share", "shared_model", "size", "summed"]


@contextmanager
def group(device: torch.device) -> Iterator[None]:
    """Join the processes that torchrun started, if it did, and leave them at the end.

    Args:
        device: where this process trains; on CUDA the processes talk through NCCL, elsewhere through Gloo.

    Raises:
        ValueError: more processes on this machine than GPUs, where there are GPUs.
    """
    if not (dist.is_available() and dist.is_torchelastic_launched()):
        yield
        return
    if device.type == "cuda":
        local, gpus = hardware.neighbours(), torch.cuda.device_count()
        if local > gpus:
            raise ValueError(
                f"expected a GPU for each process, got {local} processes and {gpus} GPUs"
            )
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def rank() -> int:
    """The number of this process, from 0."""
    return dist.get_rank() if _several() else 0


def size() -> int:
    """How many processes there are."""
    return dist.get_world_size() if _several() else 1


def first() -> bool:
    """Whether this is the process that prints and writes files."""
    return rank() == 0


def share(indices: torch.Tensor, equal: bool = True) -> torch.Tensor:
    """This process's part of some indices.

    Args:
        indices: ``(N,)``, the same in all processes.
        equal: leave the last few out where N can't be dealt out evenly, fewer than there are processes. With equal
            parts the mean of the processes' gradients is the gradient of the mean.

    Returns:
        every n-th of them, of n processes, from this one's rank on: ``(N // n,)``, or one more if not ``equal``.
    """
    end = len(indices) // size() * size() if equal else len(indices)
    return indices[:end][rank() :: size()]


def shared_model(model: nn.Module) -> nn.Module:
    """The model to train: itself, or one that averages its gradients over the processes at each backward pass.

    All processes begin with the weights of the first.
    """
    return nn.parallel.DistributedDataParallel(model) if _several() else model


def summed(*numbers: torch.Tensor | float) -> list[float]:
    """Each number, added up over all processes."""
    own = [float(number) for number in numbers]
    if not _several():
        return own
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    sums = torch.tensor(own, dtype=torch.float64, device=device)
    dist.all_reduce(sums)
    return sums.tolist()


def _several() -> bool:
    return dist.is_available() and dist.is_initialized()

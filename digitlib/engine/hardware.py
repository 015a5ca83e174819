"""What this machine offers for training: a device, processor cores, and a short number format that pays.

Each answer is detected, none is set for good: the number of threads is put back after use.

A network is trained where it is fastest, and comes home:

>>> import torch
>>> from digitlib.engine import hardware
>>> from digitlib.model import MLP
>>> model = MLP((8,))
>>> with hardware.on_best_device(model) as device, hardware.own_cores() as threads:
...     learner = hardware.in_precision(model, hardware.best_precision(device), device)
...     logits = learner(torch.zeros(2, 28, 28, device=device))
>>> device.type == hardware.best_device().type, threads >= 1, logits.shape, logits.dtype
(True, True, torch.Size([2, 10]), torch.float32)
>>> model(torch.zeros(2, 28, 28)).device
device(type='cpu')
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

__all__ = [
    "best_device",
    "best_precision",
    "describe",
    "in_precision",
    "neighbours",
    "on_best_device",
    "own_cores",
]


def best_device() -> torch.device:
    """The accelerator if there is one (CUDA, then Apple's MPS), else the CPU.

    Under torchrun each process takes the GPU of its own number.
    """
    if torch.cuda.is_available():
        local = int(os.environ.get("LOCAL_RANK", "0"))
        return torch.device("cuda", local % torch.cuda.device_count())
    # Processes can't share gradients between MPS devices.
    mps = torch.backends.mps.is_available() and neighbours() == 1
    return torch.device("mps" if mps else "cpu")


def best_precision(device: torch.device) -> str:
    """``"bfloat16"`` where the device multiplies such numbers in units of their own, else ``"float32"``.

    On a processor these are the tiles called AMX, or the instructions AVX-512 BF16; both were measured to pay. Without
    either, bfloat16 goes by detours and is several times slower than float32.
    """
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    elif device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        units = torch.cpu.get_capabilities()
        fast = units.get("amx_bf16", False) or units.get("avx512_bf16", False)
    else:  # an older PyTorch can't tell; on MPS nothing was measured
        fast = False
    return "bfloat16" if fast else "float32"


def in_precision(
    learner: nn.Module, precision: str, device: torch.device
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The learner, or a function that has its matrices multiplied in bfloat16. The weights stay float32.

    Args:
        learner: takes float ``(N, 28, 28)``, returns logits ``(N, C)``.
        precision: ``"float32"``, which gives back the learner itself, or ``"bfloat16"``.
        device: where the learner is.

    Returns:
        what takes the same and returns float32 logits.
    """
    if precision == "float32":
        return learner

    def forward(x: torch.Tensor) -> torch.Tensor:
        # Around the forward pass alone: deformations and the loss stay in float32.
        with torch.autocast(device.type, torch.bfloat16):
            logits = learner(x)
        return logits.float()

    return forward


@contextmanager
def on_best_device(model: nn.Module) -> Iterator[torch.device]:
    """Within it the model is on the device that trains; afterwards it is where it was.

    Args:
        model: a network with weights.

    Yields:
        the device that trains.
    """
    home, device = next(model.parameters()).device, best_device()
    try:
        model.to(device)
        yield device
    finally:
        model.to(home)


@contextmanager
def own_cores() -> Iterator[int]:
    """Within it, PyTorch starts no more threads than this process has cores.

    A container sees all cores of its machine and may use two. Threads beyond those wait for each other at every step.
    Alone, it leaves a smaller number, set by ``OMP_NUM_THREADS``, as it is. The processes of torchrun, to each of which
    it gives one thread, share the cores of their machine evenly.

    Yields:
        the number of threads.
    """
    # It knows affinity, the quota of a container, and cores that are two threads of one.
    from joblib import cpu_count

    before, cores = torch.get_num_threads(), cpu_count(only_physical_cores=True)
    if neighbours() > 1:
        torch.set_num_threads(max(1, cores // neighbours()))
    else:
        torch.set_num_threads(min(before, cores))
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def describe(device: torch.device) -> str:
    """Name the device that trains: ``"cpu, 2 threads"``, ``"mps"``, or the name of a GPU.

    >>> import torch
    >>> from digitlib.engine import hardware
    >>> hardware.describe(torch.device("cpu")).partition(",")[0]
    'cpu'
    """
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    with own_cores() as threads:
        some = f"{threads} thread" + "s" * (threads != 1)
        return f"{device.type}, {some}" if device.type == "cpu" else "mps"


def neighbours() -> int:
    """How many processes torchrun has started on this machine; 1 where it started none.

    >>> from digitlib.engine import hardware
    >>> hardware.neighbours()
    1
    """
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))

from contextlib import nullcontext

import joblib
import pytest
import torch

from digitlib.engine import hardware


def test_the_device_is_one_that_computes():
    device = hardware.best_device()
    assert device.type in ("cuda", "mps", "cpu")
    assert torch.ones(2, device=device).sum().item() == 2


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ({"avx512_f": True, "amx_bf16": True}, "bfloat16"),
        ({"avx512_f": True, "avx512_bf16": True, "amx_bf16": False}, "bfloat16"),
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, "float32"),
        ({"neon": True}, "float32"),
    ],
)
def test_bfloat16_needs_units_of_its_own(monkeypatch, units, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units, raising=False)
    assert hardware.best_precision(torch.device("cpu")) == expected


def test_an_older_pytorch_means_float32(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert hardware.best_precision(torch.device("cpu")) == "float32"


@pytest.mark.parametrize(
    ("before", "cores", "processes", "during"),
    [(4, 2, 1, 2), (1, 2, 1, 1), (1, 8, 2, 4), (1, 2, 4, 1)],
)
def test_threads_are_as_many_as_the_cores_and_put_back(
    monkeypatch, before, cores, processes, during
):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))
    found = torch.get_num_threads()
    monkeypatch.setattr(joblib, "cpu_count", lambda only_physical_cores: cores)
    torch.set_num_threads(before)
    try:
        with hardware.own_cores() as threads:
            assert threads == torch.get_num_threads() == during
        assert torch.get_num_threads() == before
    finally:
        torch.set_num_threads(found)


@pytest.mark.parametrize(("threads", "name"), [(1, "cpu, 1 thread"), (2, "cpu, 2 threads")])
def test_the_device_is_named(monkeypatch, threads, name):
    monkeypatch.setattr(hardware, "own_cores", lambda: nullcontext(threads))
    assert hardware.describe(torch.device("cpu")) == name

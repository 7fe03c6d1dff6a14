"""As much of Paddle as the kernels for CUDA are wrapped with, on torch: for a machine that has torch and no Paddle.

After `install()` the very wrappers of the package run on torch's tensors. It is no emulation of Paddle: whatever the
wrappers do not use is not there, and fails.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import torch
from torch.autograd.function import FunctionCtx

ROOT = Path(__file__).parents[1]
DTYPES = ("float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool")
SAME = (
    "concat",
    "stack",
    "bitwise_and",
    "is_tensor",
    "empty_like",
    "zeros_like",
    "no_grad",
    "enable_grad",
    "is_grad_enabled",
)


class Place:
    """Where a tensor is."""

    def __init__(self, device: Any) -> None:
        self.device = torch.device(device)

    def is_cpu_place(self) -> bool:
        return self.device.type == "cpu"

    def is_gpu_place(self) -> bool:
        return self.device.type == "cuda"

    def gpu_device_id(self) -> int:
        return self.device.index or 0


class PyLayer:
    """An operation whose first argument has a gradient."""

    @classmethod
    def apply(cls, *arguments: Any) -> Any:
        class Bridge(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, *given: Any) -> Any:
                return cls.forward(ctx, *given)

            @staticmethod
            def backward(ctx: Any, gradient: Any) -> Any:
                return (cls.backward(ctx, gradient), *[None] * (len(arguments) - 1))

        return Bridge.apply(*arguments)


def install(device: str = "cpu") -> None:
    """Put the stand-in in Paddle's place, and the kernels' rooms within reach without the package itself.

    New tensors are made on `device`, in whatever thread: torch runs a backward pass on a card in one of its own.
    """
    paddle = _module("paddle", **{name: getattr(torch, name) for name in DTYPES})
    for name in SAME:
        setattr(paddle, name, getattr(torch, name))
    paddle.empty = lambda shape, dtype="float32": torch.empty(tuple(shape), dtype=_dtype(dtype), device=device)
    paddle.zeros = lambda shape, dtype="float32": torch.zeros(tuple(shape), dtype=_dtype(dtype), device=device)
    paddle.ones = lambda shape, dtype="float32": torch.ones(tuple(shape), dtype=_dtype(dtype), device=device)
    paddle.full = lambda shape, value, dtype="float32": torch.full(
        tuple(shape), value, dtype=_dtype(dtype), device=device
    )
    paddle.to_tensor = lambda array, place=None: torch.as_tensor(array, device=place.device if place else device)
    paddle.grad = lambda outputs, inputs: torch.autograd.grad(outputs, inputs)
    paddle.in_dynamic_mode = paddle.is_compiled_with_cuda = lambda: True
    paddle.is_compiled_with_rocm = lambda: False
    paddle.CPUPlace, paddle.CUDAPlace = lambda: Place("cpu"), lambda index: Place(f"cuda:{index}")
    cuda = types.SimpleNamespace(current_stream=torch.cuda.current_stream)
    paddle.device = types.SimpleNamespace(cuda=cuda, get_device=lambda: f"gpu:{torch.cuda.current_device()}")
    paddle.get_device = lambda: device
    paddle.get_flags = lambda name: {name: False}
    core = types.SimpleNamespace(globals=lambda: {"FLAGS_check_nan_inf": False})
    paddle.base = _module("paddle.base", core=core)
    paddle.amp = types.SimpleNamespace(is_autocast_enabled=lambda: False)
    paddle.Tensor = torch.Tensor
    paddle.autograd = _module("paddle.autograd", PyLayer=PyLayer)
    paddle.utils = _module("paddle.utils")
    _module("paddle.utils.dlpack", from_dlpack=torch.utils.dlpack.from_dlpack)
    paddle.nn = _module("paddle.nn")
    paddle.nn.functional = _module("paddle.nn.functional", pad=torch.nn.functional.pad)
    for name in ("paddleseg_losses", "paddleseg_losses.kernels"):
        _module(name, __path__=[str(ROOT.joinpath(*name.split(".")))])
    _extend(torch.Tensor)
    FunctionCtx.saved_tensor = lambda self: self.saved_tensors


def _module(name: str, **content: Any) -> Any:
    module = types.ModuleType(name)
    vars(module).update(content)
    sys.modules[name] = module
    return module


def _dtype(name: Any) -> Any:
    return getattr(torch, name) if isinstance(name, str) else name


def _extend(tensor: Any) -> None:
    """What Paddle's tensors have besides."""
    cumsum, numpy = tensor.cumsum, tensor.numpy
    tensor.numpy = lambda self: numpy(self.detach().cpu())  # wherever it is
    tensor.astype = lambda self, dtype: self.to(_dtype(dtype))
    tensor.place = property(lambda self: Place(self.device))
    tensor.stop_gradient = property(
        lambda self: not self.requires_grad, lambda self, stop: self.requires_grad_(not stop)
    )
    tensor.cumsum = lambda self, axis=0, dtype=None: cumsum(self, axis, dtype=_dtype(dtype))

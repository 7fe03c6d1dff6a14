"""The CUDA driver, by ctypes: it compiles PTX text for the card, and launches kernels. No toolkit is needed.

It imports nothing of ours but its neighbours, so that a script without Paddle can load it from its file.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from typing import Any

from . import ptx_text
from .ptx_text import Kernel

OLDEST = (6, 0)  # the compute capability that the PTX text is for
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*


class DriverError(Exception):
    """What the driver says when it does not do something."""


class Driver:
    """Raises OSError where there is no driver, and DriverError where it finds no card."""

    def __init__(self) -> None:
        self._cuda = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        self._lock = threading.Lock()
        self._contexts: dict[int, ctypes.c_void_p] = {}
        self._modules: dict[tuple[int, str], ctypes.c_void_p] = {}
        self._functions: dict[tuple[int, str], ctypes.c_void_p] = {}
        self._call("cuInit", 0)

    def capability(self, device: int) -> tuple[int, int]:
        """Compute capability of a card, by its number in this process."""
        handle, version = self._handle(device), []
        for attribute in (_MAJOR, _MINOR):
            value = ctypes.c_int()
            self._call("cuDeviceGetAttribute", ctypes.byref(value), attribute, handle)
            version.append(value.value)
        return version[0], version[1]

    def is_capturing(self, device: int, stream: int) -> bool:
        """Whether a CUDA graph is being recorded from a stream: nobody may wait for the device then."""
        status = ctypes.c_int()
        with _Current(self, device):
            self._call("cuStreamIsCapturing", ctypes.c_void_p(stream), ctypes.byref(status))
        return status.value != 0

    def launch(
        self,
        kernel: Kernel,
        grid: tuple[int, int, int],
        block: tuple[int, int, int],
        shared: int,
        arguments: tuple[Any, ...],
        device: int,
        stream: int,
    ) -> None:
        """Put a kernel on a stream, and return before it has run."""
        places = (ctypes.c_void_p * len(arguments))(*map(ctypes.addressof, arguments))
        with _Current(self, device):
            function = self._function(kernel, device)
            self._call("cuLaunchKernel", function, *grid, *block, shared, ctypes.c_void_p(stream), places, None)

    def _function(self, kernel: Kernel, device: int) -> ctypes.c_void_p:
        """A kernel on a device whose context is current; the module is loaded once for each device."""
        key = device, kernel.name
        with self._lock:
            if key not in self._functions:
                function = ctypes.c_void_p()
                module = self._module(device, kernel.module)
                self._call("cuModuleGetFunction", ctypes.byref(function), module, kernel.name.encode())
                self._functions[key] = function
            return self._functions[key]

    def _module(self, device: int, name: str) -> ctypes.c_void_p:
        key = device, name
        if key not in self._modules:
            module = ctypes.c_void_p()
            self._call("cuModuleLoadData", ctypes.byref(module), ptx_text.text(name))
            self._modules[key] = module
        return self._modules[key]

    def _handle(self, device: int) -> ctypes.c_int:
        handle = ctypes.c_int()
        self._call("cuDeviceGet", ctypes.byref(handle), device)
        return handle

    def _context(self, device: int) -> ctypes.c_void_p:
        """The primary context, in which the CUDA runtime, and with it Paddle, keeps its memory."""
        with self._lock:
            if device not in self._contexts:
                context = ctypes.c_void_p()
                self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), self._handle(device))
                self._contexts[device] = context
            return self._contexts[device]

    def _call(self, name: str, *arguments: Any) -> None:
        code = getattr(self._cuda, name)(*arguments)
        if code != 0:
            raise DriverError(f"{name}: {self._meaning(code)} ({code})")

    def _meaning(self, code: int) -> str:
        words = ctypes.c_char_p()
        known = self._cuda.cuGetErrorString(code, ctypes.byref(words)) == 0 and words.value
        return words.value.decode() if known and words.value else "unknown error"


class _Current:
    """A device's context made current in this thread for a while: another library may have chosen another one."""

    def __init__(self, driver: Driver, device: int) -> None:
        self._driver, self._device = driver, device

    def __enter__(self) -> None:
        self._driver._call("cuCtxPushCurrent_v2", self._driver._context(self._device))

    def __exit__(self, *_: Any) -> None:
        self._driver._call("cuCtxPopCurrent_v2", ctypes.byref(ctypes.c_void_p()))

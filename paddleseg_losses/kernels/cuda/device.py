"""Paddle's side of the kernels for CUDA: which tensors they may read, on which stream, and if not, why.

Before the first use of a device its kernels are tested on a few numbers (`self_test`), which waits for the device once:
a card that nobody has tried may not silently teach a model something else.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import paddle

from ...errors import KernelError
from ...i18n import Text, _
from ..loader import VARIABLE, mode
from . import driver as driver_module
from . import launcher
from .driver import Driver, DriverError
from .launcher import Size

Tensor = Any

# What a trial may end with: Paddle raises one of these where it has no operator on a card, or its device has an error,
# ctypes the last one where a driver has no such function. Memory that is used up says nothing about kernels.
_FAILURES = (DriverError, RuntimeError, OSError, ValueError, AttributeError)


class Platform:
    """What Paddle and the driver say of the devices; tests put another one in its place."""

    def __init__(self) -> None:
        self.verdicts: dict[int, Text | None] = {}  # of each device: why its kernels are not used

    @cached_property
    def _driver(self) -> Driver:
        return Driver()

    def missing(self) -> Text | None:
        """Why there are no kernels on any device."""
        if not paddle.is_compiled_with_cuda() or paddle.is_compiled_with_rocm():
            return _("this Paddle is built without CUDA")
        try:
            self.driver()
        except (OSError, DriverError) as error:
            return _("no driver: {error}", error=error)
        return None

    def driver(self) -> Any:
        """What launches kernels."""
        return self._driver

    def index(self, x: Tensor) -> int | None:
        """Number of the card on which a tensor is; None if it is on none."""
        place = x.place
        return int(place.gpu_device_id()) if place.is_gpu_place() else None

    def count(self) -> int:
        """Number of cards."""
        return int(paddle.device.cuda.device_count()) if self.missing() is None else 0

    def current(self) -> int | None:
        """Number of the card on which Paddle makes new tensors; None if it makes them elsewhere."""
        kind, _colon, index = paddle.device.get_device().partition(":")
        return int(index) if kind == "gpu" else None

    @contextmanager
    def on(self, index: int) -> Iterator[None]:
        """Paddle makes new tensors on a card inside a `with` block."""
        before = paddle.device.get_device()
        paddle.device.set_device(f"gpu:{index}")
        try:
            yield
        finally:
            paddle.device.set_device(before)

    def stream(self, index: int) -> int:
        """The stream on which Paddle runs its operators."""
        return int(paddle.device.cuda.current_stream(index).cuda_stream)

    def place(self, index: int) -> Any:
        """A card, as Paddle's functions take it."""
        return paddle.CUDAPlace(index)


_platform = Platform()


@contextmanager
def using(platform: Platform) -> Iterator[None]:
    """Another platform inside a `with` block."""
    global _platform
    before, _platform = _platform, platform
    try:
        yield
    finally:
        _platform = before


def index_of(x: Tensor) -> int | None:
    """Number of the card on which a tensor is; None if it is on none."""
    return _platform.index(x)


def supports(x: Tensor) -> bool:
    """Whether kernels can read a tensor: on Paddle's current device, where memory comes from, outside static graphs."""
    if not paddle.in_dynamic_mode() or mode() == "composed":
        return False
    index = _platform.index(x)
    return index is not None and index == _platform.current() and _works(index)


def place_of(index: int) -> Any:
    """A card, as Paddle's functions take it."""
    return _platform.place(index)


def one_card(*tensors: Tensor) -> int:
    """Number of the card on which all of them are."""
    places = {_platform.index(x) for x in tensors}
    index = places.pop() if len(places) == 1 else None
    if index is None:
        raise KernelError(
            "A kernel was given tensors on several devices.",
            "tensors on one GPU, which is Paddle's current device",
            f"use paddle.device.set_device, or set {VARIABLE}=composed",
        )
    return index


def launch(name: str, grid: Size, block: Size, shared: int, *arguments: Any) -> None:
    """Put a kernel on the stream of Paddle's that belongs to the first tensor; see `launcher.launch`."""
    index = one_card(*(x for x in arguments if paddle.is_tensor(x)))
    try:
        launcher.launch(
            _platform.driver(), name, grid, block, shared, *arguments, device=index, stream=_platform.stream(index)
        )
    except DriverError as error:
        raise KernelError(
            _("The kernel {name} was not launched: {error}.", name=name, error=error),
            _("a device without an error, of an earlier operation for example"),
            _("set {setting} to see whether the error stays", setting=f"{VARIABLE}=composed"),
        ) from error


def _works(index: int) -> bool:
    """Whether a card's kernels work; the first question tries them, and says so if they do not."""
    verdicts = _platform.verdicts
    if index not in verdicts:
        if _is_capturing(index):
            return False  # nobody may wait for the device now; another call may try
        verdicts[index] = reason = why_not(index)
        if reason is not None:
            warnings.warn(
                str(
                    _(
                        "paddleseg_losses: no kernels on GPU {index}: {reason}. Losses there are composed of Paddle's "
                        "operators, which is slower and takes more memory. Set {setting} if this is intended.",
                        index=index,
                        reason=reason,
                        setting=f"{VARIABLE}=composed",
                    )
                ),
                stacklevel=2,
            )
    return verdicts[index] is None


def _is_capturing(index: int) -> bool:
    if _platform.missing() is not None:
        return False
    try:
        return bool(_platform.driver().is_capturing(index, _platform.stream(index)))
    except (DriverError, AttributeError):  # as of the default stream, while another one is captured
        return True


def why_not(index: int) -> Text | None:
    """Why a card's kernels cannot be used, found out by trying them; None if they can."""
    from .self_test import disagreement  # the kernels' own wrappers launch by this module

    reason = _platform.missing()
    if reason is not None:
        return reason
    try:
        capability = _platform.driver().capability(index)
        if capability < driver_module.OLDEST:
            return _("its compute capability is {found}, and {oldest} is needed", found=_dotted(capability),
                     oldest=_dotted(driver_module.OLDEST))  # fmt: skip
        return disagreement(index)
    except KernelError as error:
        return error.found
    except _FAILURES as error:
        return str(error).strip().rpartition("\n")[-1]  # Paddle's traces end with what happened


def _dotted(capability: tuple[int, int]) -> str:
    return ".".join(map(str, capability))


def try_cards() -> None:
    """Find out of every card whether its kernels work."""
    for index in range(_platform.count()):
        if index not in _platform.verdicts:
            with _platform.on(index):
                _platform.verdicts[index] = why_not(index)


def known() -> Text:
    """What is known of kernels that nothing is known against."""
    tried = ", ".join(str(index) for index, reason in sorted(_platform.verdicts.items()) if reason is None)
    return _("tried on GPU {tried}", tried=tried) if tried else _("tried when a GPU is first used")


def status() -> Text | None:
    """Why there are no kernels on GPUs, for people; None if nothing is known against them. It tries no card."""
    known = [reason for reason in _platform.verdicts.values() if reason is not None]
    return _platform.missing() or (known[0] if known else None)

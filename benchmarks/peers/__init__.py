"""Implementations to measure, one module each. A module has a TABLE: name of a loss -> `Entry`.

A peer that cannot be imported is left out, and the report says why.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

from ..cases import Shape

OURS, COMPOSED, CALL = "ours", "composed", "F.cross_entropy"


def _always(shape: Shape) -> bool:
    return True


@dataclass(frozen=True)
class Entry:
    """How one implementation is called."""

    make: Callable[[Shape], Callable[..., Any]]  # a shape -> f(logits, labels), or f(mask) for the EDT
    takes: Callable[[Shape], bool] = _always
    ignores: bool = True  # else it is given labels without ignored pixels
    differs: str = ""  # what else keeps it from computing the same number


@dataclass(frozen=True)
class Peer:
    """Where an implementation is found, and in which process it runs: threads of one disturb another."""

    name: str
    framework: str  # ours, paddle, torch or host
    module: str
    packages: tuple[str, ...]  # distributions whose versions are reported

    def table(self) -> Mapping[str, Entry]:
        """Its losses; raises whatever keeps it from being imported."""
        table: Mapping[str, Entry] = importlib.import_module(f"{__name__}.{self.module}").TABLE
        return table


PEERS = {
    peer.name: peer
    for peer in (
        Peer(OURS, OURS, "ours", ("paddleseg-losses", "paddlepaddle", "numpy")),
        Peer(COMPOSED, "paddle", "composed", ()),
        Peer("paddle", "paddle", "paddle_primitives", ("paddlepaddle",)),
        Peer(CALL, "paddle", "cross_entropy_call", ()),
        Peer("PaddleSeg", "paddle", "paddleseg_own", ("paddleseg",)),
        Peer("torch", "torch", "torch_primitives", ("torch",)),
        Peer("MONAI", "torch", "monai_losses", ("monai",)),
        Peer("smp", "torch", "smp_losses", ("segmentation-models-pytorch",)),
        Peer("kornia", "torch", "kornia_losses", ("kornia",)),
        Peer("scipy", "host", "scipy_maps", ("scipy",)),
        Peer("cv2", "host", "cv2_maps", ("opencv-python",)),
        Peer("edt", "host", "edt_maps", ("edt",)),
    )
}


def multiclass(shape: Shape) -> bool:
    """Whether a shape is a problem of several classes."""
    return shape.mode == "multiclass"


def binary(shape: Shape) -> bool:
    """Whether a shape has one channel."""
    return shape.mode == "binary"


def planar(shape: Shape) -> bool:
    """Whether a shape has two spatial axes."""
    return len(shape.size) == 4

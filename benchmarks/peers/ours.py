"""This package as it is installed."""

from __future__ import annotations

from collections.abc import Mapping

from paddleseg_losses import registry
from paddleseg_losses.functional.edt import boundary_distance

from ..cases import EDT, INDEX, Shape, fits
from . import Entry


def _entry(spec: registry.LossSpec) -> Entry:
    def make(shape: Shape):
        return spec.cls(**spec.example, **({} if shape.labels == INDEX else {"mode": shape.mode}))

    return Entry(make, takes=lambda shape: fits(spec, shape))


TABLE: Mapping[str, Entry] = {
    **{spec.name: _entry(spec) for spec in registry.specs()},
    EDT: Entry(lambda shape: boundary_distance),
}

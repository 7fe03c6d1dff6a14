"""What a reader can move on the page of a loss: the pictures of every setting of its options, computed beforehand."""

from __future__ import annotations

import base64
import itertools
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddleseg_losses import drawing
from paddleseg_losses.drawing.curves import gaps
from paddleseg_losses.drawing.examples import LOGITS
from paddleseg_losses.options import options_of, own_options_of
from paddleseg_losses.registry import LossSpec, get, specs

from .computed import computed
from .language import read
from .sources import key

COARSE = LOGITS[::2]  # a curve of the pages has so many points
LEVELS = 127  # of a gradient map on either side of 0
DIGITS = 4
MOVED = 2  # options of a loss, unless chosen by hand
FINE = 5000  # a curve is kept in steps of this part of its height


@dataclass(frozen=True)
class Sliders:
    """The options of a loss that can be moved, each with its values."""

    spec: LossSpec
    options: dict[str, list[Any]]

    @property
    def settings(self) -> list[dict[str, Any]]:
        """Every combination; the last option changes fastest."""
        return [dict(zip(self.options, values)) for values in itertools.product(*self.options.values())]

    @property
    def defaults(self) -> list[int]:
        """For each option, which of its values is the default."""
        return [self._default(name, values) for name, values in self.options.items()]

    def _default(self, name: str, values: list[Any]) -> int:
        option = options_of(self.spec.cls)[name]
        defaults = [
            place for place, value in enumerate(values) if option.is_default(option.parse(value, self.spec.name))
        ]
        if len(defaults) != 1:
            raise SystemExit(f"docs/sliders.yml: {self.spec.name}: {name}: the default has to stand once in {values}")
        return defaults[0]

    @property
    def key(self) -> str:
        """Changes with what the data is made of: the code of the loss and of all it uses, and the values."""
        return key(self.spec.cls(**self.spec.example), json.dumps(self.options), also=(Path(__file__),))


def sliders() -> list[Sliders]:
    """Those of every loss, in the order of the registry."""
    unknown = set(read("sliders.yml")) - {spec.name for spec in specs()}
    if unknown:
        raise SystemExit(f"docs/sliders.yml: no such loss: {', '.join(sorted(unknown))}")
    return [sliders_of(spec) for spec in specs()]


def sliders_of(spec: LossSpec) -> Sliders:
    """Those that `docs/sliders.yml` chose, or else the first two of the loss's own numbers and words."""
    chosen = read("sliders.yml").get(spec.name)
    if chosen is None:
        moving = {name: o.examples for name, o in own_options_of(spec.cls).items() if len(o.examples) > 1}
        shown = [name for name, values in moving.items() if not isinstance(values[0], bool)]
        chosen = {name: list(moving[name]) for name in shown[:MOVED]}
    return Sliders(spec, chosen)


def measure(moved: Sliders) -> dict[str, Any]:
    """Everything that the pictures of a loss need."""
    scene = drawing.SCENE
    return {
        "name": moved.spec.name,
        "options": [{"name": name, "values": [_words(v) for v in values]} for name, values in moved.options.items()],
        "defaults": moved.defaults,
        "logits": _short(COARSE),
        "truth": ["".join(map(str, row)) for row in scene.truth],
        "prediction": _packed(np.rint(scene.probability * 255).astype("uint8")),
        "regions": list(scene.regions),
        "settings": [measured(moved.spec, setting) for setting in moved.settings],
    }


def measured(spec: LossSpec, setting: dict[str, Any]) -> dict[str, Any]:
    """What the pictures of one setting need."""
    loss = spec.cls(**{**spec.example, **setting})
    curve, gradient = drawing.curve_of(loss, COARSE), drawing.gradient_on(loss)
    most = float(np.abs(gradient.gradient).max())
    levels = np.rint(gradient.gradient / (most or 1.0) * LEVELS).astype("int8")
    return {
        "values": {side: _line(line) for side, line in curve.values.items()},
        "slopes": {side: _line(line) for side, line in curve.slopes.items()},
        "loss": _digits(gradient.value),
        "most": _digits(most),
        "shares": _short([gradient.share(region) for region in gradient.regions]),
        "gradient": _packed(levels),
    }


def _line(line: Any) -> dict[str, Any]:
    """The points of a curve, and before which of them it jumps."""
    height = float(np.ptp(line))
    points = np.round(line, math.ceil(-math.log10(height / FINE))).tolist() if height else _short(line)
    return {"points": points, "gaps": gaps(line).tolist()}


def write(folder: Path, cache: Path) -> None:
    """A script for each loss that hands its data to the page; `cache` keeps what was computed.

    A script, as a page that is opened from a disk may not read any other file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = computed(cache, {moved.spec.name: moved.key for moved in sliders()}, _text, "sliders")
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(f"window.explored = {text};\n", encoding="utf-8")


def _text(name: str) -> str:
    return json.dumps(measure(sliders_of(get(name))), separators=(",", ":"))


def _words(value: Any) -> str:
    """A value as YAML users write it."""
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value)


def _packed(array: Any) -> str:
    return base64.b64encode(array.tobytes()).decode()


def _short(line: Any) -> list[float]:
    return [_digits(number) for number in line]


def _digits(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")

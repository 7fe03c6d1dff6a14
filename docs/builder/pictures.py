"""The two pictures of each loss, and beside them the numbers they show, by which drift is noticed."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

from paddleseg_losses import drawing
from paddleseg_losses.drawing.examples import LOGITS
from paddleseg_losses.registry import LossSpec, get, specs

from .computed import computed
from .language import DOCS
from .sources import key

FOLDER = DOCS / "images" / "losses"
NUMBERS = FOLDER / "numbers.json"
KINDS = ("curve", "gradient")
EVERY = 10  # of the points of a curve, which of them are kept


def path_of(name: str, kind: str) -> Path:
    """Where a picture is."""
    return FOLDER / f"{name}_{kind}.png"


def measure(spec: LossSpec) -> dict[str, Any]:
    """What the pictures of a loss show, in five digits; of the curves, only the points that are kept are measured."""
    loss = spec.cls(**spec.example)
    curve, gradient = drawing.curve_of(loss, LOGITS[::EVERY]), drawing.gradient_on(loss)
    return {
        "values": {side: [_short(v) for v in line] for side, line in curve.values.items()},
        "slopes": {side: [_short(v) for v in line] for side, line in curve.slopes.items()},
        "pull": {region: _short(size) for region, size in gradient.regions.items()},
    }


def measured() -> dict[str, dict[str, Any]]:
    """The numbers of every loss, by running it."""
    return {spec.name: measure(spec) for spec in specs()}


def measured_or_kept() -> dict[str, dict[str, Any]]:
    """The same, running only those whose code has changed since they were run."""
    keys = {spec.name: key(spec.cls(**spec.example), also=(Path(__file__),)) for spec in specs()}
    texts = computed(DOCS.parent / "build" / "numbers", keys, _text, "numbers")
    return {name: json.loads(text) for name, text in texts.items()}


def _text(name: str) -> str:
    return json.dumps(measure(get(name)))


def stored() -> dict[str, dict[str, Any]]:
    """The numbers beside the pictures."""
    return json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}


def same(a: Any, b: Any) -> bool:
    """Whether numbers agree but for rounding."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, (dict, list)) or isinstance(b, (dict, list)) or b is None:
        return False
    return math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-9)


def signature(numbers: dict[str, Any]) -> str:
    """What a picture says in its metadata about the numbers it shows."""
    return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:16]


def shown(path: Path) -> str | None:
    """The signature in a picture; None if there is no picture."""
    from PIL import Image

    if not path.exists():
        return None
    with Image.open(path) as image:
        return str(image.info.get("Numbers"))


def drifted(now: dict[str, dict[str, Any]]) -> list[str]:
    """What of the pictures and their numbers is not of now."""
    then = stored()
    problems = [
        f"{name}: its numbers are not those of its pictures" for name in now if not same(now[name], then.get(name))
    ]
    problems += [f"{name}: no such loss any more" for name in then.keys() - now.keys()]
    for name in now.keys() & then.keys():
        paths = [path_of(name, kind) for kind in KINDS]
        problems += [f"{path.name} does not show its numbers" for path in paths if shown(path) != signature(then[name])]
    known = {path_of(name, kind) for name in now for kind in KINDS}
    return problems + [f"{path.name} belongs to no loss" for path in sorted(FOLDER.glob("*.png")) if path not in known]


def refresh(now: dict[str, dict[str, Any]], everything: bool) -> list[str]:
    """Draw what has drifted, or everything; the names of the losses drawn."""
    then = stored()
    kept = {name: then[name] if same(numbers, then.get(name)) else numbers for name, numbers in now.items()}
    for path in set(FOLDER.glob("*.png")) - {path_of(name, kind) for name in now for kind in KINDS}:
        path.unlink()
    drawn = []
    for spec in specs():
        sign = signature(kept[spec.name])
        if everything or any(shown(path_of(spec.name, kind)) != sign for kind in KINDS):
            losses = {spec.name: spec.cls(**spec.example)}
            drawing.save(drawing.curve(losses), path_of(spec.name, "curve"), sign)
            drawing.save(drawing.gradient_map(losses), path_of(spec.name, "gradient"), sign)
            drawn.append(spec.name)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in kept.items())
    NUMBERS.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    return drawn


def _short(number: float) -> float:
    return float(f"{number:.5g}")

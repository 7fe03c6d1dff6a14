"""`plot`: what a pixel costs under a loss, and its gradient on an example."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from .. import registry, safe_yaml
from ..errors import ConfigError
from ..i18n import _
from . import screen
from .command import argument, command, option


@command(
    brief="Draw losses, with any options.",
    example="paddleseg-losses plot FocalLoss gamma=2 FocalLoss gamma=5 DiceLoss --out pictures",
)
@argument("losses", nargs=-1, required=True, metavar="LOSSES...")
@option(
    "--out",
    type=click.Path(file_okay=False),
    default="pictures",
    show_default=True,
    help="Folder for the pictures.",
)
@option(
    "--picture",
    type=click.Choice(["both", "curve", "gradient"]),
    default="both",
    show_default=True,
    help="Which picture to draw.",
)
def plot(losses: tuple[str, ...], out: str, picture: str) -> None:
    """Draw the two pictures of a loss's page: value and slope as one pixel changes, and the gradient on an example.

    LOSSES are names, each followed by its options if any: TverskyLoss alpha=0.3 beta=0.7. Several losses share one
    picture. The values of options are read as YAML.
    """
    from .. import drawing

    by_label = build(losses)
    base = Path(out) / file_name(by_label)
    files, numbers = [], {}
    if picture != "gradient":
        curves = {name: drawing.curve_of(loss) for name, loss in by_label.items()}
        files.append(drawing.save(drawing.curve(by_label, curves), f"{base}_curve.png"))
        numbers["curves"] = {name: _curve(curve) for name, curve in curves.items()}
    if picture != "curve":
        gradients = {name: drawing.gradient_on(loss) for name, loss in by_label.items()}
        files.append(drawing.save(drawing.gradient_map(by_label, gradients=gradients), f"{base}_gradient.png"))
        numbers["gradients"] = {name: {"value": each.value, **each.regions} for name, each in gradients.items()}
    if screen.wants_json():
        screen.print_json({"files": [str(file) for file in files], **numbers})
    else:
        for file in files:
            screen.print(screen.text(str(file)))


def build(words: Iterable[str]) -> dict[str, Any]:
    """Losses by what to call them, from names and the `option=value` behind each."""
    given: list[list[str]] = []
    for word in words:
        if "=" not in word.split("[")[0].split("{")[0]:
            given.append([word])
        elif given:
            given[-1].append(word)
        else:
            raise click.BadArgumentUsage(
                str(_("{word} has no loss before it: start with the name of a loss.", word=word))
            )
    losses: dict[str, Any] = {}
    for name, *options in given:
        spec = registry.get(name)
        label = " ".join([spec.name, *options])
        losses[label] = spec.cls(**dict(_option(word) for word in options))
    return losses


def _option(word: str) -> tuple[str, Any]:
    name, _sign, value = word.partition("=")
    try:
        return name, safe_yaml.parse(value, word)
    except ConfigError:
        return name, value  # the loss says what it expects instead


def file_name(labels: Iterable[str]) -> str:
    """The losses and their options, so that other options are another file; long names end with a digest."""
    joined = "-".join(labels)
    name = re.sub(r"[^\w.=+-]+", "_", joined)
    return name if len(name) <= 100 else f"{name[:80]}-{hashlib.sha256(joined.encode()).hexdigest()[:8]}"


def _curve(curve: Any) -> dict[str, Any]:
    return {
        "logits": curve.logits.tolist(),
        "values": {side: values.tolist() for side, values in curve.values.items()},
        "slopes": {side: slopes.tolist() for side, slopes in curve.slopes.items()},
    }

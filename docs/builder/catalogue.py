"""The files of the package from which `list` and `show` are told without importing Paddle."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from paddleseg_losses import registry
from paddleseg_losses.describe import Description, describe
from paddleseg_losses.i18n import Message, _, languages, speaking
from paddleseg_losses.options import REQUIRED
from paddleseg_losses.paddleseg.checking.names import BUILT_IN

from .advice import ranking, reason
from .language import DOCS, read
from .traffic import memory

WORDS = "choose/words.yml"
FOLDER = DOCS.parent / "paddleseg_losses" / "catalogue"


def catalogues() -> dict[Path, str]:
    """The text of each file."""
    texts = {}
    for code in languages():
        with speaking(code):
            content = {"losses": [_loss(describe(spec)) for spec in registry.specs()], "symptoms": _symptoms(code)}
            texts[FOLDER / f"{code}.json"] = json.dumps(_plain(content), ensure_ascii=False, indent=1) + "\n"
    return {**texts, FOLDER / "memory.json": json.dumps(memory(), indent=1) + "\n"}


def _symptoms(code: str) -> dict[str, Any]:
    words = {key: [word.strip() for word in text.split(",")] for key, text in read(WORDS).items()}
    return {
        key: {
            "title": registry.SYMPTOMS[key],
            "losses": {name: reason(key, name, code) for name in names},
            "words": words.get(key, []),
        }
        for key, names in ranking().items()
    }


def _loss(description: Description) -> dict[str, Any]:
    spec, sections = description.spec, description.sections
    taken = spec.name in BUILT_IN
    return {
        "name": spec.name,
        "family": spec.family,
        "title": spec.title,
        "purpose": spec.purpose,
        "paddleseg_name": registry.PREFIX + spec.name if taken else spec.name,  # the shortest `type:` that means ours
        "paddleseg_has_the_name": taken,
        "suits": spec.suits,
        "modes": spec.modes,
        "range": spec.range,
        "paper": {"title": spec.paper, "link": spec.link, "equation": description.equation},
        "options": [
            {"name": option.name, "required": option.default is REQUIRED, "meaning": option.meaning}
            | {"values": option.values}
            | ({} if option.default is REQUIRED else {"default": option.default})
            for option in description.options
        ],
        "summary": sections["Summary"],
        "formula": sections["Formula"],
        "when": _("For: {good}\nAgainst: {bad}", good=sections["For"], bad=sections["Against"]),
        "shape": "\n".join(f"{name}: {shape}" for name, shape in description.shapes.items()),
        **{title.lower(): sections[title] for title in ("Reference", "Differences", "YAML")},
    }


def _plain(value: Any) -> Any:
    """As JSON holds it: texts in the language of the moment, no infinity."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Message):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value

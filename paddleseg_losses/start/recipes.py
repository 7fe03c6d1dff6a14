"""A loss, a model and sizes that suit what was seen in the masks; the choice of a loss is that of the chooser."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import catalogue
from ..datasets import MaskStatistics, Symptom
from ..i18n import Text, _
from ..registry import PREFIX, SYMPTOMS, get

FIRST, SEVERAL = "first-attempt", 8  # classes from which on cross entropy is the first attempt
_NARROW = 12  # pixels: what is thinner needs a model that keeps the resolution
_CROP, _STEP = 512, 32  # the largest crop; models halve the sides five times
_MANY = 8  # crops in an image: more are predicted one by one, as all at once would take much memory
_PASSES, _FEWEST, _MOST = 100, 500, 80_000  # over the images; iterations
MODELS = ("pp_liteseg", "unet", "segformer_b0")


@dataclass(frozen=True)
class Recipe:
    """What a configuration is made of, and why."""

    symptom: str
    loss: dict[str, Any]  # an entry of `types`
    why_loss: Text
    model: str  # one of MODELS
    why_model: Text
    crop: tuple[int, int]  # width and height
    batch_size: int
    iters: int
    windows: bool = False  # whether images are predicted window by window

    @property
    def loss_names(self) -> list[str]:
        """The losses without their prefix."""
        inner = self.loss.get("losses", [self.loss])
        return [str(each["type"]).removeprefix(PREFIX) for each in inner]


def recommend(
    shown: Sequence[Symptom], statistics: MaskStatistics, images: int, classes: int, model: str | None = None
) -> Recipe:
    """Choose.

    Args:
        shown: symptoms, the most telling first.
        statistics: of the masks.
        images: to train on.
        classes: of the model.
        model: one of MODELS, where a user has said it.
    """
    symptom = shown[0] if shown else None
    name = symptom.name if symptom else FIRST
    why: Text = SYMPTOMS[name] if symptom is None else _("{symptom}: {evidence}", symptom=SYMPTOMS[name],
                                                        evidence=symptom.evidence)  # fmt: skip
    chosen, why_model = _model(name, statistics)
    if model is not None:
        chosen, why_model = model, _("as --model says")
    batch = min(4, images)
    iters = min(max(_PASSES * images // batch, _FEWEST), _MOST)
    crop = (_side(statistics.size[1]), _side(statistics.size[0]))
    windows = math.prod(statistics.size) > _MANY * math.prod(crop)
    return Recipe(name, _loss(name, statistics, classes), why, chosen, why_model, crop, batch, iters, windows)


def _loss(symptom: str, statistics: MaskStatistics, classes: int) -> dict[str, Any]:
    if symptom == "thin-structures":
        widths = [each.width for label, each in statistics.classes.items() if label]
        iters = min(max(math.ceil(max(widths) / 2), 3), 10)
        center = {"type": f"{PREFIX}SoftCLDiceLoss", "iters": iters}
        return {"type": "WeightedSumLoss", "losses": [{"type": f"{PREFIX}DiceLoss"}, center], "coef": [0.5, 0.5]}
    if symptom == FIRST and classes >= SEVERAL:
        return {"type": f"{PREFIX}CrossEntropyLoss"}
    return {"type": PREFIX + catalogue.losses(symptom=symptom)[0]["name"]}  # the chooser's first


def _model(symptom: str, statistics: MaskStatistics) -> tuple[str, Text]:
    widths = [each.width for label, each in statistics.classes.items() if label]
    if symptom in ("thin-structures", "small-objects") and min(widths) < _NARROW:
        return "unet", _("it keeps the resolution of the image, as narrow shapes need")
    return "pp_liteseg", _("it is fast, and good enough to begin with")


def _side(pixels: int) -> int:
    """A side of the crop: a multiple of 32, not above that of the image."""
    return min(max(pixels // _STEP * _STEP, _STEP), _CROP)


def purposes(recipe: Recipe) -> list[Text]:
    """What each loss is good for, in the words of the registry."""
    return [_("{name}: {purpose}", name=name, purpose=get(name).purpose) for name in recipe.loss_names]

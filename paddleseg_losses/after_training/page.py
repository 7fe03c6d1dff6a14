"""The folder of an evaluation: a table for people and one for programs, pictures, and a page of it all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import pages
from ..i18n import Text, _, in_context
from ..paddleseg.inference import Inference
from ..paddleseg.restoring import Restored
from ..scoring import TITLES
from .evaluation import CONVENTIONS, Evaluation
from .pictures import ERRORS, Picture, choose, classes_of, draw


def tables_of(evaluation: Evaluation) -> list[tuple[Text, list[Text], list[list[Text]]]]:
    """Two tables, each a title, a head and rows: the means over images, and what is counted over all pixels."""
    by_image, over_all = list(evaluation.by_image), list(evaluation.pooled)
    rows = list(evaluation.rows())
    means = [[name, *_cells(means, by_image), "" if images is None else str(images)]
             for name, means, _pooled, images in rows]  # fmt: skip
    pooled = [[name, *_cells(pooled, over_all)] for name, _means, pooled, _images in rows]
    return [
        (
            _("Mean over images"),
            [_("class"), *(TITLES[name] for name in by_image), in_context("how many", "images")],
            means,
        ),
        (_("Pooled"), [_("class"), *(TITLES[name] for name in over_all)], pooled),
    ]


def _cells(numbers: dict[str, float], names: list[str]) -> list[Text]:
    return [pages.number(numbers[name], 2 if name == "hd95" else 4) for name in names]


def write_evaluation(
    folder: Path, restored: Restored, dataset: Any, how: Inference, evaluation: Evaluation, each: int = 4
) -> list[Picture]:
    """Write `images.csv`, `scores.json`, `pictures/` and `index.html`.

    Args:
        folder: to write to.
        restored: the model.
        dataset: that it was evaluated on.
        how: it predicts.
        evaluation: what came out.
        each: how many of the best and of the worst images are drawn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    evaluation.write_csv(folder / "images.csv")
    facts = {"config": str(restored.config), "model_path": str(restored.weights), **evaluation.as_dict()}
    (folder / "scores.json").write_text(as_json(facts), encoding="utf-8")
    chosen = choose(evaluation.ranking, each)
    pictures = draw(folder / "pictures", restored.model, dataset, how, chosen, evaluation.dice)
    parts = _parts(restored, dataset, how, evaluation, pictures)
    (folder / "index.html").write_text(pages.page(_("Evaluation"), parts), encoding="utf-8")
    return pictures


def as_json(facts: dict[str, Any]) -> str:
    """JSON in which what is not defined is null."""
    return json.dumps(_without_nan(facts), ensure_ascii=False, indent=1) + "\n"


def strips(pictures: list[tuple[Path, Text]], classes: list[tuple[Text, Any]]) -> Iterator[str]:
    """Strips below each other, and what their panels and colours mean."""
    yield pages.heading(_("Best and worst images"))
    yield pages.paragraph(_("From left to right: image, labels, prediction, errors. The background is not coloured."))
    if classes:
        yield pages.key(_("Classes:"), classes)
    yield pages.key(_("Errors:"), ERRORS)
    for file, caption in pictures:
        yield pages.figure(file, caption)


def _parts(
    restored: Restored, dataset: Any, how: Inference, evaluation: Evaluation, pictures: list[Picture]
) -> Iterator[str]:
    yield pages.paragraph(
        _("{weights} with {config}, {images} images", weights=restored.weights, config=restored.config,
          images=len(evaluation.images))
    )  # fmt: skip
    for title, head, rows in tables_of(evaluation):
        yield pages.heading(title)
        yield pages.table(head, rows)
    for text in CONVENTIONS:
        yield pages.paragraph(text)
    if pictures:
        yield from strips([(each.file, each.caption) for each in pictures], classes_of(dataset, how))


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if value != value else value

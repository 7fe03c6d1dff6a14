"""What partial labels cost, and what label sets save of it: kept trainings as a table."""

from __future__ import annotations

import csv
import statistics

from paddleseg_losses.experiment.tables import TITLES, grid
from paddleseg_losses.i18n import _

from .language import DOCS, Language

KEPT = DOCS / "evidence" / "partial.csv"
TREATMENTS = {
    "full": _("every slice annotated completely"),
    "label_sets": _("half of the regions annotated, `label_sets` for the rest"),
    "ignored": _("half annotated, the rest ignored"),
    "background": _("half annotated, the rest called background"),
}
_METRICS = ("dice", "sensitivity", "specificity")


def partial_labels(t: Language) -> str:
    """The table, with a row for each treatment of what is not annotated."""
    with KEPT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    head = [t("labels"), *(t.of(TITLES[metric]) for metric in _METRICS), t("trainings")]
    lines = []
    for task, words in TREATMENTS.items():
        here = [row for row in rows if row["task"] == task]
        scores = ([float(row[metric]) for row in here] for metric in _METRICS)
        lines.append([t.of(words), *map(_with_deviation, scores), len(here)])
    return grid(head, lines)


def _with_deviation(numbers: list[float]) -> str:
    """Their mean, and the standard deviation of several."""
    deviation = f" ± {statistics.stdev(numbers):.3f}" if len(numbers) > 1 else ""
    return f"{statistics.fmean(numbers):.3f}{deviation}"

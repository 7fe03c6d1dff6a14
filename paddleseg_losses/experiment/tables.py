"""Results as tables: Markdown for people, LaTeX for papers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..i18n import Text, _, plural
from ..pages import grid
from ..scoring import METRICS, TITLES
from .results import Line, TaskResults
from .statistics import Interval


def markdown(results: Iterable[TaskResults]) -> str:
    """Everything, task by task."""
    return "\n\n".join(part for each in results for part in _of_task(each)) + "\n"


def latex(results: Iterable[TaskResults]) -> str:
    """The main table of each task, for `booktabs`."""
    return "\n\n".join(_latex(each) for each in results) + "\n"


def _of_task(task: TaskResults) -> Iterable[str]:
    yield f"## {task.name}"
    yield " ".join(
        str(text)
        for text in (
            plural("{count} image is scored;", "{count} images are scored;", task.images),
            plural("{count} seed;", "{count} seeds;", task.seeds),
            _("mean ± standard deviation over the seeds, mean over images and classes without the background."),
            _("Difference and rank: 95% intervals of a bootstrap over seeds and images, beside {control}.",
              control=task.control),
        )
    )  # fmt: skip
    yield grid(_head(task), (_row(line) for line in task.own))
    if task.common:
        yield str(_("With one learning rate for all, {rate:g}, the best of {control}:",
                    rate=task.common_rate, control=task.control))  # fmt: skip
        yield grid(_head(task), (_row(line) for line in task.common))
    if len(task.class_names) > 2:
        yield str(_("Dice of each class:"))
        yield grid(
            [_("loss"), *task.class_names],
            ([line.loss, *map(_plain, line.classes)] for line in task.own if line.classes),
        )


def _head(task: TaskResults) -> list[Text]:
    titles = [TITLES[name] for name in METRICS]
    return [_("loss"), _("learning rate"), *titles, _("Dice - {control}", control=task.control), _("rank"), _("failed")]


def _row(line: Line) -> list[Text]:
    beside = line.comparison
    return [
        line.loss,
        f"{line.rate:g}",
        *(_spread(*line.scores[name], digits=2 if name == "hd95" else 3) for name in METRICS),
        f"{beside.difference:+.3f} {_interval(beside.difference_interval, '+.3f')}" if beside else "-",
        _interval(beside.rank_interval, ".0f") if beside else "-",
        line.failures,
    ]


def _spread(mean: float, deviation: float, digits: int) -> str:
    if math.isnan(mean):
        return "-"
    return f"{mean:.{digits}f}" + ("" if math.isnan(deviation) else f" ± {deviation:.{digits}f}")


def _interval(interval: Interval, style: str) -> str:
    return f"[{interval.low:{style}}, {interval.high:{style}}]"


def _plain(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _latex(task: TaskResults) -> str:
    head, rows = _head(task), [_row(line) for line in task.own]
    body = [" & ".join(_escape(cell) for cell in row) + r" \\" for row in (head, *rows)]
    return "\n".join(
        [
            rf"% {task.name}",
            rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
            r"\toprule",
            body[0],
            r"\midrule",
            *body[1:],
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def _escape(cell: Any) -> str:
    text = str(cell)
    for mark in "&%_#":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("±", r"$\pm$")

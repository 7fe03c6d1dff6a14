"""The folder of the report: tables, pictures, and a page of both that opens without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .. import pages
from ..drawing import comparisons as pictures
from ..i18n import Text, _
from ..scoring import mean
from .ledger import Ledger
from .results import TaskResults, costs
from .study import Study
from .tables import latex, markdown


def write_report(study: Study, ledger: Ledger) -> Path:
    """Write all that the finished runs say. Only `costs.md` differs from one machine to another."""
    folder = ledger.folder / "report"
    folder.mkdir(exist_ok=True)
    results = [TaskResults(study, ledger, task) for task in study.tasks]
    table = markdown(results)
    (folder / "table.md").write_text(table, encoding="utf-8")
    (folder / "table.tex").write_text(latex(results), encoding="utf-8")
    cost = "\n\n".join(_costs(study, ledger)) + "\n"
    (folder / "costs.md").write_text(cost, encoding="utf-8")
    drawn = list(_pictures(folder, results, ledger))
    (folder / "index.html").write_text(_page(table, cost, drawn), encoding="utf-8")
    return folder


def _costs(study: Study, ledger: Ledger) -> Iterator[str]:
    for task in study.tasks:
        rows = [[loss, f"{step:.1f}", f"{memory:.0f}"] for loss, step, memory in costs(study, ledger, task)]
        yield f"## {task.name}\n\n" + pages.grid([_("loss"), _("step, ms"), _("peak memory, MB")], rows)


def _pictures(folder: Path, results: list[TaskResults], ledger: Ledger) -> Iterator[tuple[Text, Path]]:
    for each in results:
        scored = {line.loss: mean(line.dice, axis=0) for line in each.own if line.dice is not None}
        if not scored:
            continue
        ranks = {line.loss: line.comparison.rank_interval for line in each.own if line.comparison}
        intervals = {loss: (rank.low, rank.high) for loss, rank in ranks.items()}
        yield (
            _("{task}: Dice of the images, for each loss", task=each.name),
            pictures.draw_boxes(folder / f"{each.name}-images.png", scored),
        )
        yield (
            _("{task}: rank of each loss with its 95% interval", task=each.name),
            pictures.draw_ranks(folder / f"{each.name}-ranks.png", intervals),
        )
        shown = dict.fromkeys((*list(scored)[:3], each.control, *list(scored)[-2:]))
        first = {loss: each.runs(loss, each.rates[loss])[0] for loss in shown}
        kept = {loss: ledger.counts(run) for loss, run in first.items() if ledger.counts_file(run).is_file()}
        predictions = {loss: counts for loss, counts in kept.items() if any(map(_is_prediction, counts))}
        images = ledger.images(each.name)
        if images and predictions:
            words = _("{task}: images on which the losses differ most, and their predictions", task=each.name)
            yield words, pictures.draw_predictions(folder / f"{each.name}-predictions.png", images, predictions)
    for curve in dict.fromkeys(each.task.curve for each in results if each.task.curve):
        steps = [each for each in results if each.task.curve == curve and each.task.at is not None]
        points: dict[str, list[tuple[float, float, float]]] = {}
        for step in sorted(steps, key=lambda each: each.task.at or 0):
            for line in step.own:
                points.setdefault(line.loss, []).append((float(step.task.at or 0), *line.scores["dice"]))
        yield _("Dice along {dial}", dial=curve), pictures.draw_curves(folder / f"curve-{curve}.png", points, curve)


def _is_prediction(name: str) -> bool:
    """Of an array in a run's counts; runs that were laid out again from an archive have none."""
    return name.startswith("prediction_")


def _page(table: str, cost: str, drawn: list[tuple[Text, Path]]) -> str:
    scores, costs = map(pages.from_markdown, (table, cost))
    return pages.page(_("Comparison of losses"), [scores, *(pages.figure(path, title) for title, path in drawn), costs])

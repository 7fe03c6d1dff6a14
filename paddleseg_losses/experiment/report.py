"""The folder of the report: tables, pictures, and a page of both that opens without a server."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator
from pathlib import Path

from ..drawing import comparisons as pictures
from ..errors import MissingDependencyError
from ..i18n import Message, Text, _
from .ledger import Ledger
from .results import TaskResults, costs
from .scoring import mean
from .study import Study
from .tables import grid, latex, markdown

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #22252b }
table { border-collapse: collapse; font-size: 13px; display: block; overflow-x: auto }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #d9dce1; white-space: nowrap }
img { max-width: 100% }
@media (prefers-color-scheme: dark) { body { background: #15171c; color: #e4e6ea } img { background: #fff } }
"""


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
        yield f"## {task.name}\n\n" + grid([_("loss"), _("step, ms"), _("peak memory, MB")], rows)


def _pictures(folder: Path, results: list[TaskResults], ledger: Ledger) -> Iterator[tuple[Text, Path]]:
    for each in results:
        scored = {line.loss: mean(line.dice, axis=0) for line in each.own if line.dice is not None}
        if not scored:
            continue
        title = Message(each.name)
        ranks = {line.loss: line.comparison.rank_interval for line in each.own if line.comparison}
        intervals = {loss: (rank.low, rank.high) for loss, rank in ranks.items()}
        yield title, pictures.draw_boxes(folder / f"{each.name}-images.png", scored)
        yield title, pictures.draw_ranks(folder / f"{each.name}-ranks.png", intervals)
        shown = dict.fromkeys((*list(scored)[:3], each.control, *list(scored)[-2:]))
        first = {loss: each.runs(loss, each.rates[loss])[0] for loss in shown}
        predictions = {loss: ledger.counts(run) for loss, run in first.items() if ledger.counts_file(run).is_file()}
        images = ledger.images(each.name)
        if images and predictions:
            yield title, pictures.draw_predictions(folder / f"{each.name}-predictions.png", images, predictions)
    for curve in dict.fromkeys(each.task.curve for each in results if each.task.curve):
        steps = [each for each in results if each.task.curve == curve and each.task.at is not None]
        points: dict[str, list[tuple[float, float, float]]] = {}
        for step in sorted(steps, key=lambda each: each.task.at or 0):
            for line in step.own:
                points.setdefault(line.loss, []).append((float(step.task.at or 0), *line.scores["dice"]))
        yield Message(curve), pictures.draw_curves(folder / f"curve-{curve}.png", points, curve)


def _page(table: str, cost: str, drawn: list[tuple[Text, Path]]) -> str:
    try:
        from markdown import markdown as render
    except ImportError as error:
        raise MissingDependencyError(
            _("{package} cannot be imported ({error}).", package="Markdown", error=error),
            _("Markdown, for the page of the results"),
            'pip install "paddleseg-losses[compare]"',
        ) from error
    images = "\n".join(
        f'<figure><img alt="{html.escape(path.stem)}" src="data:image/png;base64,'
        f'{base64.b64encode(path.read_bytes()).decode()}"><figcaption>{html.escape(str(title))}</figcaption></figure>'
        for title, path in drawn
    )
    parts = [render(text, extensions=["tables"]) for text in (table, cost)]
    title = html.escape(str(_("Comparison of losses")))
    return (
        f'<!doctype html>\n<html><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>\n'
        f"<body><h1>{title}</h1>\n{parts[0]}\n{images}\n{parts[1]}\n</body></html>\n"
    )

"""A page about one training, from its record: it opens without a server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from .. import pages
from ..drawing.progress import Panel, draw_panels
from ..i18n import Message, Text, _, plural
from ..paddleseg.record import END, EVALUATION, PICTURE, SCORES, START, STEP, STOPPED, Event, read_record
from ..paddleseg.resuming import write_text
from .page import strips
from .pictures import caption

PAGE = "report.html"


def write_report(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Write `report.html` into the folder of a training; gives the file, and its figures.

    Raises:
        ConfigError: there is no record.
    """
    events = read_record(folder)
    text = pages.page(_("Training {folder}", folder=folder.resolve().name), _parts(folder, events))
    write_text(folder / PAGE, text)
    return folder / PAGE, summary(events)


def summary(events: list[Event]) -> dict[str, Any]:
    """The figures, for scripts."""
    first, steps, scores = events[0], _of(events, STEP), _of(events, SCORES)
    return {
        "config": first.get("config"),
        "loss": first.get("loss"),
        "seed": first.get("seed"),
        "commit": first.get("commit"),
        "iteration": _reached(events),
        "iterations": _of(events, START)[-1].get("iterations"),
        "finished": bool(_of(events, END)),
        "interruptions": len(_of(events, START)) - 1,
        "last_loss": steps[-1].get("loss") if steps else None,
        "best_mean_iou": max((each["mean_iou"] for each in _of(events, EVALUATION)), default=None),
        "scores": {key: value for key, value in scores[-1].items() if key not in ("event", "time")} if scores else None,
    }


def _parts(folder: Path, events: list[Event]) -> Iterator[str]:
    last = _of(events, START)[-1]
    yield pages.table((), _facts(events, last))
    for scores in _of(events, SCORES)[-1:]:
        yield pages.heading(_("Scores on {images} validation images", images=scores["images"]))
        yield _scores(scores)
    panels = list(_panels(events))
    if panels:
        yield pages.heading(_("Curves"))
        yield f"<figure>{draw_panels(panels)}</figure>"
    shown = [each for each in _of(events, PICTURE) if (folder / each["file"]).is_file()]
    if shown:
        key = [(_class_name(name), color) for name, color in shown[0].get("key") or []]
        yield from strips(
            [(folder / each["file"], caption(each["rank"], each["image"], each["dice"])) for each in shown],
            key,
        )
    if last.get("config"):
        yield pages.folded(_("Configuration"), pages.code(_yaml(last["config"])))


def _reached(events: list[Event]) -> int:
    """The iteration that a training has come to; not all of them are in the record."""
    noted = max((each["iteration"] for each in events if "iteration" in each), default=0)
    return max(noted, _of(events, START)[-1].get("iterations") or 0) if _of(events, END) else noted


def _facts(events: list[Event], last: Event) -> Iterator[list[Text]]:
    first = events[0]
    state = _("finished") if _of(events, END) else _("not finished")
    yield [_("state"), _("{state}, iteration {reached} of {iterations}", state=state, reached=_reached(events),
                         iterations=last.get("iterations"))]  # fmt: skip
    yield [_("begun"), _cell(first.get("time"))]
    yield [_("last entry"), _cell(events[-1].get("time"))]
    for each in _of(events, STOPPED):
        yield [_("stopped"), _("after iteration {iteration}: {reason}", iteration=each["iteration"],
                               reason=_cell(each.get("reason")))]  # fmt: skip
    resumed = len(_of(events, START)) - 1
    if resumed:
        yield [_("resumed"), plural("{count} time", "{count} times", resumed)]
    titles: dict[str, Text] = {
        "model": _("model"), "loss": _("loss"), "images": _("training images"), "seed": _("seed"),
        "device": _("device"), "command": _("command"), "commit": _("commit of the configuration's folder"),
        "platform": _("platform"),
    }  # fmt: skip
    yield from ([title, _cell(last[key])] for key, title in titles.items() if last.get(key) is not None)
    versions: dict[str, str] = last.get("versions") or {}
    yield [_("versions"), ", ".join(f"{name} {version}" for name, version in versions.items())]


def _scores(scores: Event) -> str:
    rows: list[list[Text]] = [
        [_class_name(each["name"]), pages.number(each["dice"], 4), pages.number(each["iou"], 4)]
        for each in scores["classes"]
    ]
    mean: list[Text] = [_("mean"), pages.number(scores["mean_dice"], 4), pages.number(scores["mean_iou"], 4)]
    return pages.table([_("class"), "Dice", "IoU"], [*rows, mean])


def _class_name(name: str) -> Text:
    """A name that the record has in English, unless it is the user's own."""
    number = re.fullmatch(r"class (\d+)", name)
    if number:
        return _("class {index}", index=int(number[1]))
    return Message(name) if name in ("background", "foreground") else name


def _panels(events: list[Event]) -> Iterator[Panel]:
    """The loss, its terms, and what the evaluations found."""
    steps, evaluations = _of(events, STEP), _of(events, EVALUATION)
    if steps:
        yield Panel(_("training loss"), {"loss": [(each["iteration"], each.get("loss")) for each in steps]})
    terms = _terms([(each["iteration"], term) for each in steps for term in each.get("terms") or []])
    if terms:
        yield Panel(_("terms before their weights"), terms)
    scores = {name: [(each["iteration"], each["mean_iou"]) for each in evaluations if each["ema"] == ema]
              for name, ema in (("mIoU", False), ("mIoU (EMA)", True))}  # fmt: skip
    if evaluations:
        measured = {name: points for name, points in scores.items() if points}
        yield Panel(_("mIoU on the validation images"), measured, points=True)


def _terms(seen: list[tuple[int, dict[str, Any]]]) -> dict[str, list[tuple[int, float | None]]]:
    """The curve of every term, named after its weight too if that stays the same."""
    weights: dict[tuple[int, str], set[float]] = {}
    for _iteration, term in seen:
        weights.setdefault((term["head"], term["name"]), set()).add(term["weight"])
    several = len({head for head, _name in weights}) > 1
    curves: dict[str, list[tuple[int, float | None]]] = {}
    for iteration, term in seen:
        steady = len(weights[term["head"], term["name"]]) == 1
        name = term["name"] + (f" × {term['weight']:.3g}" if steady else "")
        if several:
            name = str(_("head {head}: {name}", head=term["head"], name=name))
        curves.setdefault(name, []).append((iteration, term["value"]))
    return curves


def _of(events: list[Event], kind: str) -> list[Event]:
    return [each for each in events if each["event"] == kind]


def _cell(value: object) -> str:
    return "-" if value is None else " ".join(str(value).split())


def _yaml(config: Any) -> str:
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)

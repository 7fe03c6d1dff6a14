"""The documents that a run writes, docs/benchmarks.md and its Chinese twin: same figures, same order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paddleseg_losses.i18n import Text, _, in_context, speaking

from .cases import INDEX, ONE_HOT, SHAPES, SOFT
from .peers import OURS, PEERS

LANGUAGES = {"en": "benchmarks.md", "zh": "benchmarks_cn.md"}
LONG = 12  # rows of a table; a longer one is folded
MARKS = {True: "✓", False: "✗", None: "–"}

TEXTS = {
    "title": _("# Benchmarks"),
    "made": _(
        "Written by `make bench`; every number below was measured in one run, under these conditions. Do not compare "
        "them with numbers of another machine or day: compare the columns."
    ),
    "partial": _("**A part of the benchmark only.**"),
    "versions": _("versions:"),
    "missing": _("Left out, as it could not be imported:"),
    "asked": _("## What is asked, and what was found"),
    "asked_head": _("| | asked | loss | where | found |"),
    "count": _("{met} met, {missed} not met, {none} without a peer to compare with."),
    "times": _("## Forward and backward"),
    "times_text": _(
        "Medians in milliseconds. Implementations take turns in processes of their own, with the same number of "
        "threads (ours in its kernels, while Paddle's operators keep the one thread that is its default); whoever does "
        "not measure is stopped. *Fastest peer*: how many times faster ours is. *Roofline*: how "
        "many times longer than it takes to read logits and labels twice and write the gradient once, at the bandwidth "
        "of a triad measured beside it. *Memory*: peak extra memory of one step in a forked process, the gradient "
        "included. `composed` is this package without its kernels, `paddle` and `torch` what one writes by hand with "
        "their own functions. † no `ignore_index`: given labels without ignored pixels. ‡ computes something a little "
        "different (see `differs` in results.json)."
    ),
    "times_head": _("loss|{peers}|fastest peer|roofline|memory, MiB|relative to Dice"),
    "growth": _("## Growth"),
    "growth_text": _(
        "Ours, in nanoseconds per pixel (C = 2) as the image grows, and per pixel and class (512²) as the classes do."
    ),
    "threads": _("## Threads"),
    "threads_head": _("| loss | shape | 1 thread, ms | {n} threads, ms | ratio |"),
    "labels": _("## Forms of labels"),
    "labels_text": _(
        "Ours, forward and backward in milliseconds: the same labels as class indices, as one-hot labels (int64) and "
        "as soft targets (float32), with 5 % of the pixels ignored."
    ),
    "labels_head": _("| loss | size | indices | one-hot | soft | one-hot, ratio | soft, ratio |"),
    "accuracy": _("## Accuracy"),
    "accuracy_text": _(
        "float32 against float64 on the same numbers: relative error of the value (of the sums: the largest), and "
        "largest error of the gradient relative to its largest entry. *Composed*: that of Paddle's operators."
    ),
    "accuracy_head": _("| loss | size | value | gradient | composed |"),
}
FACTS = {
    "date": _("date"),
    "processor": _("processor"),
    "processors": _("processors"),
    "load_before": _("load before the run"),
    "system": _("system"),
    "python": _("Python"),
    "threads": _("threads of every implementation"),
    "kernels": _("kernels"),
    "minutes": _("minutes"),
}


def document(results: dict[str, Any], rows: list[dict[str, Any]], language: str) -> str:
    """The whole page."""
    with speaking(language):
        return _document(results, rows, language)


def _document(results: dict[str, Any], rows: list[dict[str, Any]], language: str) -> str:
    say = {name: str(text) for name, text in TEXTS.items()}
    parts = [say["title"], _others(language), say["made"], _conditions(results["conditions"], say)]
    parts += _asked(results["verdicts"], say)
    if rows:
        parts += [say["times"], say["times_text"], *_times(rows, say)]
    if results.get("growth"):
        parts += [say["growth"], say["growth_text"], *_growth(results["growth"])]
    if results.get("threads"):
        parts += [say["threads"], _threads(results["threads"], say)]
    if results.get("labels"):
        parts += [say["labels"], say["labels_text"], _labels(results["labels"], say)]
    if results.get("accuracy"):
        parts += [say["accuracy"], say["accuracy_text"], _accuracy(results["accuracy"], say)]
    return "\n\n".join(part for part in parts if part) + "\n"


def english(text: Text) -> str:
    """A text as it is sorted, the same in every language."""
    with speaking("en"):
        return str(text)


def number(x: float | None) -> str:
    """Three figures that mean something."""
    if x is None:
        return ""
    return f"{x:.0f}" if abs(x) >= 100 else f"{x:.1f}" if abs(x) >= 10 else f"{x:.3g}"


def _table(head: str, rows: Iterable[Iterable[str]]) -> str:
    """A table; a long one is folded, on GitHub as on the site."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    table = "\n".join([head, "|" + "---|" * (head.count("|") - 1), *lines])
    if len(lines) <= LONG:
        return table
    summary = _("Show all {count} rows", count=len(lines))
    return f'<details markdown="1">\n<summary>{summary}</summary>\n\n{table}\n\n</details>'


def _others(language: str) -> str:
    """Links to the document in the other languages."""
    links = []
    for other in LANGUAGES:
        with speaking(other):
            name = in_context("this language, in its own words", "English")
            links += [f"[{name}]({LANGUAGES[other]})"] if other != language else []
    return " · ".join(links)


def _conditions(conditions: dict[str, Any], say: dict[str, str]) -> str:
    lines = [
        f"- {_('{name}: {text}', name=fact, text=conditions[name])}"
        for name, fact in FACTS.items()
        if name in conditions
    ]
    lines.append(
        f"- {say['versions']} "
        + ", ".join(f"{package} {version}" for package, version in conditions["versions"].items())
    )
    if conditions["missing"]:
        lines.append(
            f"- {say['missing']} " + ", ".join(f"{peer} ({why})" for peer, why in conditions["missing"].items())
        )
    return ("" if conditions["everything"] else say["partial"] + "\n\n") + "\n".join(lines)


def _asked(verdicts: list[dict[str, Any]], say: dict[str, str]) -> list[str]:
    judged = [verdict["met"] for verdict in verdicts]
    count = say["count"].format(met=judged.count(True), missed=judged.count(False), none=judged.count(None))
    ordered = sorted(verdicts, key=lambda v: english(v["asked"]))
    missed, others = ([v for v in ordered if (v["met"] is False) == wanted] for wanted in (True, False))
    tables = (_table(say["asked_head"], [_verdict(v) for v in some]) for some in (missed, others) if some)
    return [say["asked"], count, *tables]


def _verdict(v: dict[str, Any]) -> list[str]:
    return [MARKS[v["met"]], str(v["asked"]), f"`{v['loss']}`", str(v["where"]), str(v["found"])]


def _times(rows: list[dict[str, Any]], say: dict[str, str]) -> list[str]:
    parts = []
    for shape in dict.fromkeys(row["shape"] for row in rows):
        here = [row for row in rows if row["shape"] == shape]
        peers = [peer for peer in PEERS if any(row["peer"] == peer for row in here)]
        head = "| " + say["times_head"].format(peers="|".join(peers)).replace("|", " | ") + " |"
        lines = []
        for loss in dict.fromkeys(row["loss"] for row in here):
            by_peer = {row["peer"]: row for row in here if row["loss"] == loss}
            ours = by_peer.get(OURS, {})
            beside = ours.get("of_fastest")
            last = (
                1 / beside if beside else None,
                ours.get("of_roofline"),
                ours.get("extra_mib"),
                _relative_to_dice(ours),
            )
            cells = [_cell(by_peer.get(peer)) for peer in peers]
            lines.append([f"`{loss}`", *cells, *(number(x) for x in last)])
        parts += [f"### {shape} {SHAPES[shape].axes}", _table(head, lines)]
    return parts


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    if "ms" not in row:
        return "✗"
    marks = ("" if row.get("ignores", True) else "†") + ("‡" if row.get("differs") else "")
    return number(row["ms"]) + marks


def _relative_to_dice(row: dict[str, Any]) -> float | None:
    return row["ms"] / row["dice_ms"] if "dice_ms" in row and "ms" in row else None


def _growth(rows: list[dict[str, Any]]) -> list[str]:
    parts = []
    for along in dict.fromkeys(row["along"] for row in rows):
        here = [row for row in rows if row["along"] == along]
        sizes = list(dict.fromkeys(tuple(row["size"]) for row in here))
        head = "| | " + " | ".join(f"C={s[1]}" if along == "classes" else f"{s[2]}²" for s in sizes) + " |"
        lines = []
        for loss in dict.fromkeys(row["loss"] for row in here):
            by_size = {tuple(row["size"]): row["ns"] for row in here if row["loss"] == loss}
            lines.append([f"`{loss}`", *(number(by_size.get(size)) for size in sizes)])
        parts.append(_table(head, lines))
    return parts


def _threads(rows: list[dict[str, Any]], say: dict[str, str]) -> str:
    lines = (
        [
            f"`{r['loss']}`",
            r["shape"],
            number(r["one_ms"]),
            number(r["several_ms"]),
            number(r["one_ms"] / r["several_ms"]),
        ]
        for r in rows
    )
    return _table(say["threads_head"].format(n=rows[0]["threads"]), lines)


def _labels(rows: list[dict[str, Any]], say: dict[str, str]) -> str:
    lines = []
    for row in rows:
        ms = row.get("ms", {})
        ratios = (ms[form] / ms[INDEX] if form in ms else None for form in (ONE_HOT, SOFT))
        times = ["✗" if "error" in row else number(ms.get(form)) for form in (INDEX, ONE_HOT, SOFT)]
        size = "[" + ",".join(map(str, row["size"])) + "]"
        lines.append([f"`{row['loss']}`", size, *times, *map(number, ratios)])
    return _table(say["labels_head"], lines)


def _accuracy(rows: list[dict[str, Any]], say: dict[str, str]) -> str:
    def cells(r: dict[str, Any]) -> list[str]:
        errors = (r.get(of) for of in ("value", "gradient", "composed"))
        return [f"`{r['loss']}`", str(r["size"]), *("" if x is None else f"{x:.1e}" for x in errors)]

    lines = (cells(r) for r in rows)
    return _table(say["accuracy_head"], lines)

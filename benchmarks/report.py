"""Judge results, print them, and store them: JSON in full, a document in each language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import thresholds
from .cases import SHAPES
from .document import LANGUAGES, document, number
from .peers import OURS
from .processes import ROOT
from .thresholds import Check, fastest, grouped

Results = dict[str, Any]


def verdicts(results: Results) -> list[dict[str, Any]]:
    """Everything that is asked, judged."""
    checks: list[Check] = []
    checks += thresholds.speed(results.get("times", []))
    checks += thresholds.memory(results.get("memory", []), lambda name: SHAPES[name].size)
    checks += thresholds.growth(results.get("growth", []))
    checks += thresholds.scaling(results.get("threads", []))
    checks += thresholds.labels(results.get("labels", []))
    checks += thresholds.accuracy(results.get("accuracy", []))
    return [vars(verdict) for verdict in checks]


def table(results: Results) -> list[dict[str, Any]]:
    """Loss x shape x implementation: median, ratios to the fastest peer and to the roofline, memory."""
    memory = {(row["loss"], row["shape"], row["peer"]): row for row in results.get("memory", [])}
    rows = []
    for group in grouped(results.get("times", [])).values():
        best = fastest(group)
        for row in group:
            extra = memory.get((row["loss"], row["shape"], row["peer"]), {}).get("bytes")
            measured = "ms" in row
            rows.append(
                {
                    **row,
                    "of_fastest": row["ms"] / best["ms"] if best and measured else None,
                    "of_roofline": row["ms"] / row["roofline_ms"] if measured and "roofline_ms" in row else None,
                    "extra_mib": extra / thresholds.MIB if extra is not None else None,
                }
            )
    return rows


def show(results: Results) -> None:
    """Print the table, and what is asked beside what was found."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=150)
    if "times" in results:
        shown = Table(title="forward and backward")
        for head in (
            "shape",
            "loss",
            "implementation",
            "median ms",
            "of fastest peer",
            "of roofline",
            "extra MiB",
            "remarks",
        ):
            shown.add_column(head, justify="right" if head[0] in "ome" else "left")
        for row in table(results):
            remarks = row.get("error") or "; ".join(
                remark
                for remark in ("" if row.get("ignores", True) else "nothing ignored", row.get("differs", ""))
                if remark
            )
            figures = (row.get("ms"), row["of_fastest"], row["of_roofline"], row["extra_mib"])
            style = "bold" if row["peer"] == OURS else None
            shown.add_row(row["shape"], row["loss"], row["peer"], *map(number, figures), remarks, style=style)
        console.print(shown)
    judged = Table(title="what is asked")
    for head in ("", "asked", "loss", "where", "found"):
        judged.add_column(head)
    marks = {True: "met", False: "[red]NOT MET[/red]", None: "-"}
    for verdict in sorted(results["verdicts"], key=lambda v: (v["met"] is not False, str(v["asked"]))):
        judged.add_row(marks[verdict["met"]], *(str(verdict[k]) for k in ("asked", "loss", "where", "found")))
    console.print(judged)
    console.print(summary(results))


def summary(results: Results) -> str:
    """One line."""
    judged = [verdict["met"] for verdict in results["verdicts"]]
    lost = len(results["conditions"]["missing"])
    met, missed, none = (judged.count(which) for which in (True, False, None))
    return f"{met} met, {missed} NOT MET, {none} without a peer to compare with; {lost} peer(s) left out."


def store(results: Results, whole: bool, folder: Path | None) -> list[Path]:
    """Write JSON and documents; the files."""
    data = folder or (ROOT / "benchmarks" if whole else ROOT / "output" / "benchmarks")
    text = ROOT / "docs" if whole and folder is None else data
    for place in (data, text):
        place.mkdir(parents=True, exist_ok=True)
    files = {data / "results.json": json.dumps(results, indent=1, ensure_ascii=False, default=str) + "\n"}
    for language, name in LANGUAGES.items():
        files[text / name] = document(results, table(results), language)
    for path, content in files.items():
        path.write_text(content, encoding="utf-8")
    return list(files)

"""How the losses compare with those of other libraries, from the figures of `make bench`."""

from __future__ import annotations

import json
from typing import Any

from .language import DOCS, Language

RESULTS = DOCS.parent / "benchmarks" / "results.json"
PEERS = ("PaddleSeg", "MONAI", "smp", "kornia")
SHAPES = ("A", "B")
LOSSES = (
    "CrossEntropyLoss",
    "FocalLoss",
    "DiceLoss",
    "JaccardLoss",
    "TverskyLoss",
    "GeneralizedDiceLoss",
    "DiceCELoss",
    "LovaszSoftmaxLoss",
    "HausdorffDTLoss",
)


def comparison(language: Language) -> str:
    """The table, and how it was made."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows = [_row(results["times"], loss, shape) for shape in SHAPES for loss in LOSSES]
    head = language("| loss | input | ours, ms |")
    lines = [f"{head} {' | '.join(PEERS)} |", "|---|---|" + "---:|" * (1 + len(PEERS)), *(row for row in rows if row)]
    return "\n".join([_intro(results, language), "", *lines])


def _intro(results: dict[str, Any], language: Language) -> str:
    have = {peer: {row["loss"] for row in results["times"] if row["peer"] == peer} for peer in ("ours", *PEERS)}
    counts = ", ".join(f"{peer} {len(have[peer] - {'exact EDT'})}" for peer in PEERS)
    versions, facts = results["conditions"]["versions"], results["conditions"]
    named = {"paddlepaddle": "Paddle", "paddleseg": "PaddleSeg", "monai": "MONAI", "kornia": "kornia", "torch": "torch"}
    named["segmentation-models-pytorch"] = "smp"
    used = ", ".join(f"{name} {versions[package]}" for package, name in named.items() if package in versions)
    ours = len(have["ours"] - {"exact EDT"})
    return language(
        "Of these {ours} losses the others have, as far as the benchmark knows: {counts}. Forward and "
        "backward on a CPU, float32, medians of one run of `make bench` ({threads} threads, {used}): our "
        "milliseconds, and how many times longer the others take. A is [4, 19, 512, 512], B is [8, 2, "
        "512, 512]. Formulas are not always quite the same, and some peers cannot ignore pixels: [the "
        "whole table](docs/benchmarks{suffix}.md) says which.",
        ours=ours,
        counts=counts,
        threads=facts["threads"],
        used=used,
        suffix=language.suffix,
    )


def _row(times: list[dict[str, Any]], loss: str, shape: str) -> str:
    """A line of the table; empty if no other library has the loss for the shape."""
    found = {row["peer"]: row["ms"] for row in times if (row["loss"], row["shape"]) == (loss, shape) and "ms" in row}
    if "ours" not in found or not found.keys() & set(PEERS):
        return ""
    ratios = [f"{found[peer] / found['ours']:.1f}x" if peer in found else "–" for peer in PEERS]
    return f"| `{loss}` | {shape} | {found['ours']:.1f} | {' | '.join(ratios)} |"

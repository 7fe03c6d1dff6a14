"""The kernels for CUDA on the page about accelerators: what `benchmarks/gpu_check.py` has measured on a card."""

from __future__ import annotations

import json
from typing import Any

from paddleseg_losses.experiment.tables import grid
from paddleseg_losses.kernels.cuda import compile as compiling

from .language import DOCS, Language

COMMAND = "python benchmarks/gpu_check.py --out benchmarks/gpu_check.json"
CHECK = json.loads((DOCS.parent / "benchmarks" / "gpu_check.json").read_text(encoding="utf-8"))


def measured(t: Language) -> list[str]:
    """What the card has shown, in words and two tables."""
    return [
        f"## {t('Measured on an {card}', card=CHECK['card'])}",
        _how(t),
        "\n".join(f"* {line}" for line in _findings(t)),
        grid(
            [
                *(t("logits"), t("type"), t("sums"), t("gradient"), t("Dice, ms"), t("torch's / ours")),
                *(t("MONAI's formula / ours"), t("cross entropy, ms"), t("`F.cross_entropy` / ours"), t("memory")),
            ],
            [_sums_row(row) for row in CHECK["speed"]],
        ),
        t(
            "*sums* and *gradient* are the kernels' bytes a second, as a share of the card's own copy; *memory* is the "
            "peak of cross entropy beside torch's, in units of the logits. In half precision a pixel takes nearly as "
            "long as in float32: there kernels compute, and do not wait for memory."
        ),
        grid(
            [
                *(t("logits"), t("distance map, ms"), t("composed / ours"), "HausdorffDT, ms", t("Lovász, ms")),
                *(t("clDice, ms"), t("torch's / ours"), t("memory")),
            ],
            [_maps_row(row) for row in CHECK["maps"]],
        ),
        t(
            "Distance maps are those of all classes. Losses are in both directions, in float32. The composed map is "
            "the package's own, in torch's operators; the composed clDice keeps each of its steps, and *memory* is "
            "its peak beside ours."
        ),
        " ".join([t("Made by `{command}` with torch {torch}.", command=COMMAND, torch=CHECK["torch"]), *_since(t)]),
    ]


def _since(t: Language) -> list[str]:
    """What is no longer as it was measured."""
    now = {path.name: compiling.fingerprint(path) for path in compiling.sources()}
    changed = sorted(
        name for name in now.keys() | CHECK["sources"].keys() if now.get(name) != CHECK["sources"].get(name)
    )
    return [t("These kernels have changed since: {files}.", files=", ".join(changed))] if changed else []


def _how(t: Language) -> str:
    return t(
        "The kernels ran on torch's tensors, by the package's own wrappers and launcher: Paddle itself was not there, "
        "and no whole loss of the package has run on a card. Times are the device's, of a CUDA graph; in between the "
        "host takes longer than the card does for small tensors."
    )


def _findings(t: Language) -> list[str]:
    right, speed = CHECK["agreement"], CHECK["speed"]
    tools = CHECK["sanitizers"]
    clean = ", ".join(tool for tool, said in tools.items() if said == "clean")
    late = ", ".join(tool for tool, said in tools.items() if said == "no time")
    return [
        t(
            "{right} of {all} comparisons with float64 are within 1e-5, or a rounding in half precision. Losses that "
            "are replayed from a CUDA graph give the same bits again.",
            right=sum(row["right"] for row in right),
            all=len(right),
        ),
        t("compute-sanitizer: {clean} clean; there was no time for {late}.", clean=clean, late=late),
        t(
            "Dice is {dice} times faster than composed in torch, cross entropy {cross_entropy} times than "
            "`F.cross_entropy`, and a distance map {distances} times than composed.",
            dice=_between(row["dice_times_faster"] for row in speed),
            cross_entropy=_between(row["cross_entropy_times_faster"] for row in speed),
            distances=_between(row["distances_times_faster"] for row in CHECK["maps"]),
        ),
        t(
            "Not reached: sums at {wanted_sums} of the copy's speed ({sums} at best), gradients at {wanted_gradient} "
            "({gradient}), and Dice three times faster with two classes. There the functions of each pixel take longer "
            "than its logits. clDice takes up to {lines} times as long as composed, for a fifteenth of the memory or "
            "less.",
            lines=f"{max(_slower(row['losses']) for row in CHECK['maps']):.1f}",
            wanted_sums=f"{CHECK['goals']['sums']:.0%}",
            sums=f"{max(row['sums']['of_copy'] for row in speed):.0%}",
            wanted_gradient=f"{CHECK['goals']['gradient']:.0%}",
            gradient=f"{max(row['gradient']['of_copy'] for row in speed):.0%}",
        ),
    ]


def _slower(losses: dict[str, Any]) -> float:
    return losses["centerlines"]["ms"] / losses["centerlines, torch"]["ms"]


def _between(numbers: Any) -> str:
    several = sorted(numbers)
    return f"{several[0]:.1f}–{several[-1]:.1f}"


def _sums_row(row: dict[str, Any]) -> list[str]:
    losses = row["losses"]
    ours, torch = losses["cross entropy"], losses["cross entropy, torch"]
    return [
        *(_shape(row), row["dtype"], f"{row['sums']['of_copy']:.0%}", f"{row['gradient']['of_copy']:.0%}"),
        *(f"{losses['dice']['ms']:.3f}", _times(losses, "dice, torch", "dice")),
        _times(losses, "dice, MONAI's formula", "dice"),
        *(f"{ours['ms']:.3f}", _times(losses, "cross entropy, torch", "cross entropy")),
        f"{ours['peak']:.1f} : {torch['peak']:.1f}",
    ]


def _maps_row(row: dict[str, Any]) -> list[str]:
    losses, maps = row["losses"], row["maps"]
    lines, composed = losses["centerlines"], losses["centerlines, torch"]
    return [
        *(_shape(row), f"{maps['distances']['ms']:.2f}", _times(maps, "distances, torch", "distances")),
        *(f"{losses['Hausdorff']['ms']:.2f}", f"{losses['Lovász']['ms']:.2f}", f"{lines['ms']:.2f}"),
        *(_times(losses, "centerlines, torch", "centerlines"), f"{lines['peak']:.0f} : {composed['peak']:.0f}"),
    ]


def _shape(row: dict[str, Any]) -> str:
    return f"[{', '.join(map(str, row['shape']))}]"


def _times(measured: dict[str, Any], other: str, ours: str) -> str:
    return f"{measured[other]['ms'] / measured[ours]['ms']:.1f}"

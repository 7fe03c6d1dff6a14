"""The kernels for CUDA on the page about accelerators: what `benchmarks/gpu_check.py` has measured on a card."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from paddleseg_losses.experiment.tables import grid
from paddleseg_losses.kernels.cuda import ptx_text

from .language import DOCS, Language

COMMAND = "python benchmarks/gpu_check.py --out benchmarks/gpu_check.json"
CHECK = json.loads((DOCS.parent / "benchmarks" / "gpu_check.json").read_text(encoding="utf-8"))
NONE = "–"


def measured(t: Language, check: dict[str, Any] = CHECK) -> list[str]:
    """What the card has shown, in words and two tables."""
    return [
        f"## {t('Measured on an {card}', card=check['card'])}",
        t(
            "The kernels ran on torch's tensors, by the package's own wrappers and launcher: Paddle itself was not "
            "there, and no whole loss of the package has run on a card. Times are the device's, of a CUDA graph."
        ),
        "\n".join(f"* {line}" for line in _findings(t, check)),
        grid(
            [
                *(t("logits"), t("type"), t("sums"), t("gradient"), t("Dice, ms"), t("torch's / ours")),
                *(t("MONAI's formula / ours"), t("cross entropy, ms"), t("`F.cross_entropy` / ours"), t("memory")),
            ],
            [_sums_row(row) for row in check["speed"]],
        ),
        t(
            "*sums* and *gradient* are the kernels' bytes a second, as a share of the card's own copy; *memory* is the "
            "peak of cross entropy beside torch's, in units of the logits. In half precision sums take as long as in "
            "float32: there kernels compute, and do not wait for memory."
        ),
        grid(
            [
                *(t("logits"), t("distance map, ms"), t("composed / ours"), t("HausdorffDT, ms"), t("Lovász, ms")),
                *(t("clDice, ms"), t("torch's / ours"), t("memory")),
            ],
            [_maps_row(row) for row in check["maps"]],
        ),
        t(
            "Distance maps are those of all classes. Losses are in both directions, in float32. The composed map is "
            "the package's own, in torch's operators; the composed clDice keeps each of its steps, and *memory* is "
            "its peak beside ours."
        ),
        " ".join(
            [t("Made by `{command}` with torch {torch}.", command=COMMAND, torch=check["torch"]), *_since(t, check)]
        ),
    ]


def _since(t: Language, check: dict[str, Any]) -> list[str]:
    """What is no longer as it was measured."""
    now, then = {module: ptx_text.fingerprint(module) for module in ptx_text.modules()}, check["code"]
    changed = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    return (
        [t("These kernels have changed since: {files}.", files=", ".join(f"`{name}`" for name in changed))]
        if changed
        else []
    )


def _findings(t: Language, check: dict[str, Any]) -> list[str]:
    of_kernels = [row for row in check["agreement"] if not row["operation"].endswith(("in a graph", "torch"))]
    replayed = [row["right"] for row in check["agreement"] if row["operation"].endswith("in a graph")]
    lines = [
        t(
            "{right} of {all} comparisons with float64 hold: values are within 1e-5, and gradients too, or within a "
            "rounding in half precision. Half precision has many equal numbers, any of which may come first in a sort "
            "or be the largest of its neighbours: gradients of Lovász and clDice are compared in float32 alone.",
            right=sum(row["right"] for row in of_kernels),
            all=len(of_kernels),
        ),
        t(
            "Losses replayed from a CUDA graph give the same bits again: {right} of {all}.",
            right=sum(replayed),
            all=len(replayed),
        ),
        *_of_tools(t, check["sanitizers"]),
        t(
            "On the device Dice takes {dice} of the time of the same in torch's operators, cross entropy "
            "{cross_entropy} of that of `F.cross_entropy`, and a distance map {distances} of that of a composed one.",
            dice=_shares(row["dice_times_faster"] for row in check["speed"]),
            cross_entropy=_shares(row["cross_entropy_times_faster"] for row in check["speed"]),
            distances=_shares(row["distances_times_faster"] for row in check["maps"]),
        ),
        t(
            "The host, which runs Python and the stand-in for Paddle, needs {host} ms for a step of cross entropy, "
            "where it needs {torch} ms for torch's: until the logits are large, that is what a loop waits for.",
            host=_between(row["losses"]["cross entropy"]["called_ms"] for row in check["speed"]),
            torch=_between(row["losses"]["cross entropy, torch"]["called_ms"] for row in check["speed"]),
        ),
    ]
    return [*lines, *_missed(t, check), *check["left_out"]]


def _of_tools(t: Language, said: dict[str, str]) -> Iterable[str]:
    for tool, words in said.items():
        if words == "clean":
            yield t("compute-sanitizer, {tool}: nothing found.", tool=tool)
        elif words == "no time":
            yield t("compute-sanitizer, {tool}: not finished in the time it was given.", tool=tool)
        else:
            yield f"{tool}: {words}"


def _missed(t: Language, check: dict[str, Any]) -> Iterable[str]:
    for name, title in (("sums", t("sums")), ("gradient", t("gradient"))):
        best, wanted = max(row[name]["of_copy"] for row in check["speed"]), check["goals"][name]
        if best < wanted:
            yield t(
                "Not reached, {what}: {wanted} of the copy's speed; {best} at best.",
                what=title,
                wanted=f"{wanted:.0%}",
                best=f"{best:.0%}",
            )
    slower = _numbers(_ratio(row["losses"], "centerlines", "centerlines, torch") for row in check["maps"])
    if slower and slower[-1] > 1:
        yield t(
            "clDice takes up to {times} times as long as composed, for a fraction of the memory.",
            times=f"{slower[-1]:.1f}",
        )


def _numbers(several: Iterable[float | None]) -> list[float]:
    return sorted(number for number in several if number is not None)


def _between(several: Iterable[float | None]) -> str:
    numbers = _numbers(several)
    return f"{numbers[0]:.1f}–{numbers[-1]:.1f}"


def _shares(times_faster: Iterable[float | None]) -> str:
    numbers = _numbers(times_faster)
    return f"{1 / numbers[-1]:.0%}–{1 / numbers[0]:.0%}"


def _sums_row(row: dict[str, Any]) -> list[str]:
    losses = row["losses"]
    return [
        *(_shape(row), row["dtype"], f"{row['sums']['of_copy']:.0%}", f"{row['gradient']['of_copy']:.0%}"),
        *(_shown(losses["dice"]["ms"], 3), _shown(row["dice_times_faster"])),
        _shown(_ratio(losses, "dice, MONAI's formula", "dice")),
        *(_shown(losses["cross entropy"]["ms"], 3), _shown(row["cross_entropy_times_faster"])),
        _peaks(losses["cross entropy"], losses["cross entropy, torch"], 1),
    ]


def _maps_row(row: dict[str, Any]) -> list[str]:
    losses, maps = row["losses"], row["maps"]
    return [
        *(_shape(row), _shown(maps["distances"]["ms"], 2), _shown(row["distances_times_faster"])),
        *(_shown(losses[name]["ms"], 2) for name in ("Hausdorff", "Lovász", "centerlines")),
        _shown(_ratio(losses, "centerlines, torch", "centerlines")),
        _peaks(losses["centerlines"], losses["centerlines, torch"], 0),
    ]


def _shape(row: dict[str, Any]) -> str:
    return f"[{', '.join(map(str, row['shape']))}]"


def _ratio(measured: dict[str, Any], one: str, other: str) -> float | None:
    times = measured[one]["ms"], measured[other]["ms"]
    return None if None in times else times[0] / times[1]


def _shown(number: float | None, digits: int = 1) -> str:
    return NONE if number is None else f"{number:.{digits}f}"


def _peaks(ours: dict[str, Any], other: dict[str, Any], digits: int) -> str:
    return f"{_shown(ours['peak'], digits)} : {_shown(other['peak'], digits)}"

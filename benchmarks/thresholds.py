"""Performance targets, and whether they are met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .cases import EDT, INDEX, ONE_HOT, SOFT
from .peers import COMPOSED, OURS

Row = dict[str, Any]
MIB = 1 << 20

OVERLAP = ("DiceLoss", "JaccardLoss", "TverskyLoss", "GeneralizedDiceLoss")
ENTROPY = ("CrossEntropyLoss", "FocalLoss")
UNIFIED = ("AsymmetricUnifiedFocalLoss", "SymmetricUnifiedFocalLoss")
SUMS_OF_TWO = ("DiceCELoss", "ComboLoss", *UNIFIED)
LOVASZ = ("LovaszSoftmaxLoss", "LovaszHingeLoss")
MANY = 19  # classes from which the larger thresholds hold
FASTEST = "fastest peer"

# Losses that may cost more than MOST_TIMES_DICE, and why.
REASONS: dict[str, str] = {
    "SoftCLDiceLoss": "soft skeletons of p and g take iters + 1 erosions and dilations of every map, and the way back",
    "HausdorffCVLoss": "three ball means of every map for each of six radii, each a sum over the lines of the ball",
    "HausdorffERLoss": "up to ten means over the cross of every map, each stretched to its own ends, and the way back",
    "ShapeAwareLoss": "an exact distance transform of the true rim of every class, in a box around both rims",
    "DistancePenalizedCELoss": "an exact distance transform of the labels; a Dice of few classes is one short pass",
    "CELovaszLoss": "a sort of every class's errors: the Lovász part, which has a floor of its own",
    "NACLLoss": "counts of the labels in a window around every pixel, for every class",
    "TopKCrossEntropyLoss": "values of all pixels, five looks at them to find the largest, then a cross entropy",
    "BoundaryDoULoss": "sums of squares beside the Dice's own, and a count of the rim of every class",
    "BoundaryLoss": "an exact distance transform of every class; known_maps brings them ready from the data pipeline",
}
MOST_TIMES_DICE = 3.0
MOST_GROWTH = 1.5  # of the time per pixel (or pixel and class) over the whole range: "flat"
LEAST_SCALING = 1.4
MOST_TIMES_INDEX = {ONE_HOT: 1.3, SOFT: 3.0}  # of the time with class indices
SOFT_LABELS = ("CrossEntropyLoss", "DiceLoss", "DiceCELoss")  # whose soft targets are timed
SUM_ERROR, GRADIENT_ERROR = 2e-7, 2e-6
SPARE = 5 * MIB  # that CE and Dice may need beside the gradient


@dataclass(frozen=True)
class Threshold:
    """How many times faster than somebody some losses have to be."""

    losses: tuple[str, ...]
    against: str
    least: float
    classes: int = 0  # from how many classes on


SPEED = (
    Threshold(OVERLAP, FASTEST, 1.2),
    Threshold(OVERLAP, FASTEST, 4.0, classes=MANY),
    Threshold(OVERLAP, "PaddleSeg", 15.0),
    Threshold(ENTROPY, FASTEST, 1.2),
    Threshold(ENTROPY, FASTEST, 3.0, classes=MANY),
    Threshold(ENTROPY, "PaddleSeg", 7.0),
    Threshold(SUMS_OF_TWO, FASTEST, 2.0),
    Threshold(LOVASZ, FASTEST, 6.0),
    Threshold(LOVASZ, "PaddleSeg", 8.0),
    Threshold(("HausdorffDTLoss",), "MONAI", 8.0),
    Threshold((EDT,), "scipy", 10.0),
    Threshold((EDT,), "cv2", 1.5),
    Threshold(("StructuralSimilarityLoss",), COMPOSED, 10.0),
)
COMPARED = {loss for threshold in SPEED for loss in threshold.losses}


@dataclass(frozen=True)
class Check:
    """One thing that was asked, and what was found. `met` is None where nothing could be compared."""

    asked: str
    loss: str
    where: str
    found: str
    met: bool | None


def fastest(rows: list[Row]) -> Row | None:
    """The fastest of the implementations that are not ours, among rows of one loss and shape."""
    peers = [row for row in rows if row["peer"] not in (OURS, COMPOSED) and "ms" in row]
    return min(peers, key=lambda row: row["ms"], default=None)


def grouped(rows: list[Row]) -> dict[tuple[str, str], list[Row]]:
    """Rows by loss and shape."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["loss"], row["shape"]), []).append(row)
    return groups


def of(peer: str, rows: list[Row]) -> Row | None:
    """The row of one implementation, if it was measured."""
    return next((row for row in rows if row["peer"] == peer and "ms" in row), None)


def speed(rows: list[Row]) -> list[Check]:
    """Ratios to peers, cost relative to DiceLoss, and calls on tiny inputs."""
    checks = []
    for (loss, shape), group in grouped(rows).items():
        ours = of(OURS, group)
        if ours is None:
            error = next((row["error"] for row in group if row["peer"] == OURS and "error" in row), "not measured")
            checks.append(Check("it runs", loss, shape, error, False))
        elif shape == "tiny":
            checks += _tiny(loss, ours, group)
        else:
            checks += _ratios(loss, ours, group)
            checks += _relative_to_dice(loss, ours)
    return checks


def _ratios(loss: str, ours: Row, group: list[Row]) -> list[Check]:
    checks = []
    for threshold in SPEED:
        if loss in threshold.losses and ours["size"][1] >= threshold.classes:
            other = fastest(group) if threshold.against == FASTEST else of(threshold.against, group)
            asked = f">= {threshold.least:g}x {threshold.against}"
            asked += f" at C >= {threshold.classes}" if threshold.classes else ""
            if other is None:
                if threshold.against == FASTEST:
                    checks.append(Check(asked, loss, ours["shape"], "no peer has it", None))
                continue
            ratio = other["ms"] / ours["ms"]
            name = f" ({other['peer']})" if threshold.against == FASTEST else ""
            checks.append(Check(asked, loss, ours["shape"], f"{ratio:.2f}x{name}", ratio >= threshold.least))
    return checks


def _relative_to_dice(loss: str, ours: Row) -> list[Check]:
    if loss in COMPARED or "dice_ms" not in ours:
        return []
    cost = ours["ms"] / ours["dice_ms"]
    asked = f"<= {MOST_TIMES_DICE:g}x Dice, or a reason"
    reason = REASONS.get(loss)
    found = f"{cost:.2f}x" + (f": {reason}" if reason and cost > MOST_TIMES_DICE else "")
    return [Check(asked, loss, ours["shape"], found, cost <= MOST_TIMES_DICE or reason is not None)]


def _tiny(loss: str, ours: Row, group: list[Row]) -> list[Check]:
    composed, by_hand = of(COMPOSED, group), of("paddle", group)
    if not composed:
        return []
    found = f"{1e3 * ours['ms']:.0f} us, composed {1e3 * composed['ms']:.0f} us"
    if by_hand:
        found += f", unchecked and by hand {1e3 * by_hand['ms']:.0f} us"
    met = ours["ms"] <= composed["ms"]
    return [Check("tiny: no slower than composed of Paddle's operators", loss, "tiny", found, met)]


def memory(rows: list[Row], sizes: Callable[[str], tuple[int, ...]]) -> list[Check]:
    """One gradient and a little, for CE and Dice."""
    checks = []
    for row in rows:
        if row["peer"] == OURS and row["loss"] in ("CrossEntropyLoss", "DiceLoss") and "bytes" in row:
            gradient = 4
            for length in sizes(row["shape"]):
                gradient *= length
            spare = row["bytes"] - gradient
            found = f"gradient {gradient / MIB:.1f} MiB {spare / MIB:+.1f} MiB"
            checks.append(Check("one gradient + 5 MiB", row["loss"], row["shape"], found, spare <= SPARE))
    return checks


def growth(rows: list[Row]) -> list[Check]:
    """Time per unit at the far end of each range over that at the near end."""
    checks = []
    for loss, along in dict.fromkeys((row["loss"], row["along"]) for row in rows):
        line = [row["ns"] for row in rows if (row["loss"], row["along"]) == (loss, along)]
        ratio = line[-1] / line[0]
        ends = "256^2 to 4096^2" if along == "pixels" else "C 2 to 150"
        found = f"{ratio:.2f}x ({line[0]:.2f} to {line[-1]:.2f} ns)"
        checks.append(Check(f"flat along {along} (<= {MOST_GROWTH:g}x)", loss, ends, found, ratio <= MOST_GROWTH))
    return checks


def scaling(rows: list[Row]) -> list[Check]:
    """One thread over several."""
    checks = []
    for row in rows:
        ratio = row["one_ms"] / row["several_ms"]
        asked = f"{row['threads']} threads >= {LEAST_SCALING:g}x one"
        checks.append(Check(asked, row["loss"], row["shape"], f"{ratio:.2f}x", ratio >= LEAST_SCALING))
    return checks


def labels(rows: list[Row]) -> list[Check]:
    """Other forms of the labels over class indices."""
    checks = []
    for row in rows:
        where = "[" + ",".join(map(str, row["size"])) + "]"
        if "error" in row:
            checks.append(Check("it runs", row["loss"], where, row["error"], False))
            continue
        for form, most in MOST_TIMES_INDEX.items():
            if form in row["ms"]:
                ratio = row["ms"][form] / row["ms"][INDEX]
                asked = f"{form} labels <= {most:g}x class indices"
                checks.append(Check(asked, row["loss"], where, f"{ratio:.2f}x", ratio <= most))
    return checks


def accuracy(rows: list[Row]) -> list[Check]:
    """Sums and gradients against float64."""
    checks = []
    for row in rows:
        if "error" in row:
            checks.append(Check("it runs", row["loss"], "accuracy", row["error"], False))
        elif row["gradient"] is None:
            met = row["value"] <= SUM_ERROR
            checks.append(Check(f"sums within {SUM_ERROR:g}", row["loss"], "A", f"{row['value']:.1e}", met))
        else:
            met = row["gradient"] <= GRADIENT_ERROR
            asked = f"gradient within {GRADIENT_ERROR:g} of its largest"
            found = f"{row['gradient']:.1e}, composed {row['composed']:.1e}"
            checks.append(Check(asked, row["loss"], "accuracy", found, met))
    return checks

"""Performance targets, and whether they are met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paddleseg_losses.i18n import Message, Text, _

from .cases import EDT, INDEX, ONE_HOT, SOFT
from .peers import CALL, COMPOSED, OURS

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
REASONS: dict[str, Text] = {
    "ActiveBoundaryLoss": _(
        "an exact distance transform, divergences of neighbouring pixels, and all neighbours of a boundary's pixels"
    ),
    "ActiveContourLoss": _("twelve edges of every cell of a volume, there and back; four in an image"),
    "SSIMLoss": _("seven sums over windows of eleven pixels along each axis, in float64, as variances are differences"),
    "MSSSIMLoss": _("those of SSIM on five scales, each with sides half as long as the one before"),
    "SoftCLDiceLoss": _(
        "soft skeletons of p and g take iters + 1 erosions and dilations of every map, and the way back"
    ),
    "BlobLoss": _("the objects of the labels are found on the host, and their pixels gathered for sums of their own"),
    "BoundaryF1Loss": _(
        "filters of p and g over two squares or cubes, and the pixel of every smallest number for the way back"
    ),
    "L1ACELoss": _("every probability of every class goes into a bin, and comes back with the slope of its bin"),
    "SpatialLabelSmoothingLoss": _("means of the labels over a window around every pixel, for every class"),
    "SkeletonRecallLoss": _(
        "the labels are thinned to skeletons in every call; LabelSkeleton brings them ready from the data pipeline"
    ),
    "NoiseRobustDiceLoss": _("a power of the error of every pixel and class, and its slope"),
    "CBDiceLoss": _("exact distance transforms and skeletons of the regions of p and g"),
    "HausdorffCVLoss": _("three ball means of every map for each of six radii, each a sum over the lines of the ball"),
    "HausdorffERLoss": _(
        "up to ten means over the cross of every map, each stretched to its own ends, and the way back"
    ),
    "ShapeAwareLoss": _("an exact distance transform of the true rim of every class, in a box around both rims"),
    "DistancePenalizedCELoss": _("an exact distance transform of the labels; a Dice of few classes is one short pass"),
    "CELovaszLoss": _("a sort of every class's errors: the Lovász part, which has a floor of its own"),
    "NACLLoss": _("counts of the labels in a window around every pixel, for every class"),
    "TopKCrossEntropyLoss": _("values of all pixels, five looks at them to find the largest, then a cross entropy"),
    "BoundaryDoULoss": _("sums of squares beside the Dice's own, and a count of the rim of every class"),
    "BoundaryLoss": _(
        "an exact distance transform of every class; known_maps brings them ready from the data pipeline"
    ),
}
MOST_TIMES_DICE = 3.0
MOST_GROWTH = 1.5  # of the time per pixel (or pixel and class) over the whole range: "flat"
MOST_CALLS = 3.0  # a small problem, in calls of Paddle's cross entropy
CALLS = ("CrossEntropyLoss", "DiceLoss", "DiceCELoss")
LEAST_SCALING = 1.4
MOST_TIMES_INDEX = {ONE_HOT: 1.3, SOFT: 3.0}  # of the time with class indices
FORMS: dict[str, Text] = {ONE_HOT: _("one-hot labels"), SOFT: _("soft labels")}
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
    shape: str = ""  # on this one alone


SPEED = (
    Threshold(OVERLAP, FASTEST, 1.2),
    Threshold(OVERLAP, FASTEST, 4.0, classes=MANY),
    Threshold(("DiceLoss",), FASTEST, 1.5, shape="binary"),
    Threshold(("DiceLoss", "GeneralizedDiceLoss", "CrossEntropyLoss"), FASTEST, 2.5, shape="C"),
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

    asked: Text
    loss: str
    where: Text
    found: Text
    met: bool | None


def fastest(rows: list[Row]) -> Row | None:
    """The fastest of the implementations that are not ours, among rows of one loss and shape."""
    peers = [row for row in rows if row["peer"] not in (OURS, COMPOSED, CALL) and "ms" in row]
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
            checks.append(Check(_("it runs"), loss, shape, error, False))
        elif shape == "tiny":
            checks += _tiny(loss, ours, group)
        elif shape == "small":
            checks += _small(loss, ours, group)
        else:
            checks += _ratios(loss, ours, group)
            checks += _relative_to_dice(loss, ours)
    return checks


def _asked(threshold: Threshold) -> Message:
    if threshold.against == FASTEST:
        text = _(">= {least:g}x fastest peer", least=threshold.least)
    else:
        text = _(">= {least:g}x {peer}", least=threshold.least, peer=threshold.against)
    if threshold.classes:
        text = _("{text} at C >= {classes}", text=text, classes=threshold.classes)
    return _("{text} on {shape}", text=text, shape=threshold.shape) if threshold.shape else text


def _ratios(loss: str, ours: Row, group: list[Row]) -> list[Check]:
    checks = []
    for threshold in SPEED:
        here = threshold.shape in ("", ours["shape"]) and ours["size"][1] >= threshold.classes
        if loss in threshold.losses and here:
            other = fastest(group) if threshold.against == FASTEST else of(threshold.against, group)
            asked = _asked(threshold)
            if other is None:
                if threshold.against == FASTEST:
                    checks.append(Check(asked, loss, ours["shape"], _("no peer has it"), None))
                continue
            ratio = other["ms"] / ours["ms"]
            name = f" ({other['peer']})" if threshold.against == FASTEST else ""
            checks.append(Check(asked, loss, ours["shape"], f"{ratio:.2f}x{name}", ratio >= threshold.least))
    return checks


def _relative_to_dice(loss: str, ours: Row) -> list[Check]:
    if loss in COMPARED or "dice_ms" not in ours:
        return []
    cost = ours["ms"] / ours["dice_ms"]
    asked = _("<= {most:g}x Dice, or a reason", most=MOST_TIMES_DICE)
    reason = REASONS.get(loss)
    text: Text = f"{cost:.2f}x"
    if reason and cost > MOST_TIMES_DICE:
        text = _("{name}: {text}", name=text, text=reason)
    return [Check(asked, loss, ours["shape"], text, cost <= MOST_TIMES_DICE or reason is not None)]


def _tiny(loss: str, ours: Row, group: list[Row]) -> list[Check]:
    composed, by_hand = of(COMPOSED, group), of("paddle", group)
    if not composed:
        return []
    times = _("{ours:.0f} us, composed {composed:.0f} us", ours=1e3 * ours["ms"], composed=1e3 * composed["ms"])
    if by_hand:
        times = _("{times}, unchecked and by hand {by_hand:.0f} us", times=times, by_hand=1e3 * by_hand["ms"])
    met = ours["ms"] <= composed["ms"]
    return [Check(_("tiny: no slower than composed of Paddle's operators"), loss, "tiny", times, met)]


def _small(loss: str, ours: Row, group: list[Row]) -> list[Check]:
    call = of(CALL, group)
    if not call or loss not in CALLS:
        return []
    calls = ours["ms"] / call["ms"]
    asked = _("<= {most:g}x a call of {call}", most=MOST_CALLS, call=CALL)
    return [Check(asked, loss, "small", f"{calls:.2f}x", calls <= MOST_CALLS)]


def memory(rows: list[Row], sizes: Callable[[str], tuple[int, ...]]) -> list[Check]:
    """One gradient and a little, for CE and Dice."""
    checks = []
    for row in rows:
        if row["peer"] == OURS and row["loss"] in ("CrossEntropyLoss", "DiceLoss") and "bytes" in row:
            gradient = 4
            for length in sizes(row["shape"]):
                gradient *= length
            spare = row["bytes"] - gradient
            spent = _("gradient {gradient:.1f} MiB {spare:+.1f} MiB", gradient=gradient / MIB, spare=spare / MIB)
            checks.append(Check(_("one gradient + 5 MiB"), row["loss"], row["shape"], spent, spare <= SPARE))
    return checks


def growth(rows: list[Row]) -> list[Check]:
    """Time per unit at the far end of each range over that at the near end."""
    checks = []
    for loss, along in dict.fromkeys((row["loss"], row["along"]) for row in rows):
        line = [row["ns"] for row in rows if (row["loss"], row["along"]) == (loss, along)]
        ratio = line[-1] / line[0]
        if along == "pixels":
            ends, asked = _("256^2 to 4096^2"), _("flat along pixels (<= {most:g}x)", most=MOST_GROWTH)
        else:
            ends, asked = _("C 2 to 150"), _("flat along classes (<= {most:g}x)", most=MOST_GROWTH)
        measured = _("{ratio:.2f}x ({first:.2f} to {last:.2f} ns)", ratio=ratio, first=line[0], last=line[-1])
        checks.append(Check(asked, loss, ends, measured, ratio <= MOST_GROWTH))
    return checks


def scaling(rows: list[Row]) -> list[Check]:
    """One thread over several."""
    checks = []
    for row in rows:
        ratio = row["one_ms"] / row["several_ms"]
        asked = _("{threads} threads >= {least:g}x one", threads=row["threads"], least=LEAST_SCALING)
        checks.append(Check(asked, row["loss"], row["shape"], f"{ratio:.2f}x", ratio >= LEAST_SCALING))
    return checks


def labels(rows: list[Row]) -> list[Check]:
    """Other forms of the labels over class indices."""
    checks = []
    for row in rows:
        where = "[" + ",".join(map(str, row["size"])) + "]"
        if "error" in row:
            checks.append(Check(_("it runs"), row["loss"], where, row["error"], False))
            continue
        for form, most in MOST_TIMES_INDEX.items():
            if form in row["ms"]:
                ratio = row["ms"][form] / row["ms"][INDEX]
                asked = _("{form} <= {most:g}x class indices", form=FORMS[form], most=most)
                checks.append(Check(asked, row["loss"], where, f"{ratio:.2f}x", ratio <= most))
    return checks


def accuracy(rows: list[Row]) -> list[Check]:
    """Sums and gradients against float64."""
    checks = []
    for row in rows:
        if "error" in row:
            checks.append(Check(_("it runs"), row["loss"], _("accuracy"), row["error"], False))
        elif row["gradient"] is None:
            met = row["value"] <= SUM_ERROR
            checks.append(
                Check(_("sums within {most:g}", most=SUM_ERROR), row["loss"], "A", f"{row['value']:.1e}", met)
            )
        else:
            met = row["gradient"] <= GRADIENT_ERROR
            asked = _("gradient within {most:g} of its largest", most=GRADIENT_ERROR)
            errors = _("{ours:.1e}, composed {composed:.1e}", ours=row["gradient"], composed=row["composed"])
            checks.append(Check(asked, row["loss"], _("accuracy"), errors, met))
    return checks

"""What the pictures of a loss show, said from their numbers."""

from __future__ import annotations

from typing import Any

from .language import Language

FIRST, MIDDLE, LAST = 0, 5, 10  # of the kept points of a curve: p = 0.007, 0.5, 0.993
FLAT = 1e-12


def curve_caption(numbers: dict[str, Any], language: Language) -> str:
    """The slope at a badly wrong pixel relative to an undecided one."""
    slopes, values = numbers["slopes"], numbers["values"]
    if all(max(line) - min(line) < FLAT for line in values.values()):
        return language(
            "The curves are flat: here one wrong pixel costs nothing and is not pulled.",
            "曲线是平的：在这个例子中，单个错误像素不计代价，也没有梯度。",
        )
    parts = []
    for side, wrong, en, zh in (("object", FIRST, "object", "目标"), ("background", LAST, "background", "背景")):
        middle, end = abs(slopes[side][MIDDLE]), abs(slopes[side][wrong])
        if middle >= FLAT:
            parts.append(language(f"{_number(end / middle)} on the {en}", f"{zh}上为 {_number(end / middle)}"))
    if not parts:
        return ""
    ratios = language(", ", "，").join(parts)
    return language(
        f"Slope at a badly wrong pixel (0.007 for its true class) relative to an undecided one (0.5): {ratios}.",
        f"判得很错的像素（真实类别的概率为 0.007）与犹豫不决的像素（0.5）的斜率之比：{ratios}。",
    )


def gradient_caption(numbers: dict[str, Any], language: Language) -> str:
    """The mean gradient on each kind of error, relative to the near blob."""
    pull = numbers["pull"]
    near = pull["near blob"]
    if near < FLAT:
        return language("The near blob has no gradient.", "近处的误检块上没有梯度。")
    far, missed, edge, right = (
        _number(pull[region] / near) for region in ("far blob", "missed part", "ragged edge", "right pixels")
    )
    return language(
        f"With a pixel of the near blob as 1: far blob {far}, missed part {missed}, ragged edge {edge}, pixels that "
        f"are right already {right}.",
        f"以近处误检块的像素为 1：远处误检块 {far}，漏掉的部分 {missed}，毛糙边缘 {edge}，已经判对的像素 {right}。",
    )


def _number(ratio: float) -> str:
    return "0" if ratio == 0 else f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.2g}" if ratio >= 1e-3 else "< 0.001"

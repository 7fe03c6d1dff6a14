"""The kernels for CUDA on the page about accelerators: which path runs where, and what compilers make of them."""

from __future__ import annotations

import json
import re

from paddleseg_losses.experiment.tables import grid

from .language import DOCS, Language

COMMAND = "python -m benchmarks.cuda_code"
CODE = json.loads((DOCS.parent / "benchmarks" / "cuda_code.json").read_text(encoding="utf-8"))


def paths(t: Language) -> list[str]:
    """Which path runs where, and what to know about it."""
    return [
        f"## {t('Which path runs where')}",
        grid([t("device and tensors"), t("path")], _paths(t), numbers=False),
        "\n".join(f"* {line}" for line in _about(t)),
    ]


def registers(t: Language) -> list[str]:
    """A table of what compilers make of the kernels."""
    words = t(
        "What the compilers make of the kernels on each kind of card: registers, the most of those for float32, "
        "float16 and bfloat16 logits. None is spilled."
    )
    made = t("Made by `{command}`.", command=COMMAND)
    return [f"## {t('Registers of the kernels for CUDA')}", words, grid([t("kernel"), *CODE["cards"]], _rows()), made]


def _paths(t: Language) -> list[list[str]]:
    composed = t("composed of Paddle's operators")
    kernels = t(
        "kernels for CUDA: sums over pixels (cross entropies, focal and overlap losses, their compounds), values of "
        "pixels, probabilities, exact distances (HausdorffDT, boundary), Lovász, clDice; other steps are composed"
    )
    return [
        [t("NVIDIA GPU; float32, float16 or bfloat16 logits and integer labels, outside static graphs"), kernels],
        [t("the same with float64, soft labels, `label_sets`, `from_logits=False`, or in a static graph"), composed],
        [t("NVIDIA GPU below compute capability 6.0, or with a driver before 450"), composed],
        ["XPU, NPU, DCU", composed],
        ["CPU", f"[{t('Native kernels')}](kernels{t.suffix}.md)"],
    ]


def _about(t: Language) -> list[str]:
    return [
        t(
            "The tests run the kernels' source on CPUs, against float64, with a stand-in for the driver; "
            "`python benchmarks/gpu_check.py` checks and times them on a card, with torch alone (below)."
        ),
        t(
            "A loss that is a sum over pixels launches one kernel over the logits in each direction. In "
            "between it keeps the logits and compact labels. After the calls that check labels, nothing waits for "
            "the device. Half precision is read as it is and summed in float32; results do not depend on the order of "
            "threads."
        ),
        t(
            "Neither a compiler nor the CUDA toolkit is needed. The driver compiles the kernels when a process first "
            "uses a GPU, which takes some seconds, and keeps the result for the next one. Then they are tried on a "
            "few numbers: if the driver refuses them, or a number is wrong, one warning says so and losses are "
            "composed."
        ),
        t("A CUDA graph is recorded after a call outside of it: the first one tries the kernels, and waits."),
        t(
            "Lovász losses sort with Paddle's operator, which may make the host wait and may not be recorded in a CUDA "
            "graph. `doctor --config` says how much memory the losses need at most."
        ),
        t(
            "`paddleseg-losses doctor --kernels` shows which path runs on GPUs, and why if it is the composed one. "
            "`PADDLESEG_LOSSES_KERNELS=composed` switches all kernels off."
        ),
    ]


def _rows() -> list[list[str]]:
    """One for the kernels that differ in the type of the logits alone."""
    most: dict[str, dict[str, int]] = {}
    for card, kernels in CODE["cards"].items():
        for name, used in kernels.items():
            row = most.setdefault(re.sub(r"_(f32|f16|bf16)$", "", name), {})
            row[card] = max(row.get(card, 0), used["registers"])
    return [[f"`{name}`", *(str(row[card]) for card in CODE["cards"])] for name, row in sorted(most.items())]

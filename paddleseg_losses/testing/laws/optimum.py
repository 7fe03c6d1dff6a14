"""Law 6: values stay in the stated range, the perfect prediction is the minimum, and descent descends."""

from __future__ import annotations

import numpy as np

from ...registry import LossSpec
from ..cases import IGNORED, Case, make, value_and_gradient, value_of
from ..law import assert_close, law, require


@law(
    6,
    "correct the range in its spec, or the formula",
    applies_to=lambda spec: spec.example.get("weight") is None,  # the range is that of the loss without class weights
    dtypes=("float32", "float64"),
)
def value_range(spec: LossSpec, case: Case) -> None:
    """Values stay in the range that its spec states."""
    low, high = spec.range
    loss, labels = make(spec), case.labels()
    right = case.perfect(labels)
    rounding = labels.size * np.finfo(case.dtype).eps
    for logits in (case.logits(), case.logits(scale=20), right, -right, right * 300, -right * 300):
        value = value_of(loss, logits, labels)
        require(low - rounding <= value <= high * (1 + rounding), f"a value of {value:.9g}", f"{low} to {high}")
    flat = value_of(loss, case.logits() * 0, labels)
    require(low <= flat <= high, f"a value of {flat:.9g} for logits of 0", f"{low} to {high}")


@law(
    6,
    "correct the formula, or state slack, blind, outlines_only or perfect_is_minimum=False in its spec if the paper "
    "has it so",
    applies_to=lambda spec: spec.perfect_is_minimum,
)
def perfect_minimum(spec: LossSpec, case: Case) -> None:
    """A perfect prediction has the lowest value, the low end of the range."""
    loss, labels = make(spec), case.labels()
    right = case.perfect(labels, size=60.0)
    best = value_of(loss, right, labels)
    if np.isfinite(spec.range[0]):
        assert_close(best, spec.range[0], "the value of a perfect prediction", atol=max(1e-12, spec.slack))
    for seed in range(5):
        other = value_of(loss, case.logits(seed=seed), labels)
        worse = other >= best if spec.blind else other > best
        require(worse, f"a random prediction has {other:.9g}, a perfect one {best:.9g}", "perfection to be lowest")
    wrong = value_of(loss, -right, labels)
    described = f"a wrong prediction has {wrong:.9g}, a perfect one {best:.9g}"
    require(wrong > best or spec.outlines_only, described, "perfection to be lowest")


@law(6, "see that no term of the gradient is lost, by detach() or no_grad, or has the wrong sign")
def step_down(spec: LossSpec, case: Case) -> None:
    """A small step down the gradient lowers the loss."""
    loss, logits, labels = make(spec), case.logits(), case.labels()
    if spec.blind:
        logits = logits / 5 - case.perfect(labels, size=1.0)  # wrong nearly everywhere: a thick error
    value, gradient = value_and_gradient(loss, logits, labels)
    if spec.blind and not gradient.any():
        nudged = value_of(loss, logits + 1e-3 * case.logits(seed=7), labels)
        assert_close(
            nudged, float(value), "the value beside a place without gradient", atol=1e-12 * max(1.0, abs(float(value)))
        )  # truly flat here
        return
    require(np.abs(gradient).max() > 0, "the gradient is 0 everywhere, or NaN", "a gradient")
    steps = (1e-3, 1e-4) if spec.detached else (1e-3,)  # what is constant by definition may jump on the way
    ends = [value_of(loss, logits - step / np.abs(gradient).max() * gradient, labels) for step in steps]
    after = min(ends)
    require(after < value, f"a step down the gradient leads from {value:.15g} to {after:.15g}", "a lower value")


@law(6, "correct the formula, or state monotone=False in its spec", applies_to=lambda spec: spec.monotone)
def towards_the_label(spec: LossSpec, case: Case) -> None:
    """Moving one logit towards its label never raises the loss."""
    loss, logits, labels = make(spec), case.logits(), case.labels()
    before = value_of(loss, logits, labels)
    rng = np.random.default_rng(3)
    valid = np.argwhere(labels != IGNORED)
    for index in valid[rng.choice(len(valid), 8, replace=False)]:
        label = labels[tuple(index)]
        n, *rest = index
        channel = label if case.mode == "multiclass" else 0
        place = (n, *rest) if case.mode == "multilabel" else (n, channel, *rest)
        moved = logits.copy()
        moved[place] += 0.7 if case.mode == "multiclass" or label == 1 else -0.7
        after = value_of(loss, moved, labels)
        rises = f"a logit moved towards its label leads from {before:.15g} to {after:.15g}"
        require(after <= before + 1e-6 * abs(before), rises, "a value that is no higher")


@law(
    6,
    "correct the soft formula, or state soft_minimum=False in its spec",
    applies_to=lambda spec: spec.soft and spec.soft_minimum,
    dtypes=("float64",),  # near the minimum float32 sees no difference
)
def soft_minimum(spec: LossSpec, case: Case) -> None:
    """Under soft targets the target itself is the minimum."""
    target = case.soft(seed=4)
    logits = np.log(target) if case.mode == "multiclass" else np.log(target) - np.log1p(-target)
    loss = make(spec, mode=case.mode)
    best = value_of(loss, logits, target)
    for seed in range(5):
        for size in (1e-3, 0.1, 2.0):
            other = value_of(loss, logits + case.logits(seed=seed, scale=size), target)
            require(other > best, f"{other:.15g} beside the target, {best:.15g} at it", "the target to be lowest")

"""Laws 1 to 3: nothing else is touched, ignored pixels do not matter, and with all ignored the loss is 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import paddle

from ...registry import LossSpec
from ..cases import IGNORED, Case, has, make, takes_weights, value_and_gradient, weights
from ..law import assert_close, assert_equal, assert_equivalent, law, require

JUNK = (1e4, -1e4, np.inf, np.nan)
MASKED = "read inputs.prob, inputs.target and inputs.mask in the hook, and normalise by the pixels that count"


@law(1, "work on a copy: paddle.where(...) gives a new tensor, x[...] = and in-place methods write into the caller's")
def no_writes(spec: LossSpec, case: Case) -> None:
    """Logits, labels and weights are as they were after a call."""
    logits, labels = case.logits(), case.labels()
    weight = weights(spec, case)
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    ones = np.ones((case.samples, *case.space), "float32")
    extra = {"pixel_weight": paddle.to_tensor(ones)} if spec.cls.takes_pixel_weight else {}  # type: ignore[attr-defined]
    make(spec, **({"weight": weight} if takes_weights(spec) else {}))(z, y, **extra).backward()
    assert_close(z.numpy(), logits, "a logit after the call")
    assert_close(y.numpy(), labels, "a label after the call")
    require(weight == weights(spec, case), f"weight is {weight} after the call", f"{weights(spec, case)}")
    for given in extra.values():
        assert_close(given.numpy(), ones, "a pixel's weight after the call")


@law(1, "put no hook on the logits: it meets the gradient of all that is made of them")
def other_uses(spec: LossSpec, case: Case) -> None:
    """What else is made of the logits keeps its gradient, at ignored pixels too."""
    logits, labels = case.logits(), case.labels()
    other = case.logits(seed=1)
    z = paddle.to_tensor(logits, stop_gradient=False)
    (make(spec)(z, paddle.to_tensor(labels)) + (paddle.to_tensor(other) * z).sum()).backward()
    alone = value_and_gradient(make(spec), logits, labels)[1]
    assert_close(z.grad.numpy() - other, alone, "the gradient beside another use of the logits", atol=1e-6)


@law(2, MASKED)
def ignored_logits(spec: LossSpec, case: Case) -> None:
    """Whatever the logits of ignored pixels are, value and gradient stay; their own gradient is 0."""
    logits, labels = case.logits(), case.labels()
    ignored = case.ignored(labels)
    expected = value_and_gradient(make(spec), logits, labels)
    gradient = expected[1]
    assert_close(gradient[ignored], 0 * gradient[ignored], "the gradient at ignored pixels")
    require(gradient[~ignored].any() or spec.blind, "the gradient is 0 everywhere", "a gradient")
    for junk in JUNK:
        changed = np.where(ignored, np.float32(junk), logits)
        assert_equal(value_and_gradient(make(spec), changed, labels), expected, f"with {junk} under the mask")


@law(2, MASKED, applies_to=lambda spec: not spec.neighbours)
def cropped(spec: LossSpec, case: Case) -> None:
    """To ignore pixels is to cut them away."""
    logits, labels = case.logits(), case.labels(ignored=0)
    labels[..., -2:] = IGNORED
    value, gradient = value_and_gradient(make(spec), logits, labels)
    expected = value_and_gradient(make(spec), logits[..., :-2].copy(), labels[..., :-2].copy())
    assert_equivalent((value, gradient[..., :-2]), expected, "with ignored pixels, not cut away,")


@law(2, "never write 255 in a formula: inputs.valid and inputs.mask know the number that is ignored")
def other_index(spec: LossSpec, case: Case) -> None:
    """Another ignore_index means the same."""
    logits, labels = case.logits(), case.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    renamed = value_and_gradient(make(spec, ignore_index=-100), logits, np.where(labels == IGNORED, -100, labels))
    assert_equal(renamed, expected, "with ignore_index=-100")


@law(
    2,
    "multiply by inputs.pixel_weight in every sum over pixels, the divisor's too",
    applies_to=lambda spec: spec.cls.takes_pixel_weight and not (spec.neighbours or spec.counts_unweighted),  # type: ignore[attr-defined]
)
def weighted_pixels(spec: LossSpec, case: Case) -> None:
    """A pixel of weight 3 is three pixels, and one of weight 0 is ignored."""
    row = replace(case, space=(11,))
    logits, labels = row.logits(), row.labels()
    times = np.array([1, 0, 3, 2, 1, 1, 0, 2, 1, 4, 1])
    weight = np.broadcast_to(times.astype(case.dtype), (case.samples, 11))
    value, gradient = value_and_gradient(make(spec), logits, labels, pixel_weight=paddle.to_tensor(weight))
    copies, copied = value_and_gradient(make(spec), *(np.repeat(x, times, axis=-1) for x in (logits, labels)))
    ends = np.cumsum(times)
    added = np.stack([copied[..., end - n : end].sum(axis=-1) for end, n in zip(ends, times)], axis=-1)
    assert_equivalent((value, gradient), (copies, added), "with weighted pixels, not copies of them,")


@law(3, "divide by numeric.safe_divide, so that nothing valid gives 0 and not 0 / 0")
def all_ignored(spec: LossSpec, case: Case) -> None:
    """With everything ignored the loss is 0, attached to the graph, with a gradient of 0."""
    variants: list[dict[str, bool]] = [{}, {"batch": True}] if has(spec, "batch") else [{}]
    for scale in (1.0, 1e4):
        for options in variants:
            logits = paddle.to_tensor(case.logits(scale=scale), stop_gradient=False)
            loss = make(spec, **options)(logits, paddle.to_tensor(np.full_like(case.labels(), IGNORED)))
            require(not loss.stop_gradient, "with all ignored the loss has left the graph", "a loss to go back from")
            loss.backward()
            assert_close(float(loss), 0.0, "the loss of nothing")
            assert_close(logits.grad.numpy(), np.zeros(logits.shape), "the gradient of nothing")


@law(3, "divide by numeric.safe_divide wherever a sample may have no valid pixel")
def one_sample_ignored(spec: LossSpec, case: Case) -> None:
    """A sample of which everything is ignored leaves the others their finite loss."""
    labels = case.labels()
    labels[0] = IGNORED
    value, gradient = value_and_gradient(make(spec), case.logits(), labels)
    require(np.isfinite(value), f"the value with one sample ignored is {value}", "a finite number")
    require(np.isfinite(gradient).all(), "the gradient with one sample ignored is not finite", "finite numbers")
    assert_close(gradient[0], 0 * gradient[0], "the gradient of the ignored sample")
    flat = spec.blind or spec.plateau
    require(gradient[1:].any() or flat, "the other samples have no gradient", "a gradient")

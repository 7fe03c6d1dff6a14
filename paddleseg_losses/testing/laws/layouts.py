"""Law 4: the same problem written differently has the same loss."""

from __future__ import annotations

import numpy as np
import paddle

from ...errors import InputError, OptionError
from ...registry import LossSpec
from ..cases import IGNORED, Array, Case, foreground_only, make, value_and_gradient, value_of
from ..law import assert_close, assert_equal, assert_equivalent, law, require

DOOR = "leave layouts to forward, which you inherit: the hook gets clean tensors, and reads only these"


@law(4, DOOR, case_filter=lambda case: case.mode != "multilabel")  # whose labels always have the channel axis
def channel_axis(spec: LossSpec, case: Case) -> None:
    """Labels `[N, *S]` and `[N, 1, *S]` are the same."""
    logits, labels = case.logits(), case.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    assert_equal(value_and_gradient(make(spec), logits, labels[:, None]), expected, "of labels with a channel axis")


@law(4, DOOR)
def label_dtypes(spec: LossSpec, case: Case) -> None:
    """Labels may be integers of any kind."""
    logits, labels = case.logits(), case.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    for dtype in ("uint8", "int16", "int32"):
        assert_equal(value_and_gradient(make(spec), logits, labels.astype(dtype)), expected, f"of {dtype} labels")


@law(4, DOOR)
def channels_last(spec: LossSpec, case: Case) -> None:
    """With data_format='NHWC' the channels may be the last axis."""
    logits, labels = case.logits(), case.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    moved = np.ascontiguousarray(np.moveaxis(logits, 1, -1))
    variants = [_last(labels)] if case.mode == "multilabel" else [labels, labels[..., None]]
    for given in variants:
        value, gradient = value_and_gradient(make(spec, data_format="NHWC"), moved, given)
        assert_equal((value, np.moveaxis(gradient, -1, 1)), expected, "with data_format='NHWC'")


def _last(labels: Array) -> Array:
    return np.ascontiguousarray(np.moveaxis(labels, 1, -1))


@law(
    4,
    "score every channel against the rest, or state one_vs_rest=False in its spec",
    applies_to=lambda spec: spec.one_vs_rest and {"binary", "multiclass"} <= set(spec.modes),
    case_filter=lambda case: case.mode == "binary",
    dtypes=("float32", "float64"),
)
def sigmoid_is_softmax_of_two(spec: LossSpec, case: Case) -> None:
    """One channel z is the foreground of the two channels (0, z)."""
    logits, labels = case.logits(), case.labels()
    value, gradient = value_and_gradient(make(spec), logits, labels)
    two = np.concatenate([np.zeros_like(logits), logits], axis=1)
    other, other_gradient = value_and_gradient(make(spec, **foreground_only(spec)), two, labels)
    rtol, *of_gradient = (1e-10, 1e-8, 1e-14) if case.dtype == "float64" else (2e-6, 2e-5, 1e-8)
    assert_close(value, other, "the value of one channel, not of two,", rtol)
    assert_close(gradient[:, 0], other_gradient[:, 1], "the gradient of one channel, not of two,", *of_gradient)


@law(4, DOOR, case_filter=lambda case: case.mode == "multiclass")
def one_hot(spec: LossSpec, case: Case) -> None:
    """With mode='multiclass' labels may be one-hot."""
    logits, labels = case.logits(), case.labels()
    hot = np.moveaxis(np.eye(case.channels, dtype="int64")[np.where(labels == IGNORED, 0, labels)], -1, 1).copy()
    hot[case.ignored(labels)] = IGNORED
    one_hot = value_and_gradient(make(spec, mode="multiclass"), logits, hot)
    assert_equal(one_hot, value_and_gradient(make(spec), logits, labels), "of one-hot labels")


@law(4, "make the formula for soft targets the hard one at 0 and 1", applies_to=lambda spec: spec.soft)
def hard_targets_as_floats(spec: LossSpec, case: Case) -> None:
    """Soft targets of 0 and 1 are labels."""
    logits, labels = case.logits(), case.labels(ignored=0)
    if case.mode == "multiclass":
        soft = np.moveaxis(np.eye(case.channels)[labels], -1, 1).astype(case.dtype)
    else:
        soft = labels.astype(case.dtype)
    of_soft = value_and_gradient(make(spec, mode=case.mode), logits, soft)
    assert_equivalent(of_soft, value_and_gradient(make(spec), logits, labels), "of soft targets that are 0 and 1")


@law(
    4,
    "read probabilities through inputs.prob, or name the modes that need logits in logits_only of its spec",
    dtypes=("float64",),  # a probability in float32 has lost what is near 1
)
def probabilities(spec: LossSpec, case: Case) -> None:
    """With from_logits=False it takes what the activation makes of the logits, 0 and 1 included, or refuses to."""
    logits, labels = case.logits(), case.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    z = paddle.to_tensor(logits, stop_gradient=False)
    p = paddle.nn.functional.softmax(z, axis=1) if case.mode == "multiclass" else paddle.nn.functional.sigmoid(z)
    if case.mode in spec.logits_only:
        try:
            make(spec, from_logits=False)(p, paddle.to_tensor(labels))
        except (OptionError, InputError) as error:
            require("from_logits" in str(error), f"from_logits=False is refused by {error}", "a word of from_logits")
            return
        require(False, "from_logits=False is not refused", f"a refusal, as logits_only names {case.mode}")
    value = make(spec, from_logits=False)(p, paddle.to_tensor(labels))
    value.backward()
    assert_close(float(value), expected[0], "the value of probabilities", 1e-6)
    assert_close(z.grad.numpy(), expected[1], "the gradient through probabilities", 1e-5, 1e-10)
    _certain(spec, case)


def _certain(spec: LossSpec, case: Case) -> None:
    """Probabilities of exactly 0 and 1: right and wrong ones, but none whose loss may be infinite."""
    labels = case.labels()
    truth = case.perfect(labels, size=200.0)
    shifted = case.perfect((labels + 1) % case.classes, size=200.0)
    # Elsewhere logarithms are compared, which stop at the clip.
    certain = {"right": spec.perfect_is_minimum, "wrong": np.isfinite(spec.range[1])}
    for what, logits in {"right": truth, "wrong": shifted}.items():
        if certain[what]:
            p = (logits > 0).astype(case.dtype)
            value, gradient = value_and_gradient(make(spec, from_logits=False), p, labels)
            expected = value_of(make(spec), logits, labels)
            assert_close(
                value, expected, f"the value of probabilities of 0 and 1, all {what},", 1e-6, max(1e-9, spec.slack)
            )
            finite = np.isfinite(gradient).all()
            require(finite, f"the gradient at probabilities of 0 and 1, all {what}, is not finite", "finite numbers")

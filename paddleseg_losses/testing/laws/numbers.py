"""Laws 7 to 9: gradients are those of the value, everything is finite, and half precision is read exactly."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import paddle

from ...registry import LossSpec
from ..cases import Array, Case, has, make, possible, takes_weights, value_and_gradient, value_of, weights
from ..law import assert_close, law, require

EXPONENTS = (0, 0.3, 0.5, 1, 2, 5)
SLOPE = (
    "find the detach(), no_grad, argmax or rounding on the way; what is constant by definition is named in "
    "`detached` of its spec, and a method that computes it in `held`"
)
FINITE = "clip what goes into log, division and powers (paddleseg_losses.numeric), or work with log-softmax"
DOUBLE = "compute in the type of inputs.logits, which forward has cast already; no astype('float16' or 'float32')"


def _freeze(loss: Any, method: str) -> None:
    """Let a method answer as it did the first time."""
    real = getattr(loss, method)
    first: list[Any] = []

    def held(inputs: Any) -> Any:
        if not first:
            first.append(real(inputs))
        return first[0]

    object.__setattr__(loss, method, held)


def _slopes(loss: Any, logits: Array, labels: Array) -> None:
    """Detached quantities are constant between jumps, and the steps are too small to cross one.

    Those that small steps move are held at their first value.
    """
    for method in loss.spec.held:
        _freeze(loss, method)
    _, gradient = value_and_gradient(loss, logits, labels)
    for seed in range(2):
        direction = np.random.default_rng(100 + seed).normal(size=logits.shape)
        h = 1e-6 if loss.spec.sorts else 1e-5  # nearly equal errors change places
        at = [value_of(loss, logits + k * h * direction, labels) for k in (-2, -1, 1, 2)]
        slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h)  # fourth order
        assert_close(
            (gradient * direction).sum(),
            slope,
            "the gradient along a direction, not the finite difference,",
            1e-6,
            1e-9,
        )


@law(7, SLOPE, dtypes=("float64",))
def finite_differences(spec: LossSpec, case: Case) -> None:
    """The gradient equals finite differences in float64."""
    _slopes(make(spec), case.logits(), case.labels())


@law(7, SLOPE, applies_to=lambda spec: has(spec, "batch") or has(spec, "weight"), dtypes=("float64",))
def finite_differences_with_shared_options(spec: LossSpec, case: Case) -> None:
    """With batch and weight too."""
    options: dict[str, Any] = {}
    if has(spec, "batch"):
        options["batch"] = True
    if takes_weights(spec):
        options["weight"] = weights(spec, case)
    _slopes(make(spec, **options), case.logits(), case.labels())


@law(7, SLOPE, applies_to=lambda spec: spec.soft, dtypes=("float64",))
def finite_differences_under_soft_targets(spec: LossSpec, case: Case) -> None:
    """Under soft targets too."""
    _slopes(make(spec, mode=case.mode), case.logits(), case.soft(seed=5))


def _extremes(case: Case, labels: Array) -> dict[str, Array]:
    right = case.perfect(labels, size=1.0)
    noise = np.sign(case.logits(seed=9))
    return {
        "right by 1e4": right * 1e4,
        "wrong by 1e4": -right * 1e4,
        "random signs of 1e4": noise * 1e4,
        "all 0": np.zeros_like(right),
        "right by 16.6": right * 16.6,
        "wrong by 200": -right * 200,
    }


def _finite(loss: Any, logits: Array, labels: Array, what: str) -> None:
    value, gradient = value_and_gradient(loss, logits, labels)
    require(np.isfinite(value), f"the value is {value} for {what}", "a finite number")
    count = int((~np.isfinite(gradient)).sum())
    require(count == 0, f"the gradient has {count} numbers that are not finite for {what}", "finite numbers")


@law(8, FINITE, dtypes=("float32", "float64"))
def extremes(spec: LossSpec, case: Case) -> None:
    """Value and gradient are finite for logits up to 1e4."""
    loss, labels = make(spec), case.labels()
    for name, logits in _extremes(case, labels).items():
        _finite(loss, logits, labels, f"logits {name}, {case.dtype}")


@law(
    8,
    FINITE,
    applies_to=lambda spec: bool(spec.exponents),
    case_filter=lambda case: len(case.space) == 2,  # one of every mode, and two classes, which have loops of their own
    dtypes=("float32", "float64"),
)
def exponents(spec: LossSpec, case: Case) -> None:
    """They are finite for every exponent too."""
    labels = case.labels()
    for option, exponent in itertools.product(spec.exponents, EXPONENTS):
        if possible(spec, option, exponent):
            loss = make(spec, **{option: exponent})
            for name, logits in _extremes(case, labels).items():
                _finite(loss, logits, labels, f"logits {name}, {case.dtype}, {option}={exponent}")


@law(8, FINITE, case_filter=lambda case: len(case.space) > 1)  # what goes wrong along one axis does along two
def one_label(spec: LossSpec, case: Case) -> None:
    """Value and gradient are finite where all labels are 0, or all 1."""
    loss = make(spec)
    for label in (0, 1):
        labels = np.full_like(case.labels(), label)
        for name, logits in _extremes(case, labels).items():
            _finite(loss, logits, labels, f"logits {name} and labels all {label}")


@law(9, DOUBLE)
def half_precision(spec: LossSpec, case: Case) -> None:
    """Half precision logits have the value of the same numbers in float32, which is 0-D float32."""
    labels = paddle.to_tensor(case.labels())
    for dtype in ("float16", "bfloat16"):
        half = paddle.to_tensor(case.logits()).astype(dtype)
        half.stop_gradient = False
        loss = make(spec)(half, labels)
        loss.backward()
        _shaped(loss, paddle.float32, f"of {dtype} logits")
        full = float(make(spec)(half.detach().astype("float32"), labels))
        assert_close(
            float(loss),
            full,
            f"the value of {dtype} logits, not of the same in float32,",
            atol=max(1e-6 * abs(full), 1e-12),
        )
        gradient: Any = half.grad
        require(gradient.dtype == half.dtype, f"the gradient is {gradient.dtype}", f"{half.dtype}, as the logits")
        finite = np.isfinite(gradient.astype("float32").numpy()).all()
        require(finite, f"the gradient of {dtype} logits is not finite", "finite numbers")


@law(9, DOUBLE)
def double_precision(spec: LossSpec, case: Case) -> None:
    """Double precision stays, and float32 is near it."""
    logits, labels = case.logits(dtype="float64"), paddle.to_tensor(case.labels())
    loss = make(spec)(paddle.to_tensor(logits), labels)
    _shaped(loss, paddle.float64, "of float64 logits")
    single = float(make(spec)(paddle.to_tensor(logits.astype("float32")), labels))
    double = float(loss)
    assert_close(single, double, "the value in float32, not in float64,", atol=max(1e-5 * abs(double), 1e-6))


def _shaped(loss: Any, dtype: Any, what: str) -> None:
    described = f"the loss {what} is {loss.dtype} of shape {list(loss.shape)}"
    require(loss.dtype == dtype and list(loss.shape) == [], described, f"a 0-D {dtype}")

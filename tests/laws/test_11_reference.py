"""Law 11: equal to independent implementations: stored values of other libraries, and plain NumPy on fresh inputs."""

import itertools

import numpy as np
import paddle
import pytest

from paddleseg_losses import errors, registry
from paddleseg_losses.options import options_of
from tests.reference import REFERENCE
from tests.reference.stored import load

from .cases import (
    each_case,
    each_loss_in_its_cases,
    has,
    make,
    named,
    takes_weights,
    value_and_gradient,
    weights,
)

STORED = [record for record in load() if record["cls"] in registry.names()]
SHARED = {
    "ignore_index", "label_sets", "reduction", "mode", "from_logits", "data_format", "checks", "schedule", "spacing",
    "sync",
}  # fmt: skip  # tried elsewhere


@pytest.mark.parametrize(
    "record", STORED, ids=lambda r: f"{r['cls']}-{r['case']}-{'-'.join(f'{k}={v}' for k, v in r['kwargs'].items())}"
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_stored_values(record, dtype):
    tolerance = {"rtol": record["rtol"], "atol": record["atol"]} if dtype == "float64" else {"rtol": 1e-4, "atol": 1e-5}
    loss = registry.build(record["cls"], **record["kwargs"])
    value, gradient = value_and_gradient(loss, record["logits"].astype(dtype), record["labels"])
    np.testing.assert_allclose(value, record["value"], **tolerance)
    if record["grad"] is not None:
        np.testing.assert_allclose(gradient, record["grad"], **tolerance)


def test_every_loss_has_a_reference():
    """Stored values are welcome beside it; a loss may have none, as nobody else may have written it."""
    assert set(registry.names()) <= set(REFERENCE)
    assert len({record["cls"] for record in STORED}) >= 40


def _value(loss, logits, labels, **named):
    """What autograd makes of it is another law's."""
    return loss(paddle.to_tensor(logits), paddle.to_tensor(labels), **named).numpy()


def _compare(spec, logits, labels, **options):
    options = {**spec.example, **options}
    actual = _value(make(spec, **options), logits, labels)
    np.testing.assert_allclose(actual, REFERENCE[spec.name](logits, labels, **options), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("spec", "cases"), each_loss_in_its_cases())
def test_defaults_on_fresh_inputs(spec, cases):
    for case, seed in itertools.product(cases, (11, 12)):
        with named(f"{case} seed {seed}"):
            _compare(spec, case.logits(seed=seed), case.labels(seed=seed + 100))
            _compare(spec, case.logits(seed=seed, scale=8), case.labels(seed=seed + 100))


@pytest.mark.parametrize(("spec", "cases"), each_loss_in_its_cases())
def test_cells_without_a_valid_pixel(spec, cases):
    """A whole sample ignored, and one channel of a multilabel problem: the cell is 0 and still counts."""
    variants = [{"batch": False}, {"batch": True}] if has(spec, "batch") else [{}]
    for case, options in itertools.product(cases, variants):
        labels, channel = case.labels(seed=17), case.labels(seed=19)
        labels[0] = 255
        with named(f"{case} {options}"):
            _compare(spec, case.logits(seed=18), labels, **options)
            if case.mode == "multilabel":
                channel[:, 1] = 255
                _compare(spec, case.logits(seed=18), channel, **options)


def _tried(spec):
    """The options of which this law tries values of its own."""
    weight = {"weight"} if takes_weights(spec) else set()
    return [name for name in options_of(spec.cls) if name not in SHARED | weight | set(spec.example)]


@pytest.mark.parametrize(("spec", "cases"), each_loss_in_its_cases(_tried))
def test_options_on_fresh_inputs(spec, cases):
    for case, name in itertools.product(cases, _tried(spec)):
        with named(f"{case} {name}"):
            assert _compare_options(spec, case, name, case.logits(seed=21), case.labels(seed=22)), "no value was taken"


def _compare_options(spec, case, name, logits, labels, **more):
    """Compare with the reference for values of an option away from its default, as many as the loss takes."""
    option, taken = options_of(spec.cls)[name], 0
    others = [value for value in option.examples if not option.is_default(option.parse(value, spec.name))]
    if not option.examples:  # they depend on the problem: numbers for classes, for labels or for terms, or a matrix
        others = [[0.3], [0.3, 0.9], [0.3, 0.9, 0.6], np.random.default_rng(3).random((case.channels,) * 2)]
        others[-1] *= 1 - np.eye(case.channels)
    for value in others if len(others) <= 2 or not option.examples else [others[0], others[-2]]:
        try:
            _compare(spec, logits, labels, **{name: value}, **more)
        except errors.OptionError:
            continue
        taken += 1
    return taken


@pytest.mark.parametrize(("spec", "cases"), each_loss_in_its_cases(takes_weights))
def test_weights_on_fresh_inputs(spec, cases):
    variants = [{}, {"label_smoothing": 0.2}] if has(spec, "label_smoothing") else [{}]
    for case, options in itertools.product(cases, variants):
        with named(f"{case} {options}"):
            _compare(spec, case.logits(seed=31), case.labels(seed=32), weight=weights(spec, case), **options)


@pytest.mark.parametrize(("spec", "case"), each_case(lambda spec: spec.cls.takes_pixel_weight))
def test_pixel_weights_on_fresh_inputs(spec, case):
    a = np.random.default_rng(71).random((case.samples, *case.space)) * 2
    logits, targets = case.logits(seed=72), [case.labels(seed=73)]
    if spec.soft and case.mode != "multiclass":
        targets.append(case.soft(seed=74))
    for labels in targets:
        options = {**spec.example, **({"weight": weights(spec, case)} if takes_weights(spec) else {})}
        actual = _value(make(spec, **options), logits, labels, pixel_weight=paddle.to_tensor(a))
        expected = REFERENCE[spec.name](logits, labels, pixel_weight=a, **options)
        np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("spec", "case"), each_case(lambda spec: spec.soft))
def test_soft_targets_on_fresh_inputs(spec, case):
    target = np.random.default_rng(41).random((case.samples, case.channels, *case.space))
    if case.mode == "multiclass":
        target /= target.sum(axis=1, keepdims=True)
    target[0, :, ..., 0] = 255
    for name in _tried(spec):
        assert _compare_options(spec, case, name, case.logits(seed=42), target, mode=case.mode), name


@pytest.mark.parametrize("reduction", ["sum", "none"])
@pytest.mark.parametrize(
    ("spec", "cases"), each_loss_in_its_cases(lambda spec: takes_weights(spec) or has(spec, "include_background"))
)
def test_reductions_on_fresh_inputs(spec, cases, reduction):
    try:
        loss = make(spec, reduction=reduction)
    except errors.OptionError:
        assert "single number" in spec.cls.__doc__  # it is documented that there is nothing else to reduce to
        return
    for case in cases:
        logits, labels = case.logits(seed=51), case.labels(seed=52)
        actual = loss(paddle.to_tensor(logits), paddle.to_tensor(labels)).numpy()
        expected = REFERENCE[spec.name](logits, labels, reduction=reduction, **spec.example)
        with named(case):
            assert actual.shape == np.shape(expected)
            np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("spacing", [2.5, [1.0, 3.0, 0.5]])
@pytest.mark.parametrize(("spec", "case"), each_case(lambda spec: has(spec, "spacing")))
def test_spacing_on_fresh_inputs(spec, case, spacing):
    spacing = spacing[: len(case.space)] if isinstance(spacing, list) else spacing
    options = {**spec.example, "spacing": spacing}
    actual = _value(make(spec, **options), case.logits(seed=61), case.labels(seed=62))
    full = spacing if isinstance(spacing, list) else [spacing] * len(case.space)
    expected = REFERENCE[spec.name](case.logits(seed=61), case.labels(seed=62), **{**options, "spacing": full})
    np.testing.assert_allclose(actual, expected, rtol=1e-10)

"""Law 11: equal to independent implementations: stored values of other libraries, and plain NumPy on fresh inputs."""

import numpy as np
import pytest

from paddleseg_losses import errors, registry
from paddleseg_losses.options import options_of
from tests.reference import REFERENCE
from tests.reference.stored import load

from .cases import each_case, each_loss, has, make, possible, takes_weights, value_and_gradient, weights

STORED = [record for record in load() if record["cls"] in registry.names()]
OWN_VALUES = {  # two settings of each kind of option, away from the defaults
    "smooth": [0.0, 1e-5],
    "alpha": [0.2, 0.8],
    "beta": [0.9, 0.4],
    "gamma": [0.3, 1.3],
    "label_smoothing": [0.1, 0.3],
    "squared_pred": [True, False],
    "batch": [True, False],
    "include_background": [True, False],
    "per_image": [True, False],
    "one_sided": [True, False],
    "classes": ["present", [1]],
    "ce_weight": [0.3],
    "c4": [0.1],
    "coef": [[0.3, 2.0]],
    "delta": [0.3],
    "dist_matrix": [lambda case: np.random.default_rng(3).random((case.channels,) * 2) * (1 - np.eye(case.channels))],
    "distance_type": ["l2"],
    "epsilon": [-0.5, 2.0],
    "eps": [1e-3],
    "erosions": [3],
    "gamma_cross": [0.7],
    "gamma_dice": [0.7],
    "iters": [1],
    "k": [0.5, 40.0],
    "kernel_size": [5],
    "lambda_ce": [0.3],
    "lambda_dice": [0.3],
    "lambda_focal": [0.3],
    "lovasz_weight": [0.3],
    "max_alpha": [0.1],
    "normalize": [False],
    "pos_weight": [3.0],
    "r": [0.6],
    "radii": [[1.5, 4.0]],
    "sigma": [0.7],
    "w_cross": [0.5],
    "w_dice": [0.5],
    "w_type": ["simple", "uniform"],
    "weighting_mode": ["GDL"],
    "window_size": [5],
}
SHARED = {
    "ignore_index", "reduction", "mode", "from_logits", "data_format", "checks", "schedule", "weight", "spacing",
    "sync",
}  # fmt: skip


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


def test_every_loss_has_stored_values_and_a_reference():
    published = {spec.name for spec in registry.specs() if spec.published}
    assert published == {record["cls"] for record in STORED}
    assert set(registry.names()) <= set(REFERENCE)


@pytest.mark.parametrize("spec", each_loss())
def test_every_option_is_tried(spec):
    assert set(options_of(spec.cls)) - SHARED - set(spec.example) <= set(OWN_VALUES)


def _compare(spec, logits, labels, **options):
    options = {**spec.example, **options}
    found, _ = value_and_gradient(make(spec, **options), logits, labels)
    np.testing.assert_allclose(found, REFERENCE[spec.name](logits, labels, **options), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize(("spec", "case"), each_case())
def test_defaults_on_fresh_inputs(spec, case, seed):
    _compare(spec, case.logits(seed=seed), case.labels(seed=seed + 100))
    _compare(spec, case.logits(seed=seed, scale=8), case.labels(seed=seed + 100))


@pytest.mark.parametrize(("spec", "case"), each_case())
def test_cells_without_a_valid_pixel(spec, case):
    """A whole sample ignored, and one channel of a multilabel problem: the cell is 0 and still counts."""
    labels = case.labels(seed=17)
    labels[0] = 255
    variants = [{"batch": False}, {"batch": True}] if has(spec, "batch") else [{}]
    for options in variants:
        _compare(spec, case.logits(seed=18), labels, **options)
        if case.mode == "multilabel":
            channel = case.labels(seed=19)
            channel[:, 1] = 255
            _compare(spec, case.logits(seed=18), channel, **options)


@pytest.mark.parametrize(("spec", "case"), each_case())
def test_options_on_fresh_inputs(spec, case):
    logits, labels = case.logits(seed=21), case.labels(seed=22)
    for name, values in OWN_VALUES.items():
        for value in values if has(spec, name) else []:
            value = value(case) if callable(value) else value
            if not possible(spec, name, value) or (name == "classes" and value == [1] and case.channels == 1):
                continue
            if name == "alpha" and options_of(spec.cls)["alpha"].default is None and case.mode == "multiclass":
                value = [value, *[0.5, 0.7][: case.channels - 1]]  # a factor for each class
            _compare(spec, logits, labels, **{name: value})


@pytest.mark.parametrize(("spec", "case"), each_case(takes_weights))
def test_weights_on_fresh_inputs(spec, case):
    weight = weights(spec, case)
    _compare(spec, case.logits(seed=31), case.labels(seed=32), weight=weight)
    if has(spec, "label_smoothing"):
        _compare(spec, case.logits(seed=31), case.labels(seed=32), weight=weight, label_smoothing=0.2)


@pytest.mark.parametrize(("spec", "case"), each_case(lambda spec: spec.soft))
def test_soft_targets_on_fresh_inputs(spec, case):
    target = np.random.default_rng(41).random((case.samples, case.channels, *case.space))
    if case.mode == "multiclass":
        target /= target.sum(axis=1, keepdims=True)
    target[0, :, ..., 0] = 255
    for name in ("smooth", "gamma", "squared_pred", "label_smoothing", "batch"):
        for value in OWN_VALUES[name] if has(spec, name) else []:
            _compare(spec, case.logits(seed=42), target, mode=case.mode, **{name: value})


@pytest.mark.parametrize("reduction", ["sum", "none"])
@pytest.mark.parametrize(
    ("spec", "case"), each_case(lambda spec: takes_weights(spec) or has(spec, "include_background"))
)
def test_reductions_on_fresh_inputs(spec, case, reduction):
    try:
        loss = make(spec, reduction=reduction)
    except errors.OptionError:
        assert "one number" in spec.cls.__doc__  # it is documented that there is nothing else to reduce to
        return
    import paddle

    logits, labels = case.logits(seed=51), case.labels(seed=52)
    found = loss(paddle.to_tensor(logits), paddle.to_tensor(labels)).numpy()
    expected = REFERENCE[spec.name](logits, labels, reduction=reduction, **spec.example)
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("spacing", [2.5, [1.0, 3.0, 0.5]])
@pytest.mark.parametrize(("spec", "case"), each_case(lambda spec: has(spec, "spacing")))
def test_spacing_on_fresh_inputs(spec, case, spacing):
    spacing = spacing[: len(case.space)] if isinstance(spacing, list) else spacing
    options = {**spec.example, "spacing": spacing}
    found, _ = value_and_gradient(make(spec, **options), case.logits(seed=61), case.labels(seed=62))
    full = spacing if isinstance(spacing, list) else [spacing] * len(case.space)
    expected = REFERENCE[spec.name](case.logits(seed=61), case.labels(seed=62), **{**options, "spacing": full})
    np.testing.assert_allclose(found, expected, rtol=1e-10)

"""Errors weighted by distances on a card, to the end of the losses: equal to float64, with known maps or without."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import BoundaryLoss, HausdorffDTLoss, ShapeAwareLoss
from paddleseg_losses.kernels.cuda.distance_weighted import boundary_sums, hausdorff_sums
from paddleseg_losses.transforms import DistanceMaps, known_maps
from tests.kernels.cuda import fake
from tests.kernels.cuda.agreement import TURN_ORDERS, assert_equal_to_float64, assert_same_bits
from tests.kernels.problems import DISTANCE_LOSSES, task
from tests.kernels.regions import blocks_of
from tests.laws.cases import Case, value_and_gradient

CASES = [
    Case("binary", 1, (13, 17)),
    Case("multiclass", 2, (1, 29)),
    Case("multiclass", 3, (37,)),
    Case("multiclass", 5, (7, 9, 8)),
    Case("multilabel", 3, (11, 14)),
    Case("multiclass", 3, (1, 1)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(("cls", "options"), DISTANCE_LOSSES, ids=lambda x: getattr(x, "__name__", str(x)))
def test_equal_to_float64(card, cls, options, case):
    loss, logits, labels = cls(**options), case.logits(), blocks_of(case)
    if options.get("reduction") == "none":
        whole = cls(**{**options, "reduction": "mean"})
        actual = loss(paddle.to_tensor(logits.astype("float32")), paddle.to_tensor(labels)).numpy()
        np.testing.assert_allclose(actual, loss(paddle.to_tensor(logits), paddle.to_tensor(labels)).numpy(), 1e-5, 1e-6)
        loss = whole
    assert_equal_to_float64(loss, logits, labels)
    assert "distance_weighted" in card.names


@pytest.mark.parametrize("cls", [HausdorffDTLoss, BoundaryLoss])
def test_many_classes(card, cls):
    case = Case("multiclass", 150, (4, 5), samples=1)
    assert_equal_to_float64(cls(), case.logits(), case.labels())


@pytest.mark.parametrize("cls", [ShapeAwareLoss])
def test_other_losses_of_distances(card, cls):
    case = Case("multiclass", 3, (9, 14))
    assert_equal_to_float64(cls(), case.logits(), blocks_of(case))
    assert "edt_distance" in card.names


def _maps(labels, channels, spacing):
    made = [DistanceMaps(channels, spacing).of(label) for label in labels]
    return {key: np.stack([each[key] for each in made]) for key in made[0]}


@pytest.mark.parametrize("fitting", [True, False])
@pytest.mark.parametrize("shape", [(12, 19), (5, 7, 6)], ids=str)
@pytest.mark.parametrize(("cls", "options"), [each for each in DISTANCE_LOSSES if "reduction" not in each[1]])
def test_known_maps_are_used_if_they_fit(card, cls, options, shape, fitting):
    case = Case("multiclass", 3, shape)
    options = {**options, "spacing": (1.5, 0.5, 2.0)[: len(shape)]}
    logits, labels = case.logits(dtype="float32"), blocks_of(case)
    expected = value_and_gradient(cls(**options), logits, labels)
    others = labels.copy()
    others[(0, *[3] * len(shape))] = (labels[(0, *[3] * len(shape))] + 1) % 3
    with known_maps(_maps(labels if fitting else others, 3, options["spacing"])):
        actual = value_and_gradient(cls(**options), logits, labels)
    assert card.names.count("known_misfit") == 1
    np.testing.assert_allclose(actual[0], expected[0], rtol=1e-6)
    np.testing.assert_allclose(actual[1], expected[1], rtol=0, atol=1e-6 * np.abs(expected[1]).max())


def test_known_maps_are_believed(card):
    """Where they fit, nothing else is computed: distances that are twice as large are taken as they are."""
    case = Case("multiclass", 3, (12, 19))
    logits, labels = case.logits(dtype="float32"), blocks_of(case)
    options = {"one_sided": True, "alpha": 1.0}
    expected = value_and_gradient(HausdorffDTLoss(**options), logits, labels)
    maps = _maps(labels, 3, 1.0)
    with known_maps({**maps, "signed": 2 * maps["signed"]}):
        actual = value_and_gradient(HausdorffDTLoss(**options), logits, labels)
    for one, two in zip(actual, expected):
        np.testing.assert_allclose(one, 2 * two, rtol=1e-5)


def test_small_errors_keep_their_digits(card):
    """The others' logits are so much smaller that 1 - p is nothing."""
    labels = blocks_of(Case("multiclass", 3, (8, 13)))
    hot = np.moveaxis(np.eye(3)[np.where(labels == 255, 0, labels)], -1, 1)
    for margin in (5, 15, 25, 40):
        assert_equal_to_float64(HausdorffDTLoss(), margin * hot, labels, value=1e-5, gradient=1e-5, least=0)


@pytest.mark.parametrize(("dtype", "junk"), [("uint8", 7), ("int32", -3), ("int64", 2**40), ("int16", 1000)])
def test_labels_of_any_type_and_junk(card, dtype, junk):
    case = Case("multiclass", 3, (7, 10))
    p, labels = np.random.default_rng(0).random((2, 3, 7, 10)).astype("float32"), blocks_of(case)[:, None]
    expected = hausdorff_sums(task(paddle.to_tensor(p), paddle.to_tensor(labels)), 0, None, 2.0, False).numpy()
    spoilt = np.where(labels == 255, junk, labels).astype(dtype)
    p = np.where(labels == 255, np.nan, p).astype("float32")
    actual = hausdorff_sums(task(paddle.to_tensor(p), paddle.to_tensor(spoilt)), 0, None, 2.0, False).numpy()
    assert np.array_equal(actual, expected)


def test_nothing_counts(card):
    p = paddle.full([1, 2, 5, 4], float("nan"), "float32")
    p.stop_gradient = False
    sums = boundary_sums(task(p, paddle.full([1, 1, 5, 4], 255, "uint8")), 0, None)
    sums.sum().backward()
    assert not sums.numpy().any()
    assert not p.grad.numpy().any()


def test_the_same_in_any_order_of_the_threads(shim):
    case, results = Case("multiclass", 3, (41, 37), samples=1), []
    for order in TURN_ORDERS:
        with fake.on_card(shim, order):
            results.append(value_and_gradient(HausdorffDTLoss(), case.logits(dtype="float32"), blocks_of(case)))
    assert_same_bits(results)


def test_second_derivatives_are_refused(card):
    p = paddle.rand([1, 2, 5, 4])
    p.stop_gradient = False
    sums = boundary_sums(task(p, paddle.zeros([1, 1, 5, 4], "int64")), 0, None)
    with pytest.raises(OSError, match="Second derivatives"):  # how Paddle wraps it
        paddle.grad(sums.sum(), p, create_graph=True)

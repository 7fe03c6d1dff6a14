"""The Lovász extension on a card, around Paddle's sort: equal to float64, in value and gradient."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import LovaszHingeLoss, LovaszSoftmaxLoss
from paddleseg_losses.errors import KernelError
from paddleseg_losses.functional.lovasz import lovasz
from paddleseg_losses.kernels.cuda.lovasz import TILE, lovasz_rows
from tests.kernels.cuda import fake
from tests.kernels.cuda.agreement import TURN_ORDERS, assert_equal_to_float64, assert_same_bits
from tests.kernels.problems import task
from tests.laws.cases import Case, supports, value_and_gradient

CASES = [
    Case("binary", 1, (9, 13)),
    Case("multiclass", 2, (37,)),
    Case("multiclass", 5, (3, 5, 4)),
    Case("multilabel", 3, (11, 8)),
    Case("multiclass", 3, (1, 1)),
]
PARAMETERS = [
    pytest.param(cls, case, options, id=f"{cls.__name__}-{case}-{options}")
    for cls in (LovaszSoftmaxLoss, LovaszHingeLoss)
    for case in CASES
    if supports(cls.spec, case)
    for options in ({}, {"per_image": True}, {"classes": "all"}, {"classes": [1]})
    if "classes" not in options or cls is LovaszSoftmaxLoss
]


@pytest.mark.parametrize(("cls", "case", "options"), PARAMETERS)
def test_equal_to_float64(card, cls, case, options):
    assert_equal_to_float64(cls(**options), case.logits(), case.labels())
    assert "lovasz_grow" in card.names


def test_more_pixels_than_a_tile(card):
    case = Case("multiclass", 3, (61, 47))
    assert TILE < 61 * 47
    assert_equal_to_float64(LovaszSoftmaxLoss(), case.logits(), case.labels())


def test_many_classes(card):
    case = Case("multiclass", 150, (17,), samples=1)
    assert_equal_to_float64(LovaszSoftmaxLoss(classes="all"), case.logits(), case.labels())


def test_two_classes_are_sorted_once(card, monkeypatch):
    sorts, argsort = [], paddle.Tensor.argsort
    monkeypatch.setattr(paddle.Tensor, "argsort", lambda self, **how: sorts.append(1) or argsort(self, **how))
    for channels, expected in ((2, 1), (3, 3)):
        sorts.clear()
        case = Case("multiclass", channels, (9, 4))
        lovasz_rows(
            task(paddle.to_tensor(case.logits(dtype="float32")), paddle.to_tensor(case.labels()[:, None])), False
        )
        assert len(sorts) == expected


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(("hinge", "channels"), [(False, 3), (True, 2), (True, 3)])
def test_logits_in_half_precision(card, dtype, hinge, channels):
    """As they are: what is computed is that of the rounded numbers."""
    case = Case("multilabel" if hinge and channels == 3 else "multiclass", channels, (7, 9))
    labels = paddle.to_tensor(case.labels() if case.mode == "multilabel" else case.labels()[:, None])
    half = paddle.to_tensor(case.logits(dtype="float32")).astype(dtype)
    results = []
    for z in (half, half.astype("float32")):
        z = z.detach()
        z.stop_gradient = False
        rows, sizes = lovasz_rows(task(z, labels), False, hinge)
        rows.sum().backward()
        results.append((rows.numpy(), sizes.numpy(), z.grad.astype("float32").numpy()))
    assert np.array_equal(results[0][0], results[1][0])
    assert np.array_equal(results[0][1], results[1][1])
    step = np.abs(results[1][2]).max() * (1e-3 if dtype == "float16" else 8e-3)
    np.testing.assert_allclose(results[0][2], results[1][2], rtol=0, atol=step)


def test_small_errors_keep_their_digits(card):
    labels = Case("multiclass", 3, (8, 13)).labels()
    hot = np.moveaxis(np.eye(3)[np.where(labels == 255, 0, labels)], -1, 1)
    noise = 0.1 * np.random.default_rng(0).normal(size=hot.shape)  # else all errors are equal
    for margin in (5, 15, 25, 40):
        assert_equal_to_float64(LovaszSoftmaxLoss(), margin * hot + noise, labels, value=1e-5, gradient=1e-5, least=0)


def test_hinges_that_round_to_one_number_keep_their_order(card):
    rng = np.random.default_rng(3)
    sizes = rng.permutation(np.unique(np.abs(1e-6 * rng.standard_normal(500)).astype("float32")))[:480]
    z = (sizes * rng.choice([-1, 1], 480)).reshape(2, 1, 240)
    assert_equal_to_float64(LovaszHingeLoss(), z, rng.integers(0, 2, (2, 240)))


@pytest.mark.parametrize("wanted", [[0], [1], []])
@pytest.mark.parametrize("per_image", [False, True])
def test_rows_that_nobody_wants_have_no_loss_and_no_slope(card, wanted, per_image):
    case = Case("multiclass", 3, (5, 11))
    z, y = case.logits(dtype="float32"), paddle.to_tensor(case.labels()[:, None])
    results = []
    for some in (None, wanted):
        x = paddle.to_tensor(z, stop_gradient=False)
        rows, _ = lovasz_rows(task(x, y), per_image, wanted=some)
        mask = np.isin(np.arange(3), wanted).astype("float32") if some is None else np.ones(3, "float32")
        (rows * paddle.to_tensor(mask)).sum().backward()
        results.append((rows.numpy() * mask, x.grad.numpy()))
    for one, two in zip(*results):
        np.testing.assert_allclose(two, one, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("present_only", [True, False])
def test_an_absent_class(card, present_only):
    """Its loss is its largest error; none if only present classes count."""
    p = np.array([[[0.1, 0.3, 0.2]], [[0.6, 0.5, 0.7]], [[0.3, 0.2, 0.1]]], "float32").transpose(1, 0, 2)
    problem = task(paddle.to_tensor(np.log(p)), paddle.to_tensor([[[1, 1, 2]]]))
    rows, sizes = lovasz_rows(problem, False, present_only=present_only)
    assert sizes.tolist() == [[0, 2, 1]]
    np.testing.assert_allclose(rows.numpy()[0, 0], 0 if present_only else 0.3, rtol=1e-6)


@pytest.mark.parametrize("hinge", [False, True])
def test_ties_have_one_value(card, hinge):
    """Any order of equal errors gives the same sum."""
    z = paddle.zeros([2, 2, 150])
    hot = np.random.default_rng(0).integers(0, 2, (2, 1, 150))
    rows, _ = lovasz_rows(task(z, paddle.to_tensor(hot)), False, hinge)
    error = paddle.full([1, 300], 1.0 if hinge else 0.5)
    expected = [lovasz(error, paddle.to_tensor((hot == c).reshape(1, -1).astype("int64"))).numpy()[0] for c in (0, 1)]
    np.testing.assert_allclose(rows.numpy()[0], expected[1:] if hinge else expected, rtol=1e-6)


@pytest.mark.parametrize("junk", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize(("hinge", "channels"), [(False, 2), (False, 3), (True, 2)])
def test_ignored_and_wrong_labels_are_left_out(card, hinge, channels, junk):
    case = Case("multiclass", channels, (9, 14))
    logits, labels = case.logits(dtype="float32"), case.labels()
    left_out = labels == 255
    wild = np.where(left_out, np.random.default_rng(0).choice([255, -7, 3, 10**12], labels.shape), labels)
    spoilt = np.where(left_out[:, None], np.float32(junk), logits)
    results = []
    for z, y in ((logits, labels), (spoilt, wild)):
        z = paddle.to_tensor(z, stop_gradient=False)
        rows, sizes = lovasz_rows(task(z, paddle.to_tensor(y[:, None])), True, hinge)
        rows.sum().backward()
        results.append((rows.numpy(), sizes.numpy(), z.grad.numpy()))
    for one, two in zip(*results):
        assert np.array_equal(one, two)
    assert not results[0][2][np.repeat(left_out[:, None], channels, axis=1)].any()


def test_nothing_counts(card):
    z = paddle.full([2, 3, 7], float("nan"))
    z.stop_gradient = False
    rows, sizes = lovasz_rows(task(z, paddle.full([2, 1, 7], 255, "uint8")), False)
    rows.sum().backward()
    assert not rows.numpy().any()
    assert not sizes.numpy().any()
    assert not z.grad.numpy().any()


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_softmax_that_is_no_number_is_seen(card, number):
    z = np.zeros((1, 3, 9), "float32")
    z[0, 0, 3] = number
    rows, _ = lovasz_rows(task(paddle.to_tensor(z), paddle.to_tensor(np.arange(9)[None, None] % 3)), False)
    assert np.isnan(rows.numpy()).all()


def test_the_same_in_any_order_of_the_threads(shim):
    case, results = Case("multiclass", 3, (61, 39), samples=1), []
    for order in TURN_ORDERS:
        with fake.on_card(shim, order):
            results.append(value_and_gradient(LovaszSoftmaxLoss(), case.logits(dtype="float32"), case.labels()))
    assert_same_bits(results)


def test_what_no_kernel_computes_is_refused(card):
    with pytest.raises(KernelError, match="softmax"):
        lovasz_rows(task(paddle.zeros([2, 3, 5]), paddle.zeros([2, 3, 5], "int64")), False)

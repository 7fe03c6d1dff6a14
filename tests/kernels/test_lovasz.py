"""The native Lovász extension: equal to the composed one in float64, in value and gradient."""

import ctypes
import threading

import numpy as np
import paddle
import pytest

from paddleseg_losses import LovaszHingeLoss, LovaszSoftmaxLoss
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels import native_problem
from paddleseg_losses.kernels.lovasz import lovasz_rows
from tests.kernels.problems import assert_refuses_second_derivatives, task
from tests.laws.cases import CASES, IGNORED, Case, supports, value_and_gradient

pytestmark = pytest.mark.usefixtures("native")

# More pixels than a chunk, than a block of errors, and than either holds in whole images.
LARGE = [
    Case("binary", 1, (263, 301)),
    Case("multiclass", 2, (129, 131), samples=5),
    Case("multiclass", 5, (70001,), samples=1),
    Case("multiclass", 23, (13, 17, 19)),
    Case("multilabel", 3, (151, 257)),
    Case("multiclass", 3, (1, 1)),
]
PARAMETERS = [
    pytest.param(cls, case, options, id=f"{cls.__name__}-{case}-{options}")
    for cls in (LovaszSoftmaxLoss, LovaszHingeLoss)
    for case in [*CASES, *LARGE]
    if supports(cls.spec, case)
    for options in ({}, {"per_image": True}, {"classes": "all"}, {"classes": [1]})
    if "classes" not in options or cls is LovaszSoftmaxLoss
]


@pytest.mark.parametrize(("cls", "case", "options"), PARAMETERS)
def test_equal_to_float64(cls, case, options):
    logits, labels = case.logits(dtype="float32"), case.labels()
    value, gradient = value_and_gradient(cls(**options), logits, labels)
    expected, slope = value_and_gradient(cls(**options), logits.astype("float64"), labels)
    np.testing.assert_allclose(value, expected, rtol=2e-6)
    # Hinges and two classes tie exactly where differences of logits do, and ties may fall either way.
    moved = np.abs(gradient - slope) > 2e-6 * np.abs(slope).max()
    assert moved.mean() <= (1e-3 if cls is LovaszHingeLoss or case.channels == 2 else 0)
    assert not gradient.any() if not slope.any() else np.abs(gradient - slope).sum() <= 1e-4 * np.abs(slope).sum()


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 30.0])
@pytest.mark.parametrize(("cls", "channels"), [(LovaszSoftmaxLoss, 2), (LovaszSoftmaxLoss, 4), (LovaszHingeLoss, 2)])
def test_errors_that_float32_cannot_tell_apart_keep_their_order(cls, channels, scale):
    """At the smallest scale all errors of a class are one float32 number."""
    rng = np.random.default_rng(3)
    logits = (scale * rng.standard_normal((2, channels, 211, 157))).astype("float32")
    labels = rng.integers(0, channels, (2, 211, 157))
    if channels == 2:  # differences of logits are often equal, which is a tie in float64 too
        sizes = rng.permutation(np.unique(np.abs(scale * rng.standard_normal(80000)).astype("float32")))
        logits[:, 0] = 0
        logits[:, 1] = (sizes[: labels.size] * rng.choice([-1, 1], labels.size)).reshape(labels.shape)
    value, gradient = value_and_gradient(cls(), logits, labels)
    expected, slope = value_and_gradient(cls(), logits.astype("float64"), labels)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_allclose(gradient, slope, rtol=0, atol=2e-6 * np.abs(slope).max())


@pytest.mark.parametrize("size", [1, 47, 48, 49, 65536, 65537, 200001])
@pytest.mark.parametrize("hinge", [False, True])
def test_equal_errors_of_any_number_of_pixels(size, hinge):
    """One bucket holds them all; the marked ones come where the pixels are."""
    z = paddle.zeros([1, 2, size])
    z.stop_gradient = False
    hot = np.arange(size) % 3 == 0
    rows, sizes = lovasz_rows(task(z, paddle.to_tensor(hot[None, None].astype("int64"))), per_image=False, hinge=hinge)
    rows.sum().backward()
    assert sizes.tolist() == [[int(hot.sum())]] if hinge else sizes.tolist() == [[int((~hot).sum()), int(hot.sum())]]
    expected = [1.0] if hinge else [0.5, 0.5]  # the growths of a row add up to 1
    np.testing.assert_allclose(rows.numpy(), [expected], rtol=1e-6)
    assert np.isfinite(z.grad.numpy()).all()


@pytest.mark.parametrize("base", np.float32(1000) + np.arange(12, dtype="float32") * np.float32(0.37))
def test_an_error_equal_to_the_least_of_the_class_counts(base):
    """Below all errors of a class's own pixels nothing counts; float32 alone could not say what is below."""
    labels = np.repeat([1, 0], 128)[None]
    logits = np.full((1, 3, 256), base - 50, "float32")
    logits[0, 0], logits[0, 1] = base - 20 * labels[0], base  # errors of class 0: 0, and 1/2 for its own pixels
    logits[0, 0, 40] = base  # 1/2, and before them
    gradient = value_and_gradient(LovaszSoftmaxLoss(classes=[0]), logits, labels)[1]
    growth, slope = 1 / 129, 1 / 4  # of 1 - IoU = 1 - 128 / 129, and of a sigmoid
    np.testing.assert_allclose(gradient[0, 0, 40], growth * slope, rtol=1e-6)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_softmax_that_is_no_number_is_seen_by_every_class(number):
    labels = np.repeat([0, 1, 2], 128)[None]
    logits = np.where(np.arange(3)[:, None] == labels, 5.0, 0.0).astype("float32")[None]
    for place in (70, 170, 370):
        for channel in range(3):
            spoilt = logits.copy()
            spoilt[0, channel, place] = number
            for asked in ([0], [1], [2]):
                assert np.isnan(value_and_gradient(LovaszSoftmaxLoss(classes=asked), spoilt, labels)[0])


def test_errors_of_any_size_count():
    """From the smallest float to the largest; what is smaller counts as the smallest."""
    z = np.array([[[-1e38, -1e30, -5.0, 0.25, 5.0, 80.0, 1e30, 3e38]]], "float32")
    labels = np.array([[[1, 0, 1, 1, 0, 0, 0, 1]]])
    value, gradient = value_and_gradient(LovaszHingeLoss(), z, labels[:, 0])
    expected, slope = value_and_gradient(LovaszHingeLoss(), z.astype("float64"), labels[:, 0])
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_allclose(gradient, slope, rtol=1e-6)
    gap = np.linspace(0, 100, 201, dtype="float32")
    both = np.stack([np.zeros_like(gap), gap])[None]
    for label in (0, 1):
        value, gradient = value_and_gradient(LovaszSoftmaxLoss(classes="all"), both, np.full((1, 201), label))
        expected, slope = value_and_gradient(
            LovaszSoftmaxLoss(classes="all"), both.astype("float64"), np.full((1, 201), label)
        )
        np.testing.assert_allclose(value, expected, rtol=1e-6)
        np.testing.assert_allclose(gradient, slope, rtol=0, atol=2e-6 * np.abs(slope).max())


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_labels_of_any_width_and_layout(dtype):
    case = Case("multiclass", 3, (21, 34))
    logits, labels = case.logits(dtype="float32"), case.labels()
    value, gradient = value_and_gradient(LovaszSoftmaxLoss(), logits, labels)
    z = paddle.to_tensor(logits.transpose(0, 3, 2, 1).copy(), stop_gradient=False)
    y = paddle.to_tensor(labels.transpose(0, 2, 1).copy()).astype(dtype).transpose([0, 2, 1])
    turned = LovaszSoftmaxLoss()(z.transpose([0, 3, 2, 1]), y)
    turned.backward()
    assert float(turned) == value
    assert np.array_equal(z.grad.numpy().transpose(0, 3, 2, 1), gradient)


HINGES = [("multilabel", 1), ("multilabel", 7), ("multiclass", 2)]
SOFTMAXES = [("multiclass", 1), ("multiclass", 2), ("multiclass", 7)]


@pytest.mark.parametrize(
    ("hinge", "mode", "channels"), [*((True, *case) for case in HINGES), *((False, *case) for case in SOFTMAXES)]
)
def test_same_bits_on_any_number_of_threads(hinge, mode, channels, monkeypatch):
    case = Case(mode, channels, (301, 257))
    logits, labels = case.logits(dtype="float32"), case.labels()
    results = []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        z = paddle.to_tensor(logits, stop_gradient=False)
        y = paddle.to_tensor(labels if mode == "multilabel" else labels[:, None])
        rows, sizes = lovasz_rows(task(z, y, mode == "multilabel"), per_image=False, hinge=hinge)
        rows.sum().backward()
        results.append((rows.numpy(), sizes, z.grad.numpy()))
    assert results[0][2].any() or channels == 1
    for other in results[1:]:
        for one, two in zip(results[0], other):
            assert np.array_equal(one, two)


def test_ties_have_one_value():
    """Any order of equal errors gives the same sum: here all pixels of the image tie."""
    labels = np.random.default_rng(0).integers(0, 3, (2, 17, 19))
    value, gradient = value_and_gradient(LovaszSoftmaxLoss(), np.zeros((2, 3, 17, 19), "float32"), labels)
    expected, _ = value_and_gradient(LovaszSoftmaxLoss(), np.zeros((2, 3, 17, 19)), labels)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("junk", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize(("hinge", "channels"), [(False, 2), (False, 3), (True, 2)])
def test_ignored_and_wrong_labels_are_left_out(hinge, channels, junk):
    case = Case("multiclass", channels, (21, 34))
    logits, labels = case.logits(dtype="float32"), case.labels()
    left_out = labels == IGNORED
    wild = np.where(left_out, np.random.default_rng(0).choice([IGNORED, -7, 3, 10**12], labels.shape), labels)
    spoilt = np.where(left_out[:, None], np.float32(junk), logits)
    results = []
    for z, y in ((logits, labels), (spoilt, wild)):
        z = paddle.to_tensor(z, stop_gradient=False)
        rows, sizes = lovasz_rows(task(z, paddle.to_tensor(y[:, None])), per_image=True, hinge=hinge)
        rows.sum().backward()
        results.append((rows.numpy(), sizes, z.grad.numpy()))
    for one, two in zip(*results):
        assert np.array_equal(one, two)
    assert not results[0][2][np.repeat(left_out[:, None], channels, axis=1)].any()


@pytest.mark.parametrize("hinge", [False, True])
def test_nan_is_seen(hinge):
    logits = np.zeros((1, 2, 9), "float32")
    logits[0, 0, 3] = np.nan
    labels = paddle.zeros([1, 1, 9], "int64")
    rows, _ = lovasz_rows(task(paddle.to_tensor(logits), labels), per_image=False, hinge=hinge)
    assert np.isnan(rows.numpy()).all()


@pytest.mark.parametrize("channels", [2, 3])
@pytest.mark.parametrize("junk", [np.inf, -np.inf])
def test_an_infinite_logit_is_seen(channels, junk):
    logits = np.zeros((1, channels, 9), "float32")
    logits[0, 1, 3] = junk
    value, gradient = value_and_gradient(LovaszSoftmaxLoss(), logits, np.arange(9)[None] % channels)
    expected, slope = value_and_gradient(LovaszSoftmaxLoss(), logits.astype("float64"), np.arange(9)[None] % channels)
    assert np.isnan(value) == np.isnan(expected) == (junk > 0)
    assert np.array_equal(np.isnan(gradient[..., 3]), np.isnan(slope[..., 3]))


@pytest.mark.parametrize("wanted", [None, [0], [1], []])
@pytest.mark.parametrize(("hinge", "channels"), [(False, 2), (False, 3), (True, 3)])
def test_nothing_is_read_that_was_not_written(hinge, channels, wanted, monkeypatch):
    """Pixels without an error are not sorted: their place in the gradient has to be made 0."""
    monkeypatch.setattr("paddleseg_losses.kernels.lovasz.empty", lambda shape: paddle.full(shape, np.nan))
    case = Case("multilabel" if hinge else "multiclass", channels, (61, 34))
    z = paddle.to_tensor(case.logits(dtype="float32", scale=200.0), stop_gradient=False)
    y = paddle.to_tensor(case.labels() if hinge else case.labels()[:, None])
    rows, _ = lovasz_rows(task(z, y), per_image=False, hinge=hinge, wanted=wanted)
    rows.sum().backward()
    assert np.isfinite(rows.numpy()).all()
    assert np.isfinite(z.grad.numpy()).all()


def test_work_space_is_for_the_threads_that_use_it(monkeypatch):
    """The setting may change at any time: it is read once for both."""
    asked = []
    monkeypatch.setattr(native_problem, "threads", lambda size: asked.append(size) or 1)
    lovasz_rows(task(paddle.zeros([1, 3, 50]), paddle.zeros([1, 1, 50], "int64")), per_image=False)
    assert asked == [150]


def test_logits_that_change_meanwhile_do_no_harm(monkeypatch):
    """Entries are made twice; the second time others may come."""
    monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", "1")
    size = 1 << 19
    z, y = paddle.zeros([1, 1, size]), paddle.zeros([1, 1, size], "int64")
    numbers = np.frombuffer((ctypes.c_float * size).from_address(z.data_ptr()), np.float32)
    done = threading.Event()

    def write():
        while not done.is_set():
            numbers[:] = 0.0
            numbers[:] = -0.9999

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with paddle.no_grad():
            rows = [lovasz_rows(task(z, y), per_image=False, hinge=True)[0] for _ in range(15)]
    finally:
        done.set()
        writer.join()
    assert all(np.isfinite(row.numpy()).all() for row in rows)


def test_gradient_can_be_taken_twice():
    case = Case("multiclass", 3, (21, 34))
    z = paddle.to_tensor(case.logits(dtype="float32"), stop_gradient=False)
    loss = LovaszSoftmaxLoss()(z, paddle.to_tensor(case.labels()))
    first = paddle.grad(loss, z, retain_graph=True)[0].numpy()
    assert first.any()
    assert np.array_equal(first, paddle.grad(loss, z, retain_graph=True)[0].numpy())


def test_second_derivatives_are_refused():
    assert_refuses_second_derivatives(LovaszSoftmaxLoss())


@pytest.mark.parametrize(
    ("logits", "labels", "dtype", "hinge"),
    [
        ((2, 3, 5), (2, 1, 6), "float32", False),
        ((2, 3, 5), (2, 3, 5), "float32", False),
        ((2, 3, 5), (2, 1, 5), "float32", True),
        ((2, 3, 5), (2, 1, 5), "float64", False),
        ((2, 3, 0), (2, 1, 0), "float32", False),
    ],
)
def test_refuses_what_native_code_could_not_check(logits, labels, dtype, hinge):
    with pytest.raises(KernelError):
        lovasz_rows(task(paddle.zeros(logits, dtype), paddle.zeros(labels, "int64")), per_image=False, hinge=hinge)

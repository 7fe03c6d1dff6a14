"""The kernel of sums: equal to float64 NumPy, and every loss that stands on it equal to its composed self."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import errors, kernels
from paddleseg_losses.functional import moments as m
from paddleseg_losses.kernels import sums as kernel
from paddleseg_losses.kernels.labels import compact_labels
from tests.laws.scenes import SCENES, Scene, cases, fits, losses, make, takes_weights, value_and_gradient, weights

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)

FUNCTIONS = [
    m.COUNT, m.RIGHT, m.ERROR, m.COST, m.power(2), m.power(0.3), m.power(1.7), m.focal(2), m.focal(1), m.focal(0.4),
    m.cost_power(0.3), m.cost_power(2.5),
]  # fmt: skip
# Larger than a tile of pixels, odd, and with more classes than fit one.
LARGE = [
    Scene("binary", 1, (67, 71)),
    Scene("multiclass", 2, (61, 83)),
    Scene("multiclass", 5, (3001,), samples=3),
    Scene("multiclass", 150, (37, 53), samples=1),
    Scene("multilabel", 3, (13, 17, 19)),
    Scene("multiclass", 3, (1, 1)),
]


def _problem(scene, dtype="int64", seed=0):
    labels = scene.labels(seed=seed + 1).astype(dtype)
    if scene.mode != "multilabel":
        labels = labels[:, None]
    return scene.logits(seed=seed, dtype="float32", scale=2.5), labels


def _expected(logits, labels, sigmoid, functions):
    """Sums of both sides in float64."""
    z = logits.reshape(*logits.shape[:2], -1).astype("float64")
    y = labels.reshape(*labels.shape[:2], -1).astype("int64")
    if sigmoid:
        own, valid = y == 1, y != 255
        log_p, log_q = -np.logaddexp(0, -z), -np.logaddexp(0, z)
    else:
        own, valid = y == np.arange(z.shape[1])[:, None], np.broadcast_to(y != 255, z.shape)
        log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
        rest = [np.logaddexp.reduce(np.delete(z, c, axis=1), axis=1) for c in range(z.shape[1])]
        log_q = -np.logaddexp(0, z - np.stack(rest, axis=1))
    cost = -np.where(own, log_p, log_q)
    error = -np.expm1(-cost)

    def power(x, gamma):
        return np.where(x > 1e-7, np.maximum(x, 1e-7) ** gamma, x * 1e-7 ** (gamma - 1)) if gamma < 1 else x**gamma

    def value(function):
        kind, gamma = function
        return {
            0: lambda: np.ones_like(error), 1: lambda: 1 - error, 2: lambda: error, 3: lambda: power(error, gamma),
            4: lambda: cost, 5: lambda: power(error, gamma) * cost, 6: lambda: power(cost, gamma),
        }[kind]()  # fmt: skip

    sides = (own & valid, ~own & valid)
    return {m.Moment(s, f): np.where(sides[s], value(f), 0).sum(-1) for s in (0, 1) for f in functions}


def _moments(sigmoid, functions=FUNCTIONS):
    known = [m.Moment(m.OWN, f) for f in functions]
    others = functions if sigmoid else [f for f in functions if f in (m.ERROR, m.COST) or f.kind == 3]
    return known + [m.Moment(m.OTHER, f) for f in others]


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("scene", LARGE, ids=str)
def test_sums_are_those_of_float64(scene, dtype):
    logits, labels = _problem(scene, dtype)
    sigmoid = scene.mode != "multiclass"
    wanted = _moments(sigmoid)
    table = kernel.sums(paddle.to_tensor(logits), paddle.to_tensor(labels), sigmoid, 255, m.flat(wanted)).numpy()
    expected = _expected(logits, labels, sigmoid, FUNCTIONS)
    for k, moment in enumerate(wanted):
        scale = np.abs(expected[moment]).max()
        np.testing.assert_allclose(table[..., k], expected[moment], rtol=1e-6, atol=1e-7 * scale, err_msg=str(moment))


def test_sums_of_many_pixels_keep_2e_7():
    scene = Scene("multiclass", 4, (700, 900), samples=1)
    logits, labels = _problem(scene)
    wanted = _moments(False, [m.RIGHT, m.ERROR, m.COST])
    table = kernel.sums(paddle.to_tensor(logits), paddle.to_tensor(labels), False, 255, m.flat(wanted)).numpy()
    expected = _expected(logits, labels, False, [m.RIGHT, m.ERROR, m.COST])
    for k, moment in enumerate(wanted):
        np.testing.assert_allclose(table[..., k], expected[moment], rtol=2e-7, err_msg=str(moment))


@pytest.mark.parametrize("scene", LARGE, ids=str)
def test_gradients_are_those_of_float64(scene):
    """Against Paddle's own operators in float64, for all moments at once, within 2e-6 of the largest."""
    logits, labels = _problem(scene)
    sigmoid = scene.mode != "multiclass"
    wanted = _moments(sigmoid)
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    factors = np.random.default_rng(5).normal(size=(scene.samples, scene.channels, len(wanted)))
    (kernel.sums(z, y, sigmoid, 255, m.flat(wanted)) * paddle.to_tensor(factors, "float32")).sum().backward()
    from paddleseg_losses.inputs import Inputs, Raw

    double = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    inputs = Inputs(Raw(double, y, 255), scene.mode)
    total = sum((m.composed(inputs, each) * paddle.to_tensor(factors[..., k])).sum() for k, each in enumerate(wanted))
    total.backward()
    expected = double.grad.numpy()
    np.testing.assert_allclose(z.grad.numpy(), expected, rtol=0, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize("scene", LARGE, ids=str)
def test_values_of_pixels_and_their_gradient(scene):
    logits, labels = _problem(scene)
    sigmoid = scene.mode != "multiclass"
    wanted = [w for w in _moments(sigmoid, [m.ERROR, m.focal(1.5)]) if sigmoid or w.side == m.OWN]
    factors = np.random.default_rng(6).random((scene.samples, scene.channels, len(wanted)))
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    map_ = kernel.values(z, y, sigmoid, 255, m.flat(wanted), factors)
    assert list(map_.shape) == list(labels.shape)
    np.testing.assert_array_equal(map_.numpy()[labels == 255], 0)
    pixel = paddle.to_tensor(np.random.default_rng(7).random(labels.shape).astype("float32"))
    (map_ * pixel).sum().backward()
    gradient = z.grad.numpy()
    z.clear_gradient(False)
    weighted = kernel.sums(z, y, sigmoid, 255, m.flat(wanted), pixel) * paddle.to_tensor(factors, "float32")
    np.testing.assert_allclose(float((map_ * pixel).sum()), float(weighted.sum()), rtol=2e-6)
    weighted.sum().backward()
    np.testing.assert_allclose(gradient, z.grad.numpy(), rtol=0, atol=1e-6 * np.abs(gradient).max())


@pytest.mark.parametrize(("spec", "scene"), cases(scenes=[*SCENES, *LARGE[:2]]))
def test_every_loss_is_what_it_is_in_float64(spec, scene):
    """Within 2e-6 of the largest slope, or of the size of what rounding does to Paddle's operators in float32."""
    variants = [{}]
    if takes_weights(spec) and scene.channels <= 3:
        variants.append({"weight": weights(spec, scene)})
    for options, scale in [*((options, 1.5) for options in variants), ({}, 60.0)]:  # 60: shares below 1e-38
        logits, labels = scene.logits(dtype="float32", scale=scale), scene.labels()
        loss = make(spec, **options)
        exact = value_and_gradient(loss, logits.astype("float64"), labels)
        off = {}
        for which in ("native", "composed"):
            with kernels.using(which):
                found = value_and_gradient(loss, logits, labels)
            # Equal errors may be sorted either way, which exchanges slopes of a few pixels: the mean is compared.
            size = np.mean if spec.sorts else np.max
            off[which] = [size(np.abs(f - e)) / size(np.abs(e)).clip(1e-9) for f, e in zip(found, exact)]
        for native, composed in zip(off["native"], off["composed"]):
            assert native <= max(2e-6, 3 * composed)


@pytest.mark.parametrize("reduction", ["sum", "none"])
@pytest.mark.parametrize("spec", losses(lambda spec: spec.cls.takes_pixel_weight))
def test_reductions_and_pixel_weights(spec, reduction):
    scene = next(scene for scene in SCENES if fits(spec, scene) and len(scene.space) == 2)
    weight = np.random.default_rng(3).random((scene.samples, *scene.space)).astype("float32")
    found = []
    for which in ("native", "composed"):
        with kernels.using(which):
            z = paddle.to_tensor(scene.logits(dtype="float32"), stop_gradient=False)
            loss = make(spec, reduction=reduction)
            value = loss(z, paddle.to_tensor(scene.labels()), pixel_weight=paddle.to_tensor(weight))
            value.sum().backward()
            found.append((value.numpy(), z.grad.numpy()))
    for native, composed in zip(*found):
        np.testing.assert_allclose(native, composed, rtol=1e-5, atol=2e-6 * np.abs(composed).max())


def test_the_number_of_threads_changes_no_bit(monkeypatch):
    scene = Scene("multiclass", 7, (211, 307))
    logits, labels = map(paddle.to_tensor, _problem(scene))
    wanted, tables = _moments(False), []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", threads)
        assert kernels.threads(1 << 20) == int(threads)
        tables.append(kernel.sums(logits, labels, False, 255, m.flat(wanted)).numpy())
    assert np.array_equal(tables[0], tables[1])
    assert np.array_equal(tables[0], tables[2])


def test_strided_logits_and_labels():
    scene = Scene("multiclass", 3, (21, 35))
    logits, labels = scene.logits(dtype="float32"), scene.labels()
    spec = next(case.values[0] for case in losses(lambda spec: spec.name == "DiceCELoss"))
    expected = value_and_gradient(make(spec), logits, labels)
    turned = paddle.to_tensor(logits.transpose(0, 1, 3, 2).copy(), stop_gradient=False)
    other = paddle.to_tensor(labels.transpose(0, 2, 1).copy())
    value = make(spec)(turned.transpose([0, 1, 3, 2]), other.transpose([0, 2, 1]))
    value.backward()
    assert float(value) == float(expected[0])
    np.testing.assert_array_equal(turned.grad.numpy().transpose(0, 1, 3, 2), expected[1])


def test_second_derivatives_are_refused():
    scene = SCENES[3]
    spec = next(case.values[0] for case in losses(lambda spec: spec.name == "CrossEntropyLoss"))
    labels = paddle.to_tensor(scene.labels())
    z = paddle.to_tensor(scene.logits(dtype="float32"), stop_gradient=False)
    # Paddle wraps what is raised in a backward pass into an OSError that holds its text.
    with kernels.using("native"), pytest.raises(OSError, match="PADDLESEG_LOSSES_KERNELS=composed"):
        paddle.grad(make(spec)(z, labels), z, create_graph=True)
    if paddle.__version__.startswith("2."):
        return  # its `where` has no second derivative, so the composed path has none either
    with kernels.using("composed"):
        (first,) = paddle.grad(make(spec)(z, labels), z, create_graph=True)
        first.pow(2).sum().backward()
    assert z.grad.numpy().any()


def test_a_graph_can_be_kept_and_walked_twice():
    scene = SCENES[3]
    spec = next(case.values[0] for case in losses(lambda spec: spec.name == "DiceCELoss"))
    z = paddle.to_tensor(scene.logits(dtype="float32"), stop_gradient=False)
    value = make(spec)(z, paddle.to_tensor(scene.labels()))
    once, twice = (paddle.grad(value, z, retain_graph=True)[0].numpy() for _ in range(2))
    assert np.array_equal(once, twice)
    # Paddle itself ends the process at a second `backward` through any PyLayer; the composed path has none.
    with kernels.using("composed"):
        value = make(spec)(z, paddle.to_tensor(scene.labels()))
        value.backward(retain_graph=True)
        value.backward()
    np.testing.assert_allclose(z.grad.numpy(), 2 * once, rtol=1e-4, atol=1e-8)


def test_hostile_tensors_never_reach_native_code():
    z, y = paddle.zeros([2, 3, 4, 5]), paddle.zeros([2, 1, 4, 5], "int64")
    wanted = m.flat([m.Moment(m.OWN, m.COST)])
    with pytest.raises(errors.KernelError, match=r"\[2, 1, 4, 4\]"):
        kernel.sums(z, y[..., :4], False, 255, wanted)
    with pytest.raises(errors.KernelError, match="float64"):
        kernel.sums(z.astype("float64"), y, False, 255, wanted)
    with pytest.raises(errors.KernelError, match="int16"):
        kernel.sums(z, y.astype("int16"), False, 255, wanted)
    with pytest.raises(errors.KernelError, match=r"\[2, 3, 4, 5\]"):
        kernel.sums(z, y, False, 255, wanted, weight=z)
    with pytest.raises(errors.KernelError):
        kernel.sums(z[:0], y[:0], False, 255, wanted)


@pytest.mark.parametrize("classes", [4, 300])
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_labels_are_copied_and_counted(dtype, classes):
    labels = np.array([[0, 1, 2, 3, 7, 255, 255], [2, 2, 0, 1, 9, 250, 0]], dtype)
    for shift, ignored in ((0, 255), (-2, -1)) if dtype != "uint8" else ((0, 255), (0, -1)):
        given = labels + labels.dtype.type(shift) if shift >= 0 else labels + shift
        found = compact_labels(paddle.to_tensor(given), classes, ignored)
        inside = (given >= 0) & (given < classes) & (given != ignored)
        assert found.valid == inside.sum()
        assert found.wrong == (~inside & (given != ignored)).sum()
        np.testing.assert_array_equal(found.labels.numpy(), np.where(inside, given, found.ignore_index))

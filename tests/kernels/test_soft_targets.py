"""The kernel of soft targets: equal to float64, and every loss that stands on it equal to its composed self."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import BinaryCrossEntropyLoss, CrossEntropyLoss, DiceCELoss, errors, kernels, registry
from paddleseg_losses.functional import pixelwise, soft_targets
from paddleseg_losses.kernels.soft_targets import SUMS, check_soft_targets, soft_sums
from paddleseg_losses.problem import Problem
from tests.kernels.problems import LARGE
from tests.laws.cases import CASES, IGNORED, Case, each_case, has, make, possible, takes_weights, weights

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)

# Beyond a part of 16 384 pixels too.
SIZES = [*LARGE, Case("binary", 1, (20001,)), Case("multiclass", 3, (150, 131)), Case("multilabel", 2, (256, 65))]
SLOPED = 5  # the first columns; the others are known from the targets alone


def problem(case, dtype="float32", ignored=0.1):
    """Logits and soft targets, some of them ignored: a pixel in all its channels, multilabel each channel alone."""
    logits, targets = case.logits(scale=2.5, dtype="float32"), case.soft(seed=1).astype("float32")
    rng = np.random.default_rng(2)
    channels = case.channels if case.mode == "multilabel" else 1
    left_out = np.broadcast_to(rng.random((case.samples, channels, *case.space)) < ignored, targets.shape)
    return logits.astype(dtype), np.where(left_out, IGNORED, targets).astype(dtype), left_out


def task(logits, targets, mode):
    return Problem(logits, targets, mode, soft=True)


def definition(z, targets, multiclass):
    """The columns by Paddle's operators in float64, the gradient with them; and where p is too near g to compare."""
    left_out = (targets == IGNORED).all(axis=1, keepdim=True) if multiclass else targets == IGNORED
    mask = 1 - left_out.astype("float64")
    g = paddle.where(targets == IGNORED, paddle.zeros_like(targets), targets)
    if multiclass:
        shifted = z - z.max(axis=1, keepdim=True)
        log_p = shifted - paddle.log(paddle.exp(shifted).sum(axis=1, keepdim=True))
        p, other = paddle.exp(log_p), paddle.zeros_like(z)
    else:
        log_p, other = (-paddle.log1p(paddle.exp(-z.abs())) + paddle.minimum(s * z, 0 * z) for s in (1, -1))
        p, other = paddle.nn.functional.sigmoid(z), -other
    gap = p - g
    columns = [
        paddle.minimum(p, g), gap.clip(min=0), (-gap).clip(min=0), -g * log_p, (1 - g) * other, g, 1 - g, 0 * g + 1,
    ]  # fmt: skip
    near = (mask * gap.abs() < 1e-6 * mask * (p + g)).numpy()  # float32 may see p on the other side of g
    near = near.any(axis=1, keepdims=True) if multiclass else near
    return paddle.stack([(mask * column).flatten(2).sum(axis=-1) for column in columns], axis=-1), near


@pytest.mark.parametrize("case", SIZES, ids=str)
def test_sums_and_gradients_are_those_of_float64(case):
    logits, targets, left_out = problem(case)
    z = paddle.to_tensor(logits, stop_gradient=False)
    table = soft_sums(task(z, paddle.to_tensor(targets), case.mode))
    exact = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    expected, near = definition(exact, paddle.to_tensor(targets.astype("float64")), case.mode == "multiclass")
    assert table.shape == [case.samples, case.channels, SUMS]
    np.testing.assert_allclose(table.numpy(), expected.numpy(), rtol=5e-7, atol=1e-9 * left_out.size)
    factors = np.random.default_rng(3).normal(size=(case.samples, case.channels, SUMS))
    factors[..., SLOPED:] = 0
    (table * paddle.to_tensor(factors.astype("float32"))).sum().backward()
    (expected * paddle.to_tensor(factors.astype("float32").astype("float64"))).sum().backward()
    slope = np.where(near, 0, exact.grad.numpy())
    assert near.mean() < 0.05
    np.testing.assert_allclose(np.where(near, 0, z.grad.numpy()), slope, rtol=0, atol=2e-6 * np.abs(slope).max())
    assert not z.grad.numpy()[left_out].any()


@pytest.mark.parametrize("column", range(SLOPED))
@pytest.mark.parametrize("case", [Case("multiclass", 4, (33, 9)), Case("multilabel", 3, (33, 9))], ids=str)
def test_each_column_has_its_own_gradient(case, column):
    """Channel by channel, so that none can stand in for another."""
    logits, targets, _ = problem(case)
    for channel in range(case.channels):
        z = paddle.to_tensor(logits, stop_gradient=False)
        soft_sums(task(z, paddle.to_tensor(targets), case.mode))[:, channel, column].sum().backward()
        exact = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
        expected, near = definition(exact, paddle.to_tensor(targets.astype("float64")), case.mode == "multiclass")
        assert not near.any()
        expected[:, channel, column].sum().backward()
        np.testing.assert_allclose(z.grad.numpy(), exact.grad.numpy(), rtol=2e-6, atol=5e-7)


def _variants(spec, case):
    """Every option that what follows the sums may read."""
    yield {}
    if takes_weights(spec) and case.channels <= 3:
        yield {"weight": weights(spec, case)}
    for options in (
        {"reduction": "sum"},
        {"reduction": "none"},
        {"batch": True},
        {"squared_pred": True},
        {"smooth": 1e-5},
        {"include_background": False},
        {"pos_weight": [0.5, 2.0, 1.25][: case.channels]},
        {"classes": "present"},
        {"label_smoothing": 0.1},
    ):
        if all(has(spec, name) and possible(spec, name, value) for name, value in options.items()):
            yield options


@pytest.mark.parametrize(
    ("spec", "case"), each_case(lambda spec: spec.soft, [*CASES, Case("multiclass", 150, (9, 31)), SIZES[-2]])
)
def test_every_loss_is_what_it_is_in_float64(spec, case):
    logits, targets, left_out = problem(case)
    for options in _variants(spec, case):
        loss, results = make(spec, mode=case.mode, **options), {}
        for which, dtype in (("native", "float32"), ("composed", "float64")):
            with kernels.use_kernels(which):
                z = paddle.to_tensor(logits.astype(dtype), stop_gradient=False)
                value = loss(z, paddle.to_tensor(targets.astype(dtype)))
                value.sum().backward()
                results[which] = value.numpy(), z.grad.numpy()
        (value, slope), (expected, expected_slope) = results["native"], results["composed"]
        np.testing.assert_allclose(value, expected, rtol=4e-6, atol=1e-7, err_msg=str(options))
        exact = paddle.to_tensor(logits.astype("float64"))
        near = definition(exact, paddle.to_tensor(targets.astype("float64")), case.mode == "multiclass")[1]
        size = np.abs(expected_slope).max()
        assert size > 0
        np.testing.assert_allclose(
            np.where(near, 0, slope), np.where(near, 0, expected_slope), rtol=0, atol=4e-6 * size, err_msg=str(options)
        )
        assert not slope[left_out].any()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("CrossEntropyLoss", {}),
        ("CrossEntropyLoss", {"reduction": "sum"}),
        ("DiceLoss", {}),
        ("DiceLoss", {"reduction": "none"}),
        ("DiceCELoss", {}),
        ("TverskyLoss", {}),
        ("JaccardLoss", {}),
        ("FocalTverskyLoss", {}),
        ("LogCoshDiceLoss", {}),
    ],
)
def test_these_losses_run_the_kernel_once(name, options, monkeypatch):
    """Terms of a compound share the pass."""
    calls, real = [], soft_targets.find

    def counted(operation, given):
        calls.append(operation)
        return real(operation, given)

    monkeypatch.setattr(soft_targets, "find", counted)
    case = Case("multiclass", 3, (7, 5))
    logits, targets, _ = problem(case)
    with kernels.use_kernels("native"):
        make(registry.get(name), mode="multiclass", **options)(paddle.to_tensor(logits), paddle.to_tensor(targets))
        assert calls == ["soft_sums"]
        assert real("soft_sums", task(paddle.to_tensor(logits), paddle.to_tensor(targets), "multiclass")) is not None


@pytest.mark.parametrize("case", SIZES[-3:], ids=str)
def test_the_number_of_threads_changes_no_bit(monkeypatch, case):
    logits, targets, _ = problem(case)
    results = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", threads)
        z = paddle.to_tensor(logits, stop_gradient=False)
        given = task(z, paddle.to_tensor(targets), case.mode)
        table = soft_sums(given)
        table.sum().backward()
        results.append((table.numpy(), z.grad.numpy(), check_soft_targets(given)))
    for other in results[1:]:
        np.testing.assert_array_equal(other[0], results[0][0])
        np.testing.assert_array_equal(other[1], results[0][1])
        assert other[2] == results[0][2]


MODES = [("multiclass", 3), ("multilabel", 3), ("binary", 1)]


def _one_pixel(mode, channels, logit=None, target=None):
    """Zeros and even targets; at one pixel of sample 0 the channels may hold something else."""
    logits = np.zeros((2, channels, 300), "float32")
    targets = np.full((2, channels, 300), 1 / max(channels, 2), "float32")
    if logit is not None:
        logits[0, :, 270] = logit
    if target is not None:
        targets[0, :, 270] = target
    return paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(targets)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("mode", "channels"), MODES)
def test_no_number_is_seen_where_it_counts_and_only_there(mode, channels, sign):
    clean = soft_sums(task(*_one_pixel(mode, channels), mode)).numpy()
    z, g = _one_pixel(mode, channels, [np.copysign(np.nan, sign), *[0.0] * (channels - 1)])
    table = soft_sums(task(z, g, mode)).numpy()
    seen = slice(None) if mode == "multiclass" else slice(0, 1)
    columns = list(range(4 if mode == "multiclass" else SLOPED))
    assert np.isnan(table[0, seen][:, columns]).all()
    np.testing.assert_array_equal(table[..., SLOPED:], clean[..., SLOPED:])
    np.testing.assert_array_equal(table[1], clean[1])
    if mode != "multiclass":
        np.testing.assert_array_equal(table[0, 1:], clean[0, 1:])


@pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize(("mode", "channels"), MODES)
def test_junk_that_is_left_out_is_not_seen(mode, channels, junk):
    results = []
    for logit in (0.0, junk):
        z, g = _one_pixel(mode, channels, logit, IGNORED)
        table = soft_sums(task(z, g, mode))
        table.sum().backward()
        results.append((table.numpy(), z.grad.numpy()))
    assert not results[1][1][0, :, 270].any()
    np.testing.assert_array_equal(results[1][0], results[0][0])
    np.testing.assert_array_equal(results[1][1], results[0][1])
    assert (results[1][0][..., -1] == [[299], [300]]).all()


WRONG = [1.5, -0.25, np.nan, np.inf, -np.inf, 254.0]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize(("mode", "channels"), MODES)
def test_targets_out_of_range_are_refused_marked_or_left_out(mode, channels, wrong, native):
    """Refused while values are looked at, then NaN; without checks they are targets of 0, on either path."""
    z, g = _one_pixel(mode, channels)
    bad = g.clone()
    bad[0, 0, 270] = wrong
    assert check_soft_targets(task(z, bad, mode)) == (1, 2 * 300 * (1 if mode == "multiclass" else channels))
    cls = BinaryCrossEntropyLoss if mode == "multilabel" else DiceCELoss
    loss = cls(mode=mode)
    with pytest.raises(errors.LabelError):
        loss(z, bad)
    for _ in range(3):
        assert np.isfinite(float(loss(z, g)))
    assert np.isnan(float(loss(z, bad)))
    assert np.isfinite(float(loss(z, g)))
    unchecked, results = cls(mode=mode, checks="never"), []
    zeroed = bad.clone()
    zeroed[0, 0, 270] = 0.0
    for which, given in (("native", bad), ("composed", bad), ("native", zeroed)):
        with kernels.use_kernels(which):
            logits = paddle.to_tensor(Case(mode, channels, (300,)).logits(dtype="float32"), stop_gradient=False)
            value = unchecked(logits, given)
            value.backward()
            results.append((float(value), logits.grad.numpy()))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=2e-6)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=0, atol=2e-6 * np.abs(results[1][1]).max())
    assert results[0][0] == results[2][0]
    np.testing.assert_array_equal(results[0][1], results[2][1])


@pytest.mark.parametrize("case", SIZES, ids=str)
def test_wrong_targets_and_those_that_count_are_counted(case):
    """Competing classes have to sum to 1, within a hundredth."""
    _, targets, left_out = problem(case)
    rng = np.random.default_rng(4)
    multiclass = case.mode == "multiclass"
    pixels = (case.samples, 1, *case.space) if multiclass else targets.shape
    wrong = (rng.random(pixels) < 0.01) & ~left_out[:, : pixels[1]]
    scale = np.where(rng.random(pixels) < 0.5, 1.02, 0.98) if multiclass else -1.0
    below = 0.0 if multiclass else 0.02  # nearer to 0 it would pass for rounding
    targets = np.where(wrong, targets * scale - below, targets).astype("float32")
    targets = np.where(left_out, IGNORED, targets).astype("float32")
    actual = check_soft_targets(task(paddle.zeros(targets.shape), paddle.to_tensor(targets), case.mode))
    assert actual == (wrong.sum(), (~left_out[:, : pixels[1]]).sum())


@pytest.mark.parametrize(("scale", "allowed"), [(0.991, True), (1.009, True), (0.989, False), (1.011, False)])
def test_shares_may_miss_their_sum_by_a_hundredth(scale, allowed):
    given = task(paddle.zeros([1, 4, 9]), paddle.full([1, 4, 9], 0.25 * scale), "multiclass")
    assert check_soft_targets(given) == (0 if allowed else 9, 9)


def test_a_pixel_is_left_out_only_where_all_channels_say_so():
    targets = np.full((1, 3, 5), 1 / 3, "float32")
    targets[0, :2, 1] = IGNORED
    targets[0, :, 3] = IGNORED
    given = task(paddle.zeros([1, 3, 5]), paddle.to_tensor(targets), "multiclass")
    assert check_soft_targets(given) == (1, 4)
    np.testing.assert_array_equal(soft_sums(given)[..., -1].numpy(), [[4, 4, 4]])
    apart = Problem(given.scores, given.labels, "multilabel", soft=True)
    np.testing.assert_array_equal(soft_sums(apart)[..., -1].numpy(), [[3, 3, 4]])


@pytest.mark.parametrize(("mode", "channels"), MODES)
def test_extreme_logits_keep_finite_sums_and_exact_costs(mode, channels):
    case = Case(mode, channels, (300,))
    targets = case.soft(seed=3).astype("float32")
    z = np.sign(case.logits(dtype="float32")) * np.float32(1e4)
    logits = paddle.to_tensor(z, stop_gradient=False)
    table = soft_sums(task(logits, paddle.to_tensor(targets), mode))
    table.sum().backward()
    assert np.isfinite(table.numpy()).all()
    assert np.isfinite(logits.grad.numpy()).all()
    exact = paddle.to_tensor(z.astype("float64"))
    expected, _ = definition(exact, paddle.to_tensor(targets.astype("float64")), mode == "multiclass")
    np.testing.assert_allclose(table.numpy(), expected.numpy(), rtol=5e-7, atol=1e-4)


@pytest.mark.parametrize(("mode", "channels"), [("multiclass", 2), ("multilabel", 3), ("binary", 1)])
def test_at_the_target_the_overlap_has_no_error_and_no_slope(mode, channels):
    """p = g to the bit: logits of 0 and targets of a half."""
    z, g = paddle.zeros([1, channels, 400]), paddle.full([1, channels, 400], 0.5)
    z.stop_gradient = False
    table = soft_sums(task(z, g, mode))
    np.testing.assert_array_equal(table[..., :3].numpy(), np.broadcast_to([200, 0, 0], (1, channels, 3)))
    (slope,) = paddle.grad((table[..., :3] * paddle.to_tensor([1.0, 2.0, 4.0])).sum(), z)
    assert not slope.numpy().any()
    np.testing.assert_allclose(table[..., 3].numpy(), 200 * np.log(2), rtol=5e-7)


def test_second_derivatives_are_refused():
    z = paddle.zeros([1, 3, 9])
    z.stop_gradient = False
    total = soft_sums(task(z, paddle.full([1, 3, 9], 1 / 3), "multiclass")).sum()
    # Paddle wraps what is raised in a backward pass into an OSError that holds its text.
    with pytest.raises(OSError, match="PADDLESEG_LOSSES_KERNELS=composed"):
        paddle.grad(total, z, create_graph=True)


def test_strided_tensors_and_a_graph_walked_twice():
    case = Case("multiclass", 3, (21, 35))
    logits, targets, _ = problem(case)
    plain = paddle.to_tensor(logits, stop_gradient=False)
    expected = soft_sums(task(plain, paddle.to_tensor(targets), case.mode))
    turned = paddle.to_tensor(np.moveaxis(logits, 1, -1).copy(), stop_gradient=False)
    other = paddle.to_tensor(np.moveaxis(targets, 1, -1).copy())
    table = soft_sums(task(turned.transpose([0, 3, 1, 2]), other.transpose([0, 3, 1, 2]), case.mode))
    np.testing.assert_array_equal(table.numpy(), expected.numpy())
    (slope,) = paddle.grad(expected[..., 3].sum(), plain)
    twice = [paddle.grad(table[..., 3].sum(), turned, retain_graph=True)[0].numpy() for _ in range(2)]
    np.testing.assert_array_equal(twice[0], np.moveaxis(slope.numpy(), 1, -1))
    np.testing.assert_array_equal(twice[1], twice[0])


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_targets_of_another_type_are_cast(dtype, native):
    case = Case("multiclass", 2, (40,))
    logits = paddle.to_tensor(case.logits(dtype="float32"))
    targets = paddle.to_tensor(np.full((2, 2, 40), 0.5, dtype))
    loss = CrossEntropyLoss(mode="multiclass")
    assert float(loss(logits, targets)) == float(loss(logits, targets.astype("float32")))


def test_hostile_tensors_never_reach_native_code():
    z, g = paddle.zeros([2, 3, 4, 5]), paddle.full([2, 3, 4, 5], 1 / 3)
    for kernel in (soft_sums, check_soft_targets):
        with pytest.raises(errors.KernelError, match=r"\[2, 3, 4, 4\]"):
            kernel(task(z, g[..., :4], "multiclass"))
        with pytest.raises(errors.KernelError, match=r"\[2, 1, 4, 5\]"):
            kernel(task(z, g[:, :1], "multiclass"))
        with pytest.raises(errors.KernelError, match="float64"):
            kernel(task(z.astype("float64"), g, "multiclass"))
        with pytest.raises(errors.KernelError, match="int64"):
            kernel(task(z, g.astype("int64"), "multilabel"))
        with pytest.raises(errors.KernelError):
            kernel(task(z[:0], g[:0], "multiclass"))


@pytest.mark.parametrize(
    "case", [Case("multiclass", 5, (21, 17)), Case("binary", 1, (40, 9)), Case("multilabel", 3, (9,))]
)
@pytest.mark.parametrize("options", [{}, {"reduction": "sum"}, {"weight": True}], ids=str)
def test_smoothed_labels_are_summed_as_soft_targets(case, options, monkeypatch):
    loss_name = "CrossEntropyLoss" if case.mode == "multiclass" else "BinaryCrossEntropyLoss"
    options = {**options, "weight": [0.5, 2.0, 1.25, 1.0, 3.0][: case.channels]} if "weight" in options else options
    loss = make(registry.get(loss_name), mode=case.mode, label_smoothing=0.2, **options)
    labels, results = paddle.to_tensor(case.labels(ignored=0.2)), {}
    for which, dtype in (("composed", "float64"), ("native", "float32")):
        if which == "native":
            monkeypatch.setattr(pixelwise, "smoothed_values", None)  # a value for each pixel and class
        with kernels.use_kernels(which):
            z = paddle.to_tensor(case.logits(dtype=dtype), stop_gradient=False)
            value = loss(z, labels)
            value.backward()
            results[which] = float(value), z.grad.numpy()
    np.testing.assert_allclose(results["native"][0], results["composed"][0], rtol=1e-6)
    slope = results["composed"][1]
    np.testing.assert_allclose(results["native"][1], slope, rtol=0, atol=1e-6 * np.abs(slope).max())

"""The kernel of soft targets, on what is extreme, wrong, left out or of another type."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import BinaryCrossEntropyLoss, CrossEntropyLoss, DiceCELoss, errors, kernels
from paddleseg_losses.kernels.soft_targets import check_soft_targets, soft_sums
from paddleseg_losses.problem import Problem
from tests.kernels.soft import SIZES, SLOPED, definition, problem, task
from tests.laws.cases import IGNORED, Case

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)
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

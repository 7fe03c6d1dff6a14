"""Labels as files and loaders give them: read as they are meant, or refused with a cure that works."""

import warnings

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors, kernels, registry

from .any_loss import build, problem, t

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(2, 3, 6, 7)).astype("float32")
Y = RNG.integers(3, size=(2, 6, 7))
ONE = (Y > 0).astype("int64")
SOFT = [name for name in registry.names() if registry.get(name).soft]


def _raw(labels):
    """Truth values as a 1-bit PNG stores them."""
    return (labels * 255).astype("uint8").view(bool)


def _loaded(labels):
    """What a loader of Paddle makes of labels."""

    class Labels(paddle.io.Dataset):
        def __len__(self):
            return len(labels)

        def __getitem__(self, index):
            return labels[index]

    batch = next(iter(paddle.io.DataLoader(Labels(), batch_size=len(labels))))
    return batch[0] if isinstance(batch, (list, tuple)) else batch


@pytest.mark.parametrize("name", registry.names())
def test_of_16_bits_through_a_loader(name):
    z, y = problem(name, t(Z), Y)
    y = np.where(Y == 2, 255, y) if y.max() == 1 else np.where(RNG.random(y.shape) > 0.8, 255, y)
    expected = float(build(name)(z, t(y)))
    labels = _loaded(y.astype("uint16"))
    assert labels.dtype == paddle.bfloat16
    assert float(build(name)(z, labels)) == pytest.approx(expected, rel=1e-6)
    assert float(build(name)(z, y.astype("uint16"))) == expected


@pytest.mark.parametrize("which", ["native", "composed"])
@pytest.mark.parametrize("name", registry.names())
def test_that_say_they_have_a_gradient(name, which):
    """Of whole numbers there is none: Paddle would ask our operations for it, and end in an error of its own."""
    z, y = problem(name, t(Z), Y)
    labels = t(y)
    labels.stop_gradient, z.stop_gradient = False, False
    with kernels.use_kernels(which):
        build(name)(z, labels).backward()
    assert np.isfinite(z.grad.numpy()).all()


def test_of_16_bits_that_are_no_classes():
    for value in (20_000, 65_535, 300):
        y = Y.copy()
        y[0, 0, 0] = value
        with pytest.raises(errors.LabelError, match=f"hold {value}") as caught:
            pl.CrossEntropyLoss()(t(Z), _loaded(y.astype("uint16")))
        assert f"set ignore_index={value}" in str(caught.value.cure)
        cured = float(pl.CrossEntropyLoss(ignore_index=value)(t(Z), _loaded(y.astype("uint16"))))
        assert cured == float(pl.CrossEntropyLoss(ignore_index=value)(t(Z), t(y)))


def test_whole_numbers_and_shares_as_bfloat16():
    z = t(Z)
    assert float(pl.DiceLoss()(z, t(Y).astype("bfloat16"))) == float(pl.DiceLoss()(z, t(Y)))
    shares = t(RNG.dirichlet(np.ones(3), size=(2, 6, 7)).transpose(0, 3, 1, 2).astype("float32")).astype("bfloat16")
    actual, expected = (pl.DiceLoss(mode="multiclass")(z, x) for x in (shares, shares.astype("float32")))
    assert float(actual) == float(expected)


@pytest.mark.parametrize("name", registry.names(mode="binary"))
def test_truth_values_that_are_stored_as_255(name):
    z = t(Z[:, :1])
    expected = float(build(name)(z, t(ONE)))
    for labels in (t(_raw(ONE)), _raw(ONE), t(ONE == 1), ONE == 1, _loaded(_raw(ONE))):
        assert float(build(name)(z, labels)) == expected


def test_truth_values_of_several_channels_and_on_the_composed_path(monkeypatch):
    hot = np.stack([c == Y for c in range(3)], 1)
    for options in ({"mode": "multiclass"}, {}):
        expected = float(pl.DiceLoss(**options)(t(Z), t(hot.astype("int64"))))
        assert float(pl.DiceLoss(**options)(t(Z), t(_raw(hot)))) == expected
    from paddleseg_losses.kernels import use_kernels

    with use_kernels("composed"):
        assert float(pl.DiceLoss()(t(Z[:, :1]), t(_raw(ONE)))) == pytest.approx(
            float(pl.DiceLoss()(t(Z[:, :1]), t(ONE)))
        )


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", ">i4"])
def test_masked_arrays_say_what_to_ignore(dtype):
    away = RNG.random(ONE.shape) > 0.7
    for ignore_index in (255, -1):
        loss = pl.DiceLoss(ignore_index=ignore_index)
        expected = float(loss(t(Z[:, :1]), t(np.where(away, ignore_index, ONE))))
        actual = float(loss(t(Z[:, :1]), np.ma.masked_array(ONE.astype(dtype), away)))
        assert actual == pytest.approx(expected, rel=1e-6)
    assert float(pl.DiceLoss()(t(Z), np.ma.masked_array(Y))) == float(pl.DiceLoss()(t(Z), t(Y)))


def test_masked_logits_and_weights_are_refused():
    masked = np.ma.masked_array(Z, Z > 1)
    with pytest.raises(errors.InputError, match="masked") as caught:
        pl.DiceLoss()(masked, Y)
    assert "logits.filled(0)" in str(caught.value.cure)
    assert float(pl.DiceLoss()(masked.filled(0), Y)) > 0
    with pytest.raises(errors.InputError, match="masked"):
        pl.CrossEntropyLoss()(t(Z), Y, np.ma.masked_array(ONE, ONE == 1))


@pytest.mark.parametrize("name", SOFT)
def test_a_float_mask_of_0_and_255_is_noticed(name):
    if "binary" not in registry.get(name).modes:
        pytest.skip("takes no masks")
    for dtype in ("float32", "float64", "float16"):
        with pytest.warns(UserWarning, match=r"only 0 and 255"):
            build(name)(t(Z[:, :1]), t((ONE * 255).astype(dtype)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build(name)(t(Z[:, :1]), t(ONE.astype("float32")))
        build(name)(t(Z[:, :1]), t(np.where(Y == 2, 255, ONE).astype("float32")))


def test_colors_that_fit():
    colors = np.stack([ONE * 255, ONE * 0, ONE * 255], 1)
    with pytest.warns(UserWarning, match=r"RGB\(A\) mask"):
        pl.DiceLoss()(t(Z), t(colors))
    with pytest.raises(errors.LabelError, match="colors"):
        pl.DiceLoss()(t(Z), t(colors // 2))


def _noisy(mask):
    """As JPEG leaves a mask."""
    return np.clip(mask * 255 + RNG.integers(-9, 10, mask.shape), 0, 255)


NAN = "paddle.where(paddle.isnan(labels), paddle.full_like(labels, 255), labels)"
# Logits, labels, what the cure says, that done, and the labels that are meant.
CURES = {
    "JPEG": (Z[:, :1], _noisy(ONE), "(labels > 127).astype('int64')", lambda y: (y > 127).astype("int64"), ONE),
    "JPEG, two channels": (Z[:, :2], _noisy(ONE), "(labels > 127).astype('int64')", lambda y: (y > 127) * 1, ONE),
    "from 1": (Z, Y + 1, "paddle.where(labels == 255, labels, labels - 1)", lambda y: y - 1, Y),
    "from 1, with ignored": (
        Z,
        np.where(Y == 1, 255, Y + 1),
        "paddle.where(labels == 255, labels, labels - 1)",
        lambda y: np.where(y == 255, y, y - 1),
        np.where(Y == 1, 255, Y),
    ),
    "NaN as an integer": (
        Z,
        np.where(Y == 1, -(2**63), Y),
        "replace NaN by the ignore_index",
        lambda y: np.where(y < 0, 255, y),
        np.where(Y == 1, 255, Y),
    ),
    "NaN in shares": (
        Z[:, :1],
        np.where(Y == 2, np.nan, ONE).astype("float32"),
        NAN,
        lambda y: np.where(np.isnan(y), 255, y),
        np.where(Y == 2, 255, ONE),
    ),
    "NaN in float indices": (
        Z,
        np.where(Y == 1, np.nan, Y).astype("float32"),
        NAN,
        lambda y: np.where(np.isnan(y), 255, y).astype("int64"),
        np.where(Y == 1, 255, Y),
    ),
    "255 without ignoring it": (
        Z[:, :1],
        (ONE * 255).astype("float32"),
        "divide a 0/255 mask by 255",
        lambda y: y / 255,
        ONE,
    ),
    "float indices above 1": (Z[:, :1], np.minimum(Y, 1) * 2.0, "largest possible value", lambda y: y / 2, ONE),
}


@pytest.mark.parametrize("case", CURES)
def test_cures(case):
    z, given, cure, do, meant = CURES[case]
    options = {"ignore_index": -1} if case.startswith("255") else {}
    with pytest.raises(errors.InputError) as caught:
        pl.DiceLoss(**options)(t(z), t(given))
    assert cure in str(caught.value.cure)
    actual = float(pl.DiceLoss(**options)(t(z), t(do(given))))
    assert actual == pytest.approx(float(pl.DiceLoss(**options)(t(z), t(meant))), rel=1e-6)


@pytest.mark.parametrize("value", [-9999, 20_000, 2_000_000_000])
@pytest.mark.parametrize("dtype", ["int32", "int64", "float32"])
def test_labels_that_say_no_data(value, dtype):
    given = np.where(Y == 2, value, ONE).astype(dtype)
    z = Z[:, :1] if dtype == "float32" else Z[:, :2]
    with pytest.raises(errors.LabelError) as caught:
        pl.DiceLoss()(t(z), t(given))
    if dtype == "float32" and value > 0:
        return  # neither shares nor classes
    assert f"set ignore_index={value}" in str(caught.value.cure)
    actual = float(pl.DiceLoss(ignore_index=value)(t(z), t(given)))
    assert actual == pytest.approx(float(pl.DiceLoss()(t(z), t(np.where(Y == 2, 255, ONE)))), rel=1e-6)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, -1e30, -2.0, -0.5, 3.0, 1e30])
def test_shares_that_are_none(wrong):
    labels = ONE[:, None].astype("float32")
    labels[0, 0, 0, 0] = wrong
    with pytest.raises(errors.LabelError, match="what to do"):
        pl.DiceLoss()(t(Z[:, :1]), t(labels))


@pytest.mark.parametrize("name", SOFT)
@pytest.mark.parametrize("kernels", ["auto", "composed"])
def test_shares_beyond_1_by_rounding(name, kernels):
    from paddleseg_losses.kernels import use_kernels

    binary = "binary" in registry.get(name).modes
    hard = ONE[:, None] if binary else np.stack([c == Y for c in range(3)], 1) * 1
    near = np.where(hard == 1, np.float32(1 + 1e-6), np.float32(-1e-8)).astype("float32")
    options = {} if binary else {"mode": "multiclass"}
    with use_kernels(kernels):
        values, slopes = [], []
        for labels in (hard.astype("float32"), near):
            z = t(Z[:, : hard.shape[1]])
            z.stop_gradient = False
            loss = build(name, checks="always", **options)
            value = loss(z, t(labels))
            value.backward()
            values.append(float(value))
            slopes.append(z.grad.numpy())
    assert values[1] == pytest.approx(values[0], rel=2e-6)
    assert np.allclose(slopes[1], slopes[0], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("name", registry.names())
def test_probabilities_beyond_1_by_rounding(name):
    spec = registry.get(name)
    z, y = problem(name, t(Z), Y)
    mode = "multiclass" if "multiclass" in spec.modes else "binary"
    if mode in spec.logits_only:
        pytest.skip("depends on the logits themselves")
    hot = np.stack([y == c for c in range(z.shape[1])], 1) if mode == "multiclass" else y[:, None]
    sure = hot.astype("float32")
    near = np.where(sure == 1, np.float32(1 + 1e-6), np.float32(0)).astype("float32")
    for checks in ("always", "never"):
        actual, expected = (float(build(name, from_logits=False, checks=checks)(t(p), t(y))) for p in (near, sure))
        assert actual == pytest.approx(expected, rel=1e-5, abs=1e-7)

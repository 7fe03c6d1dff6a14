"""The weighted sum with PaddleSeg's own losses, as objects and from a YAML file through PaddleSeg's builder."""

import numpy as np
import paddle
import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

import paddleseg_losses
from paddleseg_losses import DiceLoss, WeightedSumLoss, errors
from paddleseg_losses.paddleseg.shims import fixed, module
from paddleseg_losses.paddleseg.trainer import train
from tests import tiny

OURS = "paddleseg_losses."


def _batch(ignored=255):
    rng = np.random.default_rng(0)
    labels = rng.integers(1, 3, (2, 6, 5))
    labels[:, :2] = ignored
    return paddle.to_tensor(rng.normal(size=(2, 3, 6, 5)).astype("float32")), paddle.to_tensor(labels)


def _built(dataset, entry, folder, **data):
    """The loss as PaddleSeg's builder makes it from a file."""
    content = tiny.config(dataset, entry)
    for part in ("train_dataset", "val_dataset"):
        content[part].update(data)
    paddleseg_losses.register()
    config = module("cvlibs").Config(str(tiny.write(folder / "config.yml", content)))
    return module("cvlibs").SegBuilder(config).loss["types"][0]


def _theirs(name, ignored=255):
    """Value of PaddleSeg's own loss on labels of its own."""
    z, y = _batch(ignored)
    return float(getattr(module("models.losses"), name)(ignore_index=ignored)(z, y))


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("mend", [False, True])
def test_paddlesegs_dice_spoils_no_other_term(order, mend):
    z, y = _batch()
    before, losses = y.numpy().copy(), module("models.losses")
    terms = [losses.DiceLoss(), "JaccardLoss", losses.LovaszSoftmaxLoss(), DiceLoss()][::order]
    if mend:
        with fixed():
            value = float(WeightedSumLoss(losses=terms)(z, y))
    else:
        value = float(WeightedSumLoss(losses=terms)(z, y))
    ours = sum(float(paddleseg_losses.build(name)(z, y)) for name in ("JaccardLoss", "DiceLoss"))
    assert value == pytest.approx(ours + _theirs("DiceLoss") + _theirs("LovaszSoftmaxLoss"), rel=1e-5)
    np.testing.assert_array_equal(y.numpy(), before)


def test_paddlesegs_dice_spoils_nothing_in_a_mixed_loss():
    z, y = _batch()
    losses = module("models.losses")
    mixed = losses.MixedLoss([losses.DiceLoss(), losses.LovaszSoftmaxLoss(), DiceLoss()], [1, 0.5, 2])
    value = float(WeightedSumLoss(losses=["JaccardLoss", mixed], coef=[1, 2])(z, y))
    jaccard, dice = (float(paddleseg_losses.build(name)(z, y)) for name in ("JaccardLoss", "DiceLoss"))
    expected = jaccard + 2 * (_theirs("DiceLoss") + 0.5 * _theirs("LovaszSoftmaxLoss") + 2 * dice)
    assert value == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("ignored", [255, 0])
def test_from_a_file_names_mean_what_they_mean_to_paddleseg(ignored, dataset, tmp_path, losses_table):
    entry = {
        "type": "WeightedSumLoss",
        "losses": [
            {"type": "DiceLoss", "smooth": 1.0},
            {"type": OURS + "DiceLoss", "smooth": 3.0},
            {"type": "WeightedSumLoss", "losses": [{"type": "TverskyLoss"}, {"type": "LovaszSoftmaxLoss"}]},
        ],
        "coef": [1, 2, 3],
    }
    loss = _built(dataset, entry, tmp_path, ignore_index=ignored)
    assert loss.ignore_index == ignored  # from the dataset
    z, y = _batch(ignored)
    value = float(loss(z, y))
    parts = loss.parts
    assert parts["DiceLoss"] == pytest.approx(_theirs("DiceLoss", ignored), rel=1e-5)
    assert parts["DiceLoss_2"] == pytest.approx(float(DiceLoss(smooth=3.0, ignore_index=ignored)(z, y)), rel=1e-6)
    lovasz = _theirs("LovaszSoftmaxLoss", ignored)
    assert parts["WeightedSumLoss.LovaszSoftmaxLoss"] == pytest.approx(lovasz, rel=1e-5)
    tversky = float(paddleseg_losses.TverskyLoss(ignore_index=ignored)(z, y))
    assert parts["WeightedSumLoss.TverskyLoss"] == pytest.approx(tversky, rel=1e-6)
    expected = parts["DiceLoss"] + 2 * parts["DiceLoss_2"] + 3 * (tversky + lovasz)
    assert value == pytest.approx(expected, rel=1e-5)


def test_a_sum_with_paddlesegs_own_trains(dataset, tmp_path, quick_end):
    own = [{"type": "CrossEntropyLoss"}, {"type": "DiceLoss"}, {"type": "LovaszSoftmaxLoss"}]
    mixed = {"type": "MixedLoss", "losses": own, "coef": [1, 1, 1]}
    entry = {"type": "WeightedSumLoss", "losses": [mixed, {"type": "ComboLoss"}, *own], "coef": [1, 1, 0.1, 0.1, 0.1]}
    path, recorder = tiny.write_config(tmp_path / "config.yml", dataset, entry), tiny.recorder()
    result = train(path, save_dir=str(tmp_path / "output"), iters=3, log_iters=1, display=recorder)
    assert np.isfinite([point["loss"] for point in result.loss]).all()
    assert recorder.warned == []


@pytest.mark.parametrize(
    ("losses", "text"),
    [
        ([{"type": "KLLoss"}], "KLLoss compares with something other than labels"),
        ([{"type": "BCELoss", "edge_label": True}], "BCELoss compares with something other than labels"),
        ([{"type": "TverskyLoss", "alfa": 1}], "did you mean alpha"),
        ([{"type": "DiceLoss", "ignore_index": 3}], "DiceLoss has ignore_index=3, but WeightedSumLoss 255"),
        ([{"type": "paddleseg_losses.DiceLoss", "reduction": "none"}], "has reduction='none'"),
    ],
)
def test_the_error_of_a_term_arrives_whole(losses, text, dataset, tmp_path, quick_end):
    entry = {"type": "WeightedSumLoss", "losses": losses}
    path = tiny.write_config(tmp_path / "config.yml", dataset, entry)
    with pytest.raises(errors.OptionError, match=text):
        train(path, save_dir=str(tmp_path / "output"), iters=1, display=tiny.recorder())

"""The pictures show the numbers, and the numbers are those of the losses."""

import sys

import numpy as np
import pytest
from PIL import Image

from paddleseg_losses import (
    BoundaryLoss,
    CrossEntropyLoss,
    DiceLoss,
    FocalLoss,
    HausdorffDTLoss,
    HausdorffERLoss,
    LovaszSoftmaxLoss,
    WeightedSumLoss,
    drawing,
)
from paddleseg_losses.drawing.comparisons import draw_ranks
from paddleseg_losses.drawing.examples import LOGITS, PIXELS
from paddleseg_losses.drawing.style import COLORS, new_figure
from paddleseg_losses.errors import MissingDependencyError

SMOOTH = [CrossEntropyLoss(), DiceLoss(), FocalLoss(gamma=3.0), BoundaryLoss(), WeightedSumLoss(losses=["DiceLoss"])]


@pytest.mark.parametrize("loss", SMOOTH, ids=repr)
def test_slope_is_the_slope_of_the_value(loss):
    curve = drawing.curve_of(loss)
    for side in PIXELS:
        differences = np.gradient(curve.values[side], LOGITS)
        np.testing.assert_allclose(
            curve.slopes[side][1:-1], differences[1:-1], rtol=0.02, atol=2e-3 * np.abs(differences).max()
        )
        wrong = 0 if side == "object" else -1
        assert curve.values[side][wrong] == max(curve.values[side])


@pytest.mark.parametrize(
    "options", [{"mode": "multiclass"}, {"from_logits": False}, {"data_format": "NHWC"}, {"reduction": "none"}], ids=str
)
@pytest.mark.parametrize("loss", [FocalLoss, DiceLoss], ids=lambda cls: cls.__name__)
def test_shared_options_do_not_change_the_picture(loss, options):
    if loss is DiceLoss and "mode" in options:
        options = {**options, "include_background": False}
    plain, with_options = (drawing.gradient_on(made) for made in (loss(), loss(**options)))
    assert with_options.value == pytest.approx(plain.value)
    np.testing.assert_allclose(with_options.gradient, plain.gradient, rtol=1e-6, atol=1e-12)


def test_scene_is_what_the_pictures_say():
    scene = drawing.SCENE
    guess, truth = scene.logits > 0, scene.truth == 1
    assert scene.truth.shape[0] != scene.truth.shape[1]
    wrong = np.logical_or.reduce(list(scene.errors.values()))
    np.testing.assert_array_equal(wrong, guess != truth)
    assert sum(mask.sum() for mask in scene.errors.values()) == wrong.sum()
    assert scene.errors["near blob"].sum() == scene.errors["far blob"].sum()
    assert (truth & scene.errors["ragged edge"]).any()
    assert (~truth & scene.errors["ragged edge"]).any()
    assert truth[scene.errors["missed part"]].all()


def test_what_the_maps_teach():
    dice, entropy, hausdorff, erosion = map(
        drawing.gradient_on, (DiceLoss(), CrossEntropyLoss(), HausdorffDTLoss(), HausdorffERLoss())
    )
    assert dice.regions["far blob"] == pytest.approx(dice.regions["near blob"], rel=1e-3)
    assert entropy.regions["missed part"] == pytest.approx(entropy.regions["far blob"], rel=0.02)
    assert hausdorff.regions["far blob"] > 10 * hausdorff.regions["near blob"]
    assert erosion.share("ragged edge") < 1e-3
    assert erosion.share("missed part") == 1
    assert (dice.gradient[drawing.SCENE.truth == 1] < 0).all()
    assert (dice.gradient[drawing.SCENE.truth == 0] > 0).all()


def test_one_loss_is_drawn_in_its_own_units():
    loss = DiceLoss(smooth=0.5)
    lines = [line for axis in drawing.curve({"d": loss}).axes for line in axis.lines]
    numbers = drawing.curve_of(loss)
    expected = [*numbers.values.values(), *numbers.slopes.values()]
    assert len(lines) == len(expected) == 4
    for line, values in zip(lines, expected):
        np.testing.assert_array_equal(line.get_ydata(), values)


def test_jumps_are_gaps_and_flat_is_said():
    jumping = drawing.curve({"h": HausdorffDTLoss()}).axes[0].lines[1].get_ydata()
    assert np.isnan(jumping).sum() == 1
    flat = drawing.curve({"e": HausdorffERLoss()}).axes[0]
    assert [text.get_text() for text in flat.texts] == ["flat"]
    assert not drawing.curve({"d": DiceLoss()}).axes[0].texts


def test_several_losses_are_scaled_to_one():
    losses = {"2": FocalLoss(), "5": FocalLoss(gamma=5), "Lovász": LovaszSoftmaxLoss(), "Hausdorff": HausdorffDTLoss()}
    figure = drawing.curve(losses)
    upper, lower = figure.axes[:2], figure.axes[2:]
    for axes, low in ((upper, 0), (lower, -1)):
        for number in range(len(losses)):
            values = np.concatenate([axis.lines[number].get_ydata() for axis in axes])
            assert np.nanmin(values) >= low
            assert np.nanmax(np.abs(values)) == pytest.approx(1)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(losses)
    assert len({line.get_color() for line in upper[0].lines}) == len(losses)


def test_gradient_map_shows_the_gradient_around_zero():
    losses = {"Dice": DiceLoss(), "Hausdorff": HausdorffDTLoss(), "Lovász": LovaszSoftmaxLoss()}
    figure = drawing.gradient_map(losses)
    maps = [axis for axis in figure.axes if "gradient" in axis.get_title()]
    assert [axis.get_title().splitlines()[0] for axis in maps] == list(losses)
    for axis, loss in zip(maps, losses.values()):
        (image,) = axis.get_images()
        gradient = drawing.gradient_on(loss)
        np.testing.assert_array_equal(image.get_array(), gradient.gradient)
        low, high = image.get_clim()
        assert low == -high
        np.testing.assert_allclose(image.to_rgba(0.0)[:3], 0.97, atol=0.01)
    bars = [axis for axis in figure.axes if "pull" in axis.get_title()]
    assert [bar.get_width() for bar in bars[0].patches] == [
        drawing.gradient_on(losses["Dice"]).share(region) for region in drawing.SCENE.regions
    ]


def test_long_names_stay_above_their_own_map():
    losses = {f"TverskyLoss alpha={alpha} beta={1 - alpha} classes=present smooth=1e-6": DiceLoss() for alpha in (0, 1)}
    figure = drawing.gradient_map(losses)
    figure.draw_without_rendering()
    titled = [axis for axis in figure.axes if axis.get_title()]
    boxes = [axis.title.get_window_extent() for axis in titled]
    bars = [axis.get_tightbbox() for axis in figure.axes if axis.get_label() == "<colorbar>"]
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in [*boxes[:place], *bars])


def test_numbers_that_are_known_are_not_computed_again(monkeypatch):
    loss = DiceLoss()
    curve, gradient = drawing.curve_of(loss, LOGITS[::50]), drawing.gradient_on(loss)
    monkeypatch.setattr(DiceLoss, "compute", lambda self, inputs: pytest.fail("computed again"))
    drawing.curve({"d": loss}, {"d": curve})
    drawing.gradient_map({"d": loss}, gradients={"d": gradient})


def test_equal_numbers_give_equal_bytes(tmp_path):
    paths = [drawing.save(drawing.curve({"d": DiceLoss()}), tmp_path / f"{i}" / "a.png", "signature") for i in (1, 2)]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with Image.open(paths[0]) as image:
        assert image.info["Numbers"] == "signature"
        assert "Software" not in image.info
    with Image.open(drawing.save(new_figure(1, 1), tmp_path / "b.png")) as image:
        assert "Numbers" not in image.info


def test_missing_matplotlib_is_named_with_its_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match="matplotlib") as caught:
        drawing.curve({"d": DiceLoss()})
    assert "paddleseg-losses[demo]" in str(caught.value.cure)


def test_a_rank_without_doubt_is_seen(tmp_path):
    """Its interval has no length."""
    path = draw_ranks(tmp_path / "ranks.png", {"DiceLoss": (1.0, 1.0), "FocalLoss": (2.0, 2.0)})
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    blue = tuple(bytes.fromhex(COLORS[0][1:]))
    assert (pixels == blue).all(axis=1).sum() > 20

"""The pictures of a training show the numbers they were given."""

import sys

import numpy as np
import pytest
from PIL import Image

from paddleseg_losses.drawing import training as pictures
from paddleseg_losses.errors import DataError, MissingDependencyError

NAMES = ("background", "CSF", "grey matter", "white matter")
TRUTH = np.array([[0, 1, 1, 2], [2, 2, 255, 255]], "uint8")
GUESS = np.array([[0, 1, 2, 2], [2, 0, 1, 1]], "int64")
IMAGE = np.arange(8, dtype="uint8").reshape(2, 4)


def _size(path):
    with Image.open(path) as picture:
        return picture.size


@pytest.fixture
def figure(monkeypatch):
    """The figure that was last saved."""
    kept = {}
    save = pictures._save

    def keep(drawn, path):
        kept["figure"] = drawn
        return save(drawn, path)

    monkeypatch.setattr(pictures, "_save", keep)
    return lambda: kept["figure"]


def test_prediction_picture_shows_images_truths_and_predictions(tmp_path, figure):
    images, truths, guesses = ([array + i for i in range(5)] for array in (IMAGE, 0 * TRUTH, 0 * GUESS))
    path = pictures.save_prediction_picture(tmp_path / "new" / "a.png", images, truths, guesses, NAMES, rows=3)
    assert path == tmp_path / "new" / "a.png"
    assert min(_size(path)) > 300
    drawn = [axis.get_images()[0].get_array() for axis in figure().axes]
    assert len(drawn) == 9
    for row, i in enumerate((0, 2, 4)):  # evenly spread
        for panel, given in zip(drawn[3 * row :], (images, truths, guesses)):
            np.testing.assert_array_equal(panel, given[i])


def test_prediction_picture_says_the_dice_of_all_pixels_that_count(tmp_path, figure):
    """CSF has 1 common pixel of 2 + 1, grey matter 2 of 3 + 3; ignored pixels do not count, images not drawn do."""
    pictures.save_prediction_picture(tmp_path / "a.png", [IMAGE] * 2, [TRUTH] * 2, [GUESS] * 2, NAMES, rows=1)
    title = figure().get_suptitle()
    assert "CSF 0.667" in title
    assert "grey matter 0.667" in title
    assert "white matter nan" in title
    assert "background" not in title
    assert [text.get_text() for text in figure().legends[0].get_texts()] == list(NAMES)


def test_legend_and_pixels_have_the_same_colours(tmp_path, figure):
    pictures.save_prediction_picture(tmp_path / "a.png", [IMAGE], [TRUTH], [GUESS], NAMES)
    truth = figure().axes[1].get_images()[0]
    patches = figure().legends[0].get_patches()
    for c, patch in enumerate(patches):
        np.testing.assert_allclose(truth.to_rgba(c), patch.get_facecolor())
    assert len({patch.get_facecolor() for patch in patches}) == len(NAMES)
    ignored = tuple(truth.to_rgba(255))
    assert ignored not in {patch.get_facecolor() for patch in patches}


def test_more_classes_than_colours(tmp_path, figure):
    names = [f"class {c}" for c in range(20)]
    pictures.save_prediction_picture(tmp_path / "a.png", [IMAGE / 7.0], [TRUTH], [GUESS], names)
    assert len(figure().legends[0].get_texts()) == 20


@pytest.mark.parametrize("counts", [(0, 0, 0), (2, 2, 1)])
def test_pictures_that_do_not_pair_are_refused(tmp_path, counts):
    given = [[array] * count for array, count in zip((IMAGE, TRUTH, GUESS), counts)]
    with pytest.raises(DataError, match=f"{counts[0]} images, {counts[1]} truths and {counts[2]} predictions"):
        pictures.save_prediction_picture(tmp_path / "a.png", *given, NAMES)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("losses", "scale"), [([0.9, 0.5, 0.3], "linear"), ([5.0, 0.5, 0.1], "log"), ([1.0, 0.0], "linear")]
)
def test_curve_is_logarithmic_where_that_helps(tmp_path, figure, losses, scale):
    path = pictures.save_curve_picture(tmp_path / "a.png", range(len(losses)), losses)
    assert min(_size(path)) > 300
    (panel,) = figure().axes
    assert panel.get_yscale() == scale
    np.testing.assert_array_equal(panel.lines[0].get_ydata(), losses)


def test_curve_has_a_hole_where_the_loss_was_not_finite(tmp_path, figure):
    pictures.save_curve_picture(tmp_path / "a.png", [10, 20, 30], [0.5, None, 0.4])
    np.testing.assert_array_equal(figure().axes[0].lines[0].get_ydata(), [0.5, np.nan, 0.4])


def test_curve_shows_every_evaluation(tmp_path, figure):
    scores = {"mean Dice": [(10, 0.7), (20, 0.8)], "mean IoU": [(10, 0.5), (20, 0.6)], "none yet": []}
    pictures.save_curve_picture(tmp_path / "a.png", [10, 20], [0.5, 0.4], scores)
    lines = figure().axes[1].lines
    assert [line.get_label() for line in lines] == ["mean Dice", "mean IoU"]
    np.testing.assert_array_equal(lines[1].get_xydata(), scores["mean IoU"])
    assert len({line.get_color() for line in lines}) == 2


def test_missing_matplotlib_is_named_with_its_cure(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match="matplotlib") as caught:
        pictures.save_curve_picture(tmp_path / "a.png", [1], [0.5])
    assert "paddleseg-losses[demo]" in str(caught.value.cure)

"""Values of which `Foreground` or `Multilabel` would make background without a word."""

import numpy as np
import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from PIL import Image

from paddleseg_losses.doctor import run_checks
from tests import tiny


@pytest.fixture
def merged(tmp_path, losses_table):
    """The findings about masks of these values, each in a column, of which some are the foreground."""

    def checked(values, classes, strange=None, **options):
        folder = tiny.write_dataset(tmp_path / "data")
        for number in range(6):
            mask = np.resize(np.array(values, "uint8"), np.asarray(Image.open(folder / f"label{number}.png")).shape)
            if strange is not None and number == 1:
                mask[3, 3] = strange
            Image.fromarray(mask).save(folder / f"label{number}.png")
        config = tiny.config(folder, {"type": "paddleseg_losses.DiceLoss"}, 2)
        kind = "Multilabel" if "sets" in options else "Foreground"
        transform = {"type": f"paddleseg_losses.{kind}", **({} if classes is None else {"classes": classes}), **options}
        for part in ("train", "val"):
            config[f"{part}_dataset"]["transforms"] = [{"type": "Normalize"}, transform]
        diagnosis = run_checks(tiny.write(tmp_path / "config.yml", config))
        return [str(item.text) for item in diagnosis.findings if item.code == "merged_values"]

    return checked


def test_a_stray_value_is_told_where_it_is(merged):
    (text,) = merged([0, 255], [255], 77)
    assert "77 (0.0" in text
    assert "label1.png has 77" in text


def test_a_stray_value_that_no_channel_names(merged):
    (text,) = merged([0, 1, 2, 3], None, 77, sets=[[1, 2], [2]])
    assert text.startswith("Multilabel makes background of values that its sets do not name: 77 (0.0")


@pytest.mark.parametrize(
    ("values", "classes", "told"),
    [
        ([0, 1, 255], [255], "1 (33"),  # masks of two kinds
        (range(256), 255, "1 (0.39%), 2 (0.39%)"),  # soft edges
        ([0, 1, 2, 77], [1], "77 (25"),
    ],
    ids=str,
)
def test_values_that_no_index_explains(values, classes, told, merged):
    of_training, of_validation = merged(values, classes)
    assert told in of_training
    assert of_validation == f"val_dataset: {of_training.replace('label0.png', 'label4.png')}"


@pytest.mark.parametrize(
    ("values", "classes", "options"),
    [
        ([0, 255], [255], {}),
        ([0, 1, 255], [1], {}),
        ([0, 1, 2, 3, 5], [2], {}),  # a data set of several classes, one of which does not occur
        ([0, 77, 255], [77, 255], {}),
        ([0, 77, 255], [255], {"ignore_index": 77}),
        ([0, 1, 2, 3], None, {"sets": [[1, 2], [2]]}),
        ([0, 1, 2, 255], None, {"sets": [[1, 2], [2]]}),
    ],
    ids=str,
)
def test_what_is_meant_is_left_alone(values, classes, options, merged):
    assert not merged(values, classes, **options)

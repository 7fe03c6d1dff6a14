"""Data sets that annotate some of the classes: the transform, and how it knows its own samples."""

import numpy as np
import pytest

from paddleseg_losses import errors
from paddleseg_losses.paddleseg.loading import make_batch
from paddleseg_losses.sample_files import current_files, reading
from paddleseg_losses.transforms import PartialLabels

LABEL = np.array([[0, 1, 2], [3, 255, 1]], "uint8")


def made(transform, label=LABEL):
    return transform({"label": label.copy()})["label"]


def test_what_is_not_annotated_becomes_the_label_of_the_set():
    labels = made(PartialLabels([1, 2]))
    np.testing.assert_array_equal(labels, [[250, 1, 2], [250, 255, 1]])
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(made(PartialLabels({1: 3, 3: 1}, label=9)), [[9, 3, 9], [1, 255, 3]])
    assert PartialLabels([1])({"img": LABEL}) == {"img": LABEL}


@pytest.mark.parametrize(
    "options",
    [
        {"annotated": []},
        {"annotated": [1], "label": 1},
        {"annotated": [1], "label": 255},
        {"annotated": [1], "label": "x"},
        {"annotated": [1], "label": None},
        *({"annotated": wrong} for wrong in (None, "1,2", [[1]], [-1], [300], [1.5], [True], {1: "a"})),
    ],
)
def test_a_label_that_has_another_meaning(options):
    with pytest.raises(errors.OptionError, match="PartialLabels"):
        PartialLabels(**options)


def test_each_data_set_has_its_own_by_the_path_of_its_masks():
    transform = PartialLabels([1], files="a/*")
    for mask, expected in (("data/a/1.png", 250), ("data\\a\\1.png", 250), ("data/b/1.png", 0)):
        with reading(["data/a/image.png", mask]):
            assert made(transform)[0, 0] == expected
    assert current_files() == ()
    with pytest.raises(errors.DataError, match="which file"):
        made(transform)


class Listed:
    """A dataset as PaddleSeg's: it has a list of files, and does not tell its transforms."""

    file_list = (["a/0.png", "a/label0.png"], ["b/1.png", "b/label1.png"])

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return PartialLabels([1], files="b/*")({"label": LABEL.copy()})


def test_our_loader_says_which_file_it_reads():
    labels = np.asarray(make_batch(Listed(), [0, 1])["label"])
    assert [int(label[0, 0]) for label in labels] == [0, 250]

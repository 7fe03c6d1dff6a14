"""Predictions as files: the right values, the right names, and no image harmed."""

import shutil

import numpy as np
import paddle
import pytest
from PIL import Image

from paddleseg_losses.after_training import predict
from paddleseg_losses.after_training.images import find_images
from paddleseg_losses.errors import DataError
from paddleseg_losses.paddleseg.inference import Inference
from paddleseg_losses.paddleseg.restoring import restored

from .conftest import make, read, resize


@pytest.fixture
def photos(trained):
    """A folder of images without masks: one in a folder of its own, one of another size."""
    folder = trained.folder / "photos"
    (folder / "more").mkdir(parents=True)
    shutil.copy(trained.data / "image0.png", folder / "a.png")
    shutil.copy(trained.data / "image1.png", folder / "more" / "b.png")
    Image.fromarray(read(trained.data / "image2.png").values).save(folder / "a.jpg", quality=95)
    resize(folder / "more" / "b.png", (50, 44))
    return folder


def _predict(case, path, **options):
    with restored(case.config, case.weights) as trained_model:
        return predict(trained_model, path, case.folder / "out", **options)


def test_a_folder(trained, photos):
    before = {file: file.read_bytes() for file in photos.rglob("*.*")}
    result = _predict(trained, photos, probabilities=True)
    assert len(result.images) == 3
    assert not result.failed
    out = trained.folder / "out"
    names = {file.relative_to(out / "pseudo_color_prediction").as_posix() for file in out.glob("pseudo*/**/*.png")}
    assert names == {"a.jpg.png", "a.png.png", "more/b.png"}  # two files are named a
    picture = read(out / "pseudo_color_prediction" / "more" / "b.png")
    assert (picture.mode, picture.size) == ("P", (50, 44))
    probabilities = np.load(out / "probabilities" / "more" / "b.npy")
    assert (probabilities.dtype, probabilities.shape) == (np.float16, (3, 44, 50))
    np.testing.assert_allclose(probabilities.astype(float).sum(axis=0), 1, atol=2e-3)
    assert read(out / "added_prediction" / "more" / "b.png").size == (50, 44)
    assert {file: file.read_bytes() for file in photos.rglob("*.*")} == before


def test_values_are_those_of_the_model(trained):
    _predict(trained, trained.data / "image1.png")
    with restored(trained.config, trained.weights) as trained_model:
        sample = trained_model.val_dataset()[1]
        expected = trained_model.model(paddle.to_tensor(sample["img"][None]))[0].argmax(axis=1)[0].numpy()
    written = read(trained.folder / "out" / "pseudo_color_prediction" / "image1.png")
    np.testing.assert_array_equal(written.values, expected)


def test_broken_images_are_named_and_the_rest_is_predicted(trained, photos):
    (photos / "c.png").write_bytes((photos / "a.png").read_bytes()[:40])
    (photos / "d.png").write_text("no picture")
    jpeg = (photos / "a.jpg").read_bytes()
    (photos / "e.jpg").write_bytes(jpeg[:-40])  # OpenCV would make the rest grey
    result = _predict(trained, photos)
    assert [file.name for file, _reason in result.failed] == ["c.png", "d.png", "e.jpg"]
    assert all(file.name in str(reason) for file, reason in result.failed)
    assert len(result.images) == 3


def test_a_list_for_training_is_a_list_of_images(trained):
    (trained.folder / "elsewhere").mkdir()
    listing = trained.folder / "elsewhere" / "list.txt"
    listing.write_text("image0.png label0.png\n\nimage3.png\nnowhere.png\n")
    result = _predict(trained, listing)
    assert [file.name for file in result.images] == ["image0.png", "image3.png"]
    assert [file.name for file, _reason in result.failed] == ["nowhere.png"]


def test_names_with_blanks_and_chinese_ones(tmp_path):
    (tmp_path / "a b.png").touch()
    (tmp_path / "路面.png").touch()
    (tmp_path / "list.txt").write_text("a b.png\n路面.png\tlabel.png\n", encoding="gb18030")
    assert [image.name for image in find_images(tmp_path / "list.txt")] == ["a b", "路面"]


def test_predicting_again_does_not_predict_the_predictions(trained, photos):
    with restored(trained.config, trained.weights) as trained_model:
        first = predict(trained_model, photos, photos)
        second = predict(trained_model, photos, photos)
    assert second.images == first.images


def test_an_image_is_never_overwritten(trained):
    folder = trained.folder / "out" / "added_prediction"
    folder.mkdir(parents=True)
    shutil.copy(trained.data / "image0.png", folder)
    before = (folder / "image0.png").read_bytes()
    with pytest.raises(DataError, match="would be overwritten"):
        _predict(trained, folder)
    assert (folder / "image0.png").read_bytes() == before


def test_nothing_to_predict(trained, tmp_path):
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(DataError, match=path.name):
            _predict(trained, path)


def test_own_colours(trained):
    _predict(trained, trained.data / "image0.png", custom_color=(1, 2, 3, 4, 5, 6))
    picture = read(trained.folder / "out" / "pseudo_color_prediction" / "image0.png")
    assert picture.palette[:6] == [1, 2, 3, 4, 5, 6]


def test_several_labels_have_a_file_each(tmp_path, losses_table):
    case = make(tmp_path, classes=3, channels=2)
    how = Inference.of({}, use_multilabel=True)
    result = _predict(case, case.data / "image0.png", how=how, probabilities=True)
    assert len(result.images) == 1
    files = sorted(file.name for file in (tmp_path / "out" / "pseudo_color_prediction").iterdir())
    assert files == ["image0_0.png", "image0_1.png"]
    probabilities = np.load(tmp_path / "out" / "probabilities" / "image0.npy").astype(float)
    for c, file in enumerate(files):
        labels = read(tmp_path / "out" / "pseudo_color_prediction" / file).values
        clear = abs(probabilities[c] - 0.5) > 1e-3
        np.testing.assert_array_equal(labels[clear], probabilities[c][clear] > 0.5)

"""Loading: labels keep their values, and whatever a loader raises ends the training with the name of the file."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from PIL import Image

import paddleseg_losses
from paddleseg_losses.errors import DataError
from paddleseg_losses.paddleseg.loading import Loader, collate, plain
from paddleseg_losses.paddleseg.shims import fixed, module
from paddleseg_losses.paddleseg.trainer import train
from tests import tiny

DICE = {"type": "paddleseg_losses.DiceLoss"}


class Broken:
    """A transform that a user has written."""

    def __call__(self, data):
        raise ZeroDivisionError("of the transform")


class Exits:
    """One that ends the process, or thinks so."""

    def __call__(self, data):
        raise SystemExit(3)


@pytest.fixture
def transforms(losses_table):
    table = module("cvlibs").manager.TRANSFORMS.components_dict
    table.update(Broken=Broken, Exits=Exits)
    return table


def _junk(folder):
    (folder / "image1.png").write_bytes(b"no picture")


def _junk_mask(folder):
    (folder / "label5.png").write_bytes(b"no picture")


def _smaller(folder):
    for kind in ("image", "label"):
        file = str(folder / f"{kind}1.png")
        cv2.imwrite(file, cv2.imread(file, cv2.IMREAD_UNCHANGED)[:20])


def _cut(folder):
    """A JPEG of which OpenCV reads a part, and says so to nobody."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    whole = cv2.imencode(".jpg", pixels)[1].tobytes()
    (folder / "image1.png").write_bytes(whole[: len(whole) // 2])
    (folder / "image1.png").rename(folder / "image1.jpg")
    lists = folder / "train.txt"
    lists.write_text(lists.read_text().replace("image1.png", "image1.jpg"))


CASES = {
    "an image that is none": (_junk, [], "image1.png cannot be read"),
    "an image that is cut off": (_cut, [], "image1.jpg cannot be read: .*truncated"),
    "a validation mask that is none": (_junk_mask, [], "label5.png cannot be read"),
    "a transform that raises": (None, [{"type": "Broken"}], r"image\d.png, .*ZeroDivisionError: of the transform"),
    "a transform that exits": (None, [{"type": "Exits"}], "SystemExit: 3"),
    "images of two sizes": (_smaller, [], r"differ in size: .*image1.png \[3, 20, 40\]"),
}


@pytest.mark.parametrize("case", CASES)
def test_errors_end_the_training(case, tmp_path, transforms, quick_end):
    prepare, extra, said = CASES[case]
    dataset = tiny.write_dataset(tmp_path / "data")
    if prepare:
        prepare(dataset)
    config = tiny.config(dataset, DICE)
    config["train_dataset"]["transforms"] += extra
    path = tiny.write(tmp_path / "config.yml", config)
    options = {"do_eval": True, "save_interval": 2, "iters": 4, "display": tiny.recorder()}
    with pytest.raises(DataError, match=said) as caught:
        train(path, save_dir=str(tmp_path / "output"), **options)
    assert caught.value.cure


class Volumes(paddle.io.Dataset):
    """A dataset that loads what Pillow cannot, until something else fails."""

    def __init__(self, *files):
        self.file_list = [list(map(str, files))]

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise ValueError("axes don't match array")


class Joins(paddle.io.Dataset):
    """A dataset that keeps names, and joins its folder when it reads."""

    def __init__(self):
        self.file_list = [["a.png", "a_mask.png"]]

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return {"img": np.zeros((3, 4, 5), "float32"), "label": np.zeros((4, 5), "int64")}


def test_names_that_are_no_paths_from_here(tmp_path):
    (batch,) = Loader(Joins(), batch_size=1)
    assert list(batch["label"].shape) == [1, 4, 5]


def test_a_file_that_is_no_picture_is_not_called_broken(tmp_path):
    np.save(tmp_path / "scan.npy", np.zeros([4, 4, 4]))
    for name in ("labels.h5", "labels.nii.gz", "labels.pt", "labels.pdf"):
        (tmp_path / name).write_bytes(b"of another library")
        with fixed(), pytest.raises(DataError, match="axes don't match array") as caught:
            list(Loader(Volumes(tmp_path / "scan.npy", tmp_path / name)))
        assert "cannot be loaded" in str(caught.value.found)
        assert "remove its line" not in str(caught.value.cure)


@pytest.mark.parametrize("name", ["scan.npy", "scan.png"])
def test_a_broken_file_is_named_with_the_error(name, tmp_path):
    (tmp_path / name).write_bytes(b"no array")
    with fixed(), pytest.raises(DataError, match=f"{name} cannot be read: .*ValueError: axes don't match array"):
        list(Loader(Volumes(tmp_path / name)))


def test_errors_in_other_processes_end_the_training(tmp_path):
    """In a process of its own, which leaves no workers behind for other tests."""
    dataset = tiny.write_dataset(tmp_path / "data")
    _junk(dataset)
    config = tiny.write_config(tmp_path / "config.yml", dataset, DICE)
    command = "train", "--config", str(config), "--save_dir", str(tmp_path / "output"), "--num_workers", "2"
    done = subprocess.run(
        [sys.executable, "-m", "paddleseg_losses", "--lang", "en", *command],
        capture_output=True, text=True, timeout=200, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(paddleseg_losses.__file__).parents[1])},
    )  # fmt: skip
    assert done.returncode == 1
    assert "image1.png cannot be read" in done.stderr


def test_batches_are_those_of_paddle():
    class Samples(paddle.io.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            picture = np.full([3, 2], index, "float32")
            return {"img": picture, "trans_info": [("resize", (index, 2))], "number": index, "name": str(index)}

    def flat(batch):
        if isinstance(batch, dict):
            return {key: flat(value) for key, value in batch.items()}
        if isinstance(batch, (list, tuple)):
            return [flat(value) for value in batch]
        return batch.numpy().tolist() if paddle.is_tensor(batch) else batch

    ours, theirs = (
        [flat(batch) for batch in loader(Samples(), batch_size=2)] for loader in (Loader, paddle.io.DataLoader)
    )
    assert ours == theirs


@pytest.mark.parametrize(
    ("dtype", "values"),
    [("bool", [0, 1]), ("uint16", [0, 255, 20000, 65535]), (">u2", [0, 2]), ("uint32", [0, 2**31]), (">i4", [-1, 7]),
     ("uint8", [0, 255]), ("float32", [0, 1])],
)  # fmt: skip
def test_labels_keep_their_values(dtype, values):
    labels = np.array([values, values]).astype(dtype)
    batch = paddle.to_tensor(collate([{"label": labels}] * 2)["label"]).astype("int64")
    assert batch.numpy().tolist() == [[values, values]] * 2
    assert plain(np.zeros([2], "uint8")).dtype == np.uint8


def test_truth_values_that_are_stored_as_255():
    raw = np.array([0, 255], np.uint8).view(bool)
    assert paddle.to_tensor(collate([raw])).astype("int64").numpy().tolist() == [[0, 1]]


@pytest.mark.parametrize("kind", ["1 bit", "16 bits", "8 bits"])
def test_masks_under_transforms(kind, tmp_path, losses_table):
    """A mask of any kind is that of 8 bits, in PaddleSeg's own dataset too."""
    mask = np.zeros([16, 20], np.uint8)
    mask[4:9, 5:15] = 1
    stored = {"1 bit": mask > 0, "16 bits": mask.astype("uint16"), "8 bits": mask}[kind]
    Image.fromarray(np.zeros([16, 20, 3], np.uint8)).save(tmp_path / "image.png")
    Image.fromarray(stored).save(tmp_path / "label.png")
    (tmp_path / "list.txt").write_text("image.png label.png\n")
    with fixed():
        resize = module("transforms").Resize(target_size=[40, 32])
        dataset = module("datasets").Dataset(
            mode="train", dataset_root=str(tmp_path), transforms=[resize], num_classes=2,
            train_path=str(tmp_path / "list.txt"),
        )  # fmt: skip
        (batch,) = Loader(dataset, batch_size=1)
    assert np.array_equal(batch["label"].astype("int64").numpy()[0], mask.repeat(2, 0).repeat(2, 1))


def test_no_thread_is_left_behind():
    class Fails(paddle.io.Dataset):
        file_list = (("first", "second"),) * 100

        def __len__(self):
            return 100

        def __getitem__(self, index):
            if index == 3:
                raise ValueError("here")
            return {"img": np.zeros([2], "float32")}

    before = set(threading.enumerate())
    sampler = paddle.io.BatchSampler(Fails(), batch_size=1)
    loader, seen = Loader(Fails(), batch_sampler=sampler), []
    for _again in range(2):
        with pytest.raises(DataError, match="first, second cannot be loaded: ValueError: here"):
            seen.extend(loader)
    assert len(seen) == 6
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()

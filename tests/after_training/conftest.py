"""Tiny trained models: weights that nobody has trained are weights too."""

from types import SimpleNamespace

import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

import cv2
import numpy as np
import paddle
from PIL import Image

from paddleseg_losses.paddleseg.unet import UNet
from tests import tiny
from tests.cli.conftest import call as call

SMALL = {"type": "paddleseg_losses.UNet", "channels": [4, 8], "convolutions": 1}


def make(folder, classes=3, channels=None, val=None, images=4, **changes):
    """A configuration, random weights for it, and its data; `val` is added to the validation data."""
    data = tiny.write_dataset(folder / "data", classes=classes, images=images + 2)
    (data / "val.txt").write_text("".join(f"image{i}.png label{i}.png\n" for i in range(images)))
    content = tiny.config(data, {"type": "paddleseg_losses.DiceLoss"}, classes=channels or classes, **changes)
    content["model"] = {**SMALL, "num_classes": channels or classes}
    content["val_dataset"].update(val or {})
    paddle.seed(1)
    model = UNet(channels or classes, channels=[4, 8], convolutions=1)
    (folder / "best_model").mkdir()
    paddle.save(model.state_dict(), str(folder / "best_model" / "model.pdparams"))
    path = tiny.write(folder / "config.yml", content)
    return SimpleNamespace(folder=folder, data=data, config=path, weights=folder / "best_model", content=content)


@pytest.fixture
def trained(tmp_path, losses_table):
    return make(tmp_path)


def resize(path, size):
    """Another size for a picture on the disk: width and height."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(path), cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST))


def read(path):
    """A picture as it is stored: its mode, size, values and palette."""
    with Image.open(path) as picture:
        return SimpleNamespace(
            mode=picture.mode, size=picture.size, values=np.asarray(picture), palette=picture.getpalette()
        )

"""Predictions as files: class indices with a palette, overlays, probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from ..datasets import is_cut
from ..drawing import overlays
from ..errors import DataError, LossError
from ..i18n import Message, Text, _
from ..paddleseg.display import Display
from ..paddleseg.inference import Inference
from ..paddleseg.loading import what_is_broken
from ..paddleseg.restoring import Restored
from ..paddleseg.resuming import aside, unwritable
from .images import Image, find_images
from .pictures import as_picture, colors_of

# The first two are PaddleSeg's.
LABELS, OVERLAYS, PROBABILITIES = "pseudo_color_prediction", "added_prediction", "probabilities"
_LARGEST = 256  # classes of a picture with a palette


@dataclass
class Predictions:
    """What was written, and what could not be predicted: the image, and why."""

    save_dir: Path
    images: list[Path] = field(default_factory=list)
    failed: list[tuple[Path, Text]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        failed = [{"image": str(file), "found": str(reason)} for file, reason in self.failed]
        return {"save_dir": str(self.save_dir), "images": [str(file) for file in self.images], "failed": failed}


def predict(
    restored: Restored,
    image_path: str | Path,
    save_dir: str | Path,
    how: Inference | None = None,
    *,
    probabilities: bool = False,
    custom_color: Sequence[int] = (),
    display: Display | None = None,
) -> Predictions:
    """Predict images, and write what was found below `save_dir`: their own names in three folders.

    `pseudo_color_prediction` has PNG files whose values are class indices, with a palette; `added_prediction` has the
    images with the classes in colour; `probabilities` has arrays `[C, H, W]` of float16. An image that cannot be
    predicted is passed over.

    Args:
        restored: the model, and the file that says how images are read.
        image_path: an image, a folder, or a list.
        save_dir: folder to write to.
        how: to predict.
        probabilities: whether to write them.
        custom_color: red, green, blue of class 0, then of class 1, ...
        display: what shows how far it is.

    Raises:
        DataError: there are no images, or a file cannot be written.
    """
    how, save_dir, transforms = how or Inference(), Path(save_dir), restored.val_transforms()
    own = [save_dir / name for name in (LABELS, OVERLAYS, PROBABILITIES)]
    section = restored.builder.config.val_dataset_cfg
    root = Path(section["dataset_root"]) if isinstance(section.get("dataset_root"), str) else None
    images = find_images(Path(image_path), root, besides=own)
    writer = _Writer(save_dir, how, custom_color, {image.file.resolve() for image in images}, probabilities)
    result = Predictions(save_dir)
    for number, image in enumerate(images, 1):
        if image.file.is_file() and is_cut(image.file):
            result.failed.append((image.file, _("{path} is cut off", path=image.file)))
            continue
        try:
            sample = transforms({"img": str(image.file)})
            logits = how.logits(restored.model, paddle.to_tensor(sample["img"][None]), sample["trans_info"])
        except Exception as error:
            result.failed.append((image.file, _reason(image.file, error)))
        else:
            writer.write(image, logits, sample["img"])
            result.images.append(image.file)
        if display:
            display.evaluating(number, len(images))
    return result


def _reason(file: Path, error: Exception) -> Text:
    if isinstance(error, LossError):
        return error.found
    if damage := what_is_broken(str(file)):
        return damage
    if "NoneType" in str(error):
        return _("OpenCV, by which PaddleSeg reads images, cannot read {path}.", path=file)
    return Message("{type}: {text}", type=type(error).__name__, text=str(error))


@dataclass
class _Writer:
    save_dir: Path
    how: Inference
    custom_color: Sequence[int]
    originals: set[Path]
    probabilities: bool

    def write(self, image: Image, logits: Any, prepared: Any) -> None:
        """All files of one image."""
        from PIL import Image as Pictures

        labels, colors = self.how.labels(logits), self._colors(logits.shape[1])
        channels = {f"{image.name}_{c}": channel for c, channel in enumerate(labels)} if labels.ndim == 3 else {
            image.name: labels
        }  # fmt: skip
        for c, (name, channel) in enumerate(channels.items()):
            palette = [(0, 0, 0), colors[c]] if labels.ndim == 3 else colors
            self._save(LABELS, f"{name}.png", _indexed(channel, palette))
        shown = overlays.overlay(as_picture(image.file, labels.shape[-2:], prepared), labels, colors)
        self._save(OVERLAYS, f"{image.name}.png", Pictures.fromarray(shown))
        if self.probabilities:
            array = self.how.probabilities(logits).astype(np.float16)
            with self._opened(PROBABILITIES, f"{image.name}.npy") as part, part.open("wb") as file:
                np.save(file, array)

    def _save(self, folder: str, name: str, picture: Any) -> None:
        with self._opened(folder, name) as part:
            picture.save(part, format="PNG")

    def _opened(self, folder: str, name: str) -> Any:
        """A file aside, that takes the place of an earlier prediction, and never of an image."""
        path = self.save_dir / folder / name
        if path.resolve() in self.originals:
            raise DataError(
                _("{path} is one of the images to predict, and would be overwritten.", path=path),
                _("a folder for the predictions"),
                _("give another --save_dir"),
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(path, error) from error
        return aside(path)

    def _colors(self, channels: int) -> list[overlays.Color]:
        colors = colors_of(channels, self.how.use_multilabel)
        numbers = iter(self.custom_color)
        own = list(zip(numbers, numbers, numbers))
        return [*own, *colors[len(own) :]][: len(colors)]


def _indexed(labels: Any, colors: Sequence[overlays.Color]) -> Any:
    """Values are class indices, colours a palette; 16 bits without one for very many classes."""
    from PIL import Image

    if len(colors) > _LARGEST:
        return Image.fromarray(labels.astype(np.uint16))
    picture = Image.fromarray(labels.astype(np.uint8)).convert("L")
    picture.putpalette([channel for color in colors for channel in color])
    return picture

"""Strips of an image: itself, the truth, what was predicted, and where the two differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from ..drawing import overlays
from ..i18n import ENGLISH, Text, _, speaking
from ..paddleseg.inference import Inference
from ..paddleseg.record import PICTURE
from ..paddleseg.session import Result
from ..paddleseg.shims import fixed
from ..scoring import mean, ratios
from .evaluation import image_name, names_of, score, truth_like

BEST, WORST = "best", "worst"
_RANKS: dict[str, Text] = {BEST: _("best"), WORST: _("worst")}
_TRIED = 24  # images that are looked at after a training, spread evenly over all


@dataclass(frozen=True)
class Picture:
    """A file, and what it shows."""

    file: Path
    rank: str
    image: str
    dice: float

    @property
    def caption(self) -> Text:
        """What stands below it."""
        return caption(self.rank, self.image, self.dice)


def caption(rank: str, image: str, dice: float) -> Text:
    """Which image, and how well it was predicted."""
    return _("{rank}: {image}, Dice {dice:.3f}", rank=_RANKS.get(rank, rank), image=image, dice=dice)


def choose(ranking: Sequence[int], each: int) -> list[tuple[str, int]]:
    """The worst and the best images of a ranking that begins with the best; none is both."""
    worst = min(each, (len(ranking) + 1) // 2)
    best = min(each, len(ranking) - worst)
    return [*((WORST, i) for i in ranking[: -worst - 1 : -1]), *((BEST, i) for i in ranking[:best])]


def draw(
    folder: Path, model: Any, dataset: Any, how: Inference, chosen: Sequence[tuple[str, int]], dice: Any
) -> list[Picture]:
    """Predict some images once more, and write a strip of each.

    Args:
        folder: of the files.
        model: in evaluation mode.
        dataset: of PaddleSeg.
        how: to predict.
        chosen: why an image is shown, and its place in the dataset.
        dice: of all images.
    """
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for earlier in (file for rank in _RANKS for file in folder.glob(f"[0-9][0-9]_{rank}_*.png")):
        earlier.unlink()
    pictures = []
    for number, (rank, index) in enumerate(chosen, 1):
        name = image_name(dataset, index)
        stem = re.sub(r"[^\w.-]+", "_", Path(name).stem)[:60]
        file = folder / f"{number:02}_{rank}_{stem}.png"
        Image.fromarray(_strip(model, dataset, how, index)).save(file)
        pictures.append(Picture(file, rank, name, float(dice[index])))
    return pictures


def leave_pictures(result: Result, each: int = 2) -> list[Picture]:
    """The best and the worst of a few validation images, at the end of a training.

    They lie in `pictures` in its folder, and its record names them. No distances are measured: it takes as long as the
    prediction of these images.
    """
    dataset, model = result.val_dataset, result.model
    if dataset is None or model is None or paddle.distributed.get_rank() != 0:
        return []
    model.eval()
    tried = np.unique(np.linspace(0, len(dataset) - 1, min(_TRIED, len(dataset))).round().astype(int)).tolist()
    first = 0 if result.inference.use_multilabel else 1
    with fixed():
        dice = {}
        for index in tried:
            truth, guess = _pair(model, dataset, result.inference, dataset[index], index)
            counts = score(guess, truth, dataset, result.inference, distances=False)
            dice[index] = mean(ratios(counts)["dice"][first:])
        ranking = sorted((i for i in tried if not np.isnan(dice[i])), key=lambda i: -dice[i])
        folder = result.save_dir / "pictures"
        pictures = draw(folder, model, dataset, result.inference, choose(ranking, each), dice)
    with speaking(ENGLISH):  # as all of the record
        key = [[str(name), color] for name, color in classes_of(dataset, result.inference)]
    for picture in pictures:
        file = picture.file.relative_to(result.save_dir).as_posix()
        result.events.add(PICTURE, file=file, rank=picture.rank, image=picture.image, dice=picture.dice, key=key)
    return pictures


def classes_of(dataset: Any, how: Inference) -> list[tuple[Text, overlays.Color]]:
    """The colours of the classes, without the background."""
    names = names_of(dataset, how)
    return list(zip(names, colors_of(len(names), how.use_multilabel)))[0 if how.use_multilabel else 1 :]


ERRORS: list[tuple[Text, overlays.Color]] = [
    (_("missed"), overlays.MISSED),
    (_("false alarm"), overlays.FALSE_ALARM),
    (_("another class"), overlays.CONFUSED),
    (_("ignored"), overlays.IGNORED),
]


def colors_of(channels: int, multilabel: bool) -> list[overlays.Color]:
    """Of class indices, or of channels: those have no background."""
    return overlays.palette(channels + 1)[1:] if multilabel else overlays.palette(max(channels, 2))


def _strip(model: Any, dataset: Any, how: Inference, index: int) -> Any:
    sample = dataset[index]
    truth, guess = _pair(model, dataset, how, sample, index)
    image = as_picture(_file(dataset, index), truth.shape[-2:], sample["img"])
    colors = colors_of(dataset.num_classes, how.use_multilabel)
    return overlays.strip(
        [
            image,
            overlays.overlay(image, truth, colors, dataset.ignore_index),
            overlays.overlay(image, guess, colors),
            overlays.errors(image, truth, guess, dataset.ignore_index),
        ]
    )


def _pair(model: Any, dataset: Any, how: Inference, sample: dict[str, Any], index: int) -> tuple[Any, Any]:
    guess = how.labels(how.logits(model, paddle.to_tensor(sample["img"][None]), sample["trans_info"]))
    return truth_like(guess, np.asarray(sample["label"]), dataset, index), guess


def _file(dataset: Any, index: int) -> Path:
    listed = getattr(dataset, "file_list", None)
    return Path(listed[index][0]) if listed and isinstance(listed[index], (list, tuple)) else Path()


def as_picture(file: Path, size: tuple[int, int], prepared: Any) -> Any:
    """The image as it is on the disk and as OpenCV turns it, `[H, W, 3]`; what the model sees, if that is no picture.

    Args:
        file: that it is read from.
        size: height and width.
        prepared: normalized channels `[C, h, w]`: three are colours, others are averaged.
    """
    import cv2

    read = cv2.imread(str(file), cv2.IMREAD_COLOR) if file.is_file() else None
    image = _rescaled(prepared) if read is None else cv2.cvtColor(read, cv2.COLOR_BGR2RGB)
    return image if image.shape[:2] == size else cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)


def _rescaled(prepared: Any) -> Any:
    channels = np.asarray(prepared, np.float32)
    channels = channels if len(channels) == 3 else channels.mean(axis=0, keepdims=True).repeat(3, axis=0)
    low, span = channels.min(), max(float(np.ptp(channels)), 1e-6)
    return (255 * (channels - low) / span).astype(np.uint8).transpose(1, 2, 0)

"""Predicting as PaddleSeg does: whole images, sliding windows, scales and flips; also one channel and many labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle

from ..errors import OptionError
from ..i18n import Message, _
from .shims import module

_Pair = tuple[int, int]


@dataclass(frozen=True)
class Inference:
    """How to predict; the names are those of PaddleSeg's tools and of `test_config`.

    Attributes:
        augment: whether to average the logits over `scales` and flips.
        scales: sizes of the image, as factors.
        flip_horizontal: whether to mirror the image as well.
        flip_vertical: whether to turn it upside down as well.
        is_slide: whether to predict window by window.
        crop_size: width and height of a window.
        stride: steps between windows.
        use_multilabel: whether every channel is a label of its own.
    """

    augment: bool = False
    scales: tuple[float, ...] = (1.0,)
    flip_horizontal: bool = False
    flip_vertical: bool = False
    is_slide: bool = False
    crop_size: _Pair | None = None
    stride: _Pair | None = None
    use_multilabel: bool = False

    def __post_init__(self) -> None:
        """PaddleSeg would fail inside its loop over the windows."""
        if not self.scales or any(scale <= 0 for scale in self.scales):
            raise OptionError(
                Message("scales={scales}", scales=list(self.scales)), _("numbers > 0"), "--scales 0.75 1.0 1.25"
            )
        if not self.is_slide:
            return
        pairs = self.crop_size, self.stride
        if not all(pair and len(pair) == 2 and min(pair) > 0 for pair in pairs):
            raise OptionError(
                Message("is_slide, crop_size={crop}, stride={stride}", crop=self.crop_size, stride=self.stride),
                _("the width and height of a window, and its steps"),
                _("add for example {flags}", flags="--crop_size 512 512 --stride 384 384"),
            )
        if any(step > side for side, step in zip(*pairs)):  # type: ignore[arg-type]
            raise OptionError(
                Message("crop_size={crop}, stride={stride}", crop=self.crop_size, stride=self.stride),
                _("steps that are no larger than the window, so that every pixel is predicted"),
                _("reduce the stride"),
            )

    @classmethod
    def of(cls, test_config: Mapping[str, Any], **given: Any) -> Inference:
        """What a file says in `test_config`, unless something else is given."""
        names = ("scales", "flip_horizontal", "flip_vertical", "is_slide", "crop_size", "stride", "use_multilabel")
        facts = {name: test_config[name] for name in names if test_config.get(name) is not None}
        facts["augment"] = bool(test_config.get("aug_eval"))
        facts.update({name: value for name, value in given.items() if value not in (None, False, ())})
        scales = facts.get("scales", 1.0)
        facts["scales"] = tuple(map(float, scales)) if isinstance(scales, Sequence) else (float(scales),)
        for name in ("crop_size", "stride"):
            facts[name] = tuple(facts[name]) if facts.get(name) else None
        return cls(**facts)

    def logits(self, model: Any, image: Any, trans_info: Any) -> Any:
        """Logits `[1, C, H, W]` of the image as large as it is on the disk.

        Args:
            model: in evaluation mode.
            image: `[1, channels, h, w]`, after the transforms.
            trans_info: what the transforms have done to its size.
        """
        infer = module("core.infer")
        windows = {"is_slide": self.is_slide, "stride": self.stride, "crop_size": self.crop_size}
        with paddle.no_grad():
            if not self.augment:
                return infer.inference(model, image, trans_info=trans_info, **windows)[1]
            flips = {"flip_horizontal": self.flip_horizontal, "flip_vertical": self.flip_vertical}
            return infer.aug_inference(model, image, trans_info, scales=list(self.scales), **flips, **windows)[1]

    def labels(self, logits: Any) -> Any:
        """Class indices `[H, W]`; channels of 0 and 1, `[C, H, W]`, of labels that do not exclude each other."""
        if self.use_multilabel:
            return (logits[0] > 0).numpy().astype(np.uint8)
        if logits.shape[1] == 1:
            return (logits[0, 0] > 0).numpy().astype(np.int32)
        return paddle.argmax(logits, axis=1, dtype="int32").numpy()[0]

    def probabilities(self, logits: Any) -> Any:
        """Probabilities `[C, H, W]`: softmax, or sigmoid of one channel and of many labels."""
        alone = self.use_multilabel or logits.shape[1] == 1
        return (
            paddle.nn.functional.sigmoid(logits) if alone else paddle.nn.functional.softmax(logits, axis=1)
        ).numpy()[0]

"""One real batch through the configuration's data, model and losses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from ..errors import ConfigError, LossError
from ..i18n import _
from ..paddleseg.build_errors import explained
from ..paddleseg.shims import module

Tensor = Any


@dataclass(frozen=True)
class Batch:
    """What came out, and what it is to be judged by."""

    images: Tensor
    labels: Tensor
    logits: list[Tensor]
    losses: list[Any]
    coef: list[float]
    edges: Tensor | None
    sums_losses_itself: bool  # the model adds up its losses itself
    dataset: int  # its images
    batch_size: int  # of the file
    optimizer_error: LossError | None = None  # why there is no optimizer


def run(config: str | Path, batch_size: int | None, seed: int) -> Batch:
    """Build everything, load one shuffled batch with its transforms, and call the model once in training mode."""
    with explained(str(config)):
        cfg = module("cvlibs").Config(str(config), batch_size=batch_size)
        _forget_weights(cfg.dic.get("model"))
        module("utils.utils").set_seed(seed)
        builder = module("cvlibs").SegBuilder(cfg)
        dataset, losses = builder.train_dataset, builder.loss
        sample = _sample(dataset, cfg.batch_size, config)
        model = builder.model
        model.train()
        images, labels = sample["img"], sample["label"].astype("int64")
        if getattr(model, "data_format", "NCHW") == "NHWC":
            images = images.transpose((0, 2, 3, 1))
        edges = sample["edge"].astype("int64") if "edge" in sample else None
        with paddle.no_grad():
            logits = model(images)
    sums_itself = hasattr(model, "loss_computation")
    heads = list(logits) if isinstance(logits, (list, tuple)) else [logits]
    counts = len(dataset), cfg.batch_size
    return Batch(
        images, labels, heads, losses["types"], losses["coef"], edges, sums_itself, *counts, _refusal(builder, config)
    )


def _refusal(builder: Any, config: str | Path) -> LossError | None:
    """What is wrong with the optimizer or its learning rate: nothing else depends on it."""
    try:
        with explained(str(config)):
            builder.optimizer  # noqa: B018  made when it is asked for
    except LossError as error:
        return error
    return None


def _sample(dataset: Any, batch_size: int, config: str | Path) -> Any:
    if len(dataset) == 0:
        raise ConfigError(
            _("{dataset} is empty.", dataset=_("train_dataset of {path}", path=config)),
            _("at least one image"),
            _("check train_path"),
        )
    # By hand: where samples differ in size, Paddle's loader waits for ever.
    chosen = np.random.permutation(len(dataset))[:batch_size]
    samples = [dataset[int(index)] for index in chosen]
    sizes = {tuple(np.shape(sample["img"])) for sample in samples}
    if len(sizes) > 1:
        raise ConfigError(
            _("The images of a batch differ in size: {sizes}.", sizes=", ".join(map(str, sorted(sizes)))),
            _("transforms that make all images the same size"),
            _("add `- type: RandomPaddingCrop` with `crop_size: [512, 512]` to the transforms of train_dataset"),
        )
    keys = [key for key in ("img", "label", "edge") if key in samples[0]]
    return {key: paddle.to_tensor(np.stack([sample[key] for sample in samples])) for key in keys}


def _forget_weights(section: Any) -> None:
    """Take out pretrained weights: they would be downloaded, and a new head is random anyway."""
    if isinstance(section, dict):
        section.pop("pretrained", None)
        for inner in section.values():
            _forget_weights(inner)

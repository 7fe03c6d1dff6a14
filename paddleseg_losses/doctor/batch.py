"""One real batch through the configuration's data, model and losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import numpy as np
import paddle

from ..errors import ConfigError, LossError
from ..i18n import _
from ..paddleseg.build_errors import explained
from ..paddleseg.config import pop_of_trainer
from ..paddleseg.loading import make_batch
from ..paddleseg.shims import module
from ..paddleseg.train_arguments import require_builder

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
    errors: tuple[tuple[str, LossError], ...] = ()  # why there is no optimizer, or no validation sample
    chosen: tuple[int, ...] = ()  # which images
    draw: Callable[[], Any] | None = None  # loads the same images again, with other random transforms: their labels
    facts: Callable[[], AbstractContextManager[Any]] = nullcontext  # lets the losses know the spacing of the batch


def run(config: str | Path, batch_size: int | None, seed: int) -> Batch:
    """Build everything, load one shuffled batch with its transforms, and call the model once in training mode."""
    require_builder()
    with explained(str(config)):
        cfg = module("cvlibs").Config(str(config), batch_size=batch_size)
        forget_weights(cfg.dic.get("model"))
        pop_of_trainer(cfg.dic)
        module("utils.utils").set_seed(seed)
        builder = module("cvlibs").SegBuilder(cfg)
        dataset, losses = builder.train_dataset, builder.loss
        chosen = chosen_of(dataset, cfg.batch_size, config)
        sample = _sample(dataset, chosen)
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
    errors = *_refusal(config, "optimizer", lambda: builder.optimizer), *_of_validation(builder, config, cfg)
    return Batch(
        images, labels, heads, losses["types"], losses["coef"], edges, sums_itself, *counts, errors, chosen,
        lambda: make_batch(dataset, chosen)["label"],
    )  # fmt: skip


def _refusal(config: str | Path, what: str, make: Callable[[], Any]) -> Iterator[tuple[str, LossError]]:
    """What is wrong with the optimizer or its learning rate, or the validation data: nothing else depends on it."""
    try:
        with explained(str(config)):
            make()
    except LossError as error:
        yield what, error


def _of_validation(builder: Any, config: str | Path, cfg: Any) -> Iterator[tuple[str, LossError]]:
    """One sample is loaded with the transforms of validation."""
    if cfg.val_dataset_cfg:
        yield from _refusal(config, "validation", lambda: make_batch(builder.val_dataset, [0]))


def chosen_of(dataset: Any, batch_size: int, config: str | Path) -> tuple[int, ...]:
    """Indices of the images of a shuffled batch."""
    if len(dataset) == 0:
        raise ConfigError(
            _("{dataset} is empty.", dataset=_("train_dataset of {path}", path=config)),
            _("at least one image"),
            _("check train_path"),
        )
    return tuple(map(int, np.random.permutation(len(dataset))[:batch_size]))


def _sample(dataset: Any, chosen: Sequence[int]) -> Any:
    batch = make_batch(dataset, chosen)
    return {key: paddle.to_tensor(batch[key]) for key in ("img", "label", "edge") if key in batch}


def forget_weights(section: Any) -> None:
    """Take out pretrained weights: they would be downloaded, and a new head is random anyway."""
    if isinstance(section, dict):
        section.pop("pretrained", None)
        for inner in section.values():
            forget_weights(inner)

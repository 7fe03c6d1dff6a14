"""One real batch of volumes through MedicalSeg's data, model and losses."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from ..errors import ConfigError, LossError
from ..i18n import _
from ..paddleseg.loading import make_batch
from ..paddleseg.medicalseg.adapter import bare
from ..paddleseg.medicalseg.cases import facts_of, with_facts
from .batch import Batch, chosen_of, forget_weights


def run(config: str | Path, batch_size: int | None, seed: int) -> Batch:
    """As `batch.run`: build everything, load one batch, call the model once in training mode."""
    cfg, model, dataset, losses = _built(config, batch_size, seed)
    chosen = chosen_of(dataset, cfg.batch_size, config)
    images, labels, *rest = make_batch(with_facts(dataset), chosen)
    facts = next((item for item in rest if isinstance(item, dict)), {})
    images, labels = paddle.to_tensor(images), paddle.to_tensor(labels).astype("int64")
    model.train()
    with paddle.no_grad():
        logits = model(images.astype("float32"))
    heads = [head if isinstance(head, paddle.Tensor) else head[0] for head in logits]
    types = [bare(loss) for loss in losses["types"]]
    counts = len(dataset), cfg.batch_size
    return Batch(
        images, labels, heads, types, losses["coef"], None, False, *counts, chosen=chosen,
        draw=lambda: make_batch(dataset, chosen)[1], facts=facts_of(facts, labels),
    )  # fmt: skip


def _built(config: str | Path, batch_size: int | None, seed: int) -> tuple[Any, Any, Any, Any]:
    cvlibs = importlib.import_module("medicalseg.cvlibs")
    paddle.seed(seed)
    np.random.seed(seed)
    try:
        cfg = cvlibs.Config(str(config), batch_size=batch_size)
        forget_weights(cfg.dic.get("model"))
        return cfg, cfg.model, cfg.train_dataset, cfg.loss
    except LossError:
        raise
    except Exception as error:
        raise ConfigError(
            _("MedicalSeg cannot use {config}: {error}", config=config, error=error),
            _("a configuration that MedicalSeg can build"),
            _("correct what the message names"),
        ) from error

"""The examination: the loss section, the masks, then one batch through model and losses."""

from __future__ import annotations

from ..i18n import _

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..datasets import Counts, Source, count, open_source
from ..errors import LossError
from ..paddleseg import config as configs
from ..paddleseg.checking import check
from ..paddleseg.console import captured
from ..paddleseg.display import Display
from ..paddleseg.registration import register
from ..paddleseg.shims import mended
from . import advice, labels
from .batch import Batch, run
from .case import Advice, ClassFact, Diagnosis
from .terms import pulls

_NO_BATCH = ("masks_channels", "masks_missing", "masks_unreadable")  # troubles with which none can be loaded


def examine(
    config: str | Path,
    override: str | Iterable[str] = (),
    batch_size: int | None = None,
    masks: int = 200,
    seed: int = 0,
) -> Diagnosis:
    """Look at a configuration, its masks and one real batch.

    Args:
        config: PaddleSeg's YAML file.
        override: built-in losses of PaddleSeg to replace by ours, see `register`.
        batch_size: images of the batch; the file's number if None.
        masks: how many masks to look at, spread over the list.
        seed: of the model's weights, the transforms and the choice of images.
    """
    configs.load(config)  # its errors say more than PaddleSeg's
    found = Diagnosis(Path(config))
    register(override)
    report = check(config, override)
    if not report.right:
        found.mistakes, found.corrected = report.findings, report.yaml
        return found
    source = open_source(config)
    some = labels.sampled(source, masks)
    counts = count(some, workers=1)
    found.masks, found.all_masks = counts.masks, len(source)
    found.advice += labels.advise(source, counts, complete=len(some) == len(source))
    found.classes = _classes(source, counts, None)
    if not {item.code for item in found.advice} & set(_NO_BATCH):
        with mended(), captured(None, _Quiet()):
            _look(run(config, batch_size, seed), found, source, counts)
    return found


class _Quiet(Display):
    """PaddleSeg's own words are not of interest here: what matters becomes advice."""

    def say(self, text: str) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Nothing."""


def _look(batch: Batch, found: Diagnosis, source: Source, counts: Counts) -> None:
    found.batch, found.heads = list(batch.images.shape), len(batch.logits)
    found.classes = _classes(source, counts, batch)
    if batch.unbuilt:
        found.advice.append(_refused(batch.unbuilt, "optimizer"))
    found.advice += advice.of_size(batch)
    found.advice += advice.of_labels(batch, source.ignore_index)
    found.advice += advice.of_outputs(batch)
    if batch.own_sum or any(item.code in ("labels_rgb", "sizes") for item in found.advice):
        return
    try:
        terms = pulls(batch)
    except LossError as error:
        if "labels_out_of_range" not in {item.code for item in found.advice}:  # else it is said already
            found.advice.append(_refused(error))
        return
    except Exception as error:  # PaddleSeg's own losses leave it to the operators to complain
        found.advice.append(_failed(error, batch))
        return
    found.terms = [pull.fact for pull in terms]
    if "masks_0_255" in {item.code for item in found.advice}:
        return  # without a foreground they say nothing
    found.advice += advice.of_terms(terms)
    found.advice += advice.of_boundaries(batch, terms, source.ignore_index)


def _refused(error: LossError, code: str = "refused") -> Advice:
    """A loss does not take this batch, or an optimizer its options; their own words say why."""
    text = f"{error.found.rstrip('.')}. Expected: {error.expected}."
    return Advice(code, text, text, f"# {error.cure}")  # the command line has their Chinese


def _failed(error: Exception, batch: Batch) -> Advice:
    single = [loss for loss, logits in zip(batch.losses, batch.logits) if logits.shape[1] == 1]
    text = str(error).strip().splitlines()[0]
    ours = "loss:\n  types:\n    - type: paddleseg_losses.CrossEntropyLoss  # its errors say what is wrong\n  coef: [1]"
    return Advice(
        "refused",
        _("The loss fails on this batch: {text}", text=text),
        "model:\n  num_classes: 2  # a softmax over one class says nothing; the datasets too" if single else ours,
    )


def _classes(source: Source, counts: Counts, batch: Batch | None) -> list[ClassFact]:
    labels = {value: n for value, n in counts.pixels.items() if value != source.ignore_index}
    labelled = sum(labels.values())
    names = source.class_names or []
    inside = None
    if batch is not None and batch.labels.ndim == 3:
        values = batch.labels.numpy()
        inside = values[values != source.ignore_index]
    return [
        ClassFact(
            index=c,
            name=names[c] if c < len(names) else "",
            share=counts.pixels.get(c, 0) / labelled if labelled else 0.0,
            masks=counts.images.get(c, 0),
            batch=None if inside is None else float(np.mean(inside == c)) if inside.size else 0.0,
        )
        for c in range(source.number_of_classes(labels))
        if c != source.ignore_index
    ]

"""The checks: the loss section, the masks, then one batch through model and losses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..datasets import Counts, MaskSource, count, open_source
from ..errors import LossError
from ..i18n import Message, Text, _
from ..paddleseg import config as configs
from ..paddleseg.checking import check
from ..paddleseg.console import captured
from ..paddleseg.display import Display
from ..paddleseg.registration import register
from ..paddleseg.shims import fixed
from . import findings, labels
from .batch import Batch, run
from .report import ClassFact, Diagnosis, Finding, commented
from .terms import term_gradients

_NO_BATCH = ("masks_channels", "masks_missing", "masks_unreadable")  # problems with which none can be loaded


def run_checks(
    config: str | Path,
    override: str | Iterable[str] = (),
    batch_size: int | None = None,
    masks: int = 200,
    seed: int = 0,
) -> Diagnosis:
    """Check a configuration, its masks and one real batch.

    Args:
        config: PaddleSeg's YAML file.
        override: built-in losses of PaddleSeg to replace with ours, see `register`.
        batch_size: images of the batch; the file's number if None.
        masks: how many masks to check, spread over the list.
        seed: of the model's weights, the transforms and the choice of images.
    """
    configs.load(config)  # its errors are more helpful than PaddleSeg's
    diagnosis = Diagnosis(Path(config))
    register(override)
    report = check(config, override)
    if not report.right:
        diagnosis.mistakes, diagnosis.corrected = report.mistakes, report.yaml
        return diagnosis
    source = open_source(config)
    some = labels.sampled(source, masks)
    counts = count(some, workers=1)
    diagnosis.masks, diagnosis.all_masks = counts.masks, len(source)
    diagnosis.findings += labels.check_labels(source, counts, complete=len(some) == len(source))
    diagnosis.classes = _classes(source, counts, None)
    if not {item.code for item in diagnosis.findings} & set(_NO_BATCH):
        with fixed(), captured(None, _Quiet()):
            _check_batch(run(config, batch_size, seed), diagnosis, source, counts)
    return diagnosis


class _Quiet(Display):
    """PaddleSeg's own output is not of interest here: what matters becomes a finding."""

    def say(self, text: Text) -> None:
        """Nothing."""

    def warn(self, text: Text) -> None:
        """Nothing."""


def _check_batch(batch: Batch, diagnosis: Diagnosis, source: MaskSource, counts: Counts) -> None:
    diagnosis.batch, diagnosis.heads = list(batch.images.shape), len(batch.logits)
    diagnosis.classes = _classes(source, counts, batch)
    if batch.optimizer_error:
        diagnosis.findings.append(_refused(batch.optimizer_error, "optimizer"))
    diagnosis.findings += findings.of_size(batch)
    diagnosis.findings += findings.of_labels(batch, source.ignore_index)
    diagnosis.findings += findings.of_outputs(batch)
    if batch.sums_losses_itself or any(item.code in ("labels_rgb", "sizes") for item in diagnosis.findings):
        return
    try:
        terms = term_gradients(batch)
    except LossError as error:
        if "labels_out_of_range" not in {item.code for item in diagnosis.findings}:  # else it has been reported already
            diagnosis.findings.append(_refused(error))
        return
    except Exception as error:  # PaddleSeg's own losses leave it to the operators to complain
        diagnosis.findings.append(_failed(error, batch))
        return
    diagnosis.terms = [term.fact for term in terms]
    if "masks_0_255" in {item.code for item in diagnosis.findings}:
        return  # without a foreground they mean nothing
    diagnosis.findings += findings.of_terms(terms)
    diagnosis.findings += findings.of_boundaries(batch, terms, source.ignore_index)


def _refused(error: LossError, code: str = "refused") -> Finding:
    """A loss does not take this batch, or an optimizer its options; their own words say why."""
    text = _("{found} (expected: {expected})", found=error.found, expected=error.expected)
    return Finding(code, text, Message("# {cure}", cure=error.cure))


def _failed(error: Exception, batch: Batch) -> Finding:
    single = [loss for loss, logits in zip(batch.losses, batch.logits) if logits.shape[1] == 1]
    text = str(error).strip().splitlines()[0]
    yaml = "loss:\n  types:\n    - type: paddleseg_losses.CrossEntropyLoss  # {comment}\n  coef: [1]"
    ours = Message(yaml, comment=_("its errors say what is wrong"))
    two = commented("model:\n  num_classes: 2", _("a softmax over one class is always 1; the datasets too"))
    return Finding("refused", _("The loss fails on this batch: {error}", error=text), two if single else ours)


def _classes(source: MaskSource, counts: Counts, batch: Batch | None) -> list[ClassFact]:
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

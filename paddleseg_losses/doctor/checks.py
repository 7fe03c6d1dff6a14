"""The checks: the loss section, the masks, then one batch through model and losses."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Callable

import numpy as np

from ..datasets import Counts, MaskSource, check_pairs, count, open_source
from ..errors import LossError
from ..i18n import Message, Text, _
from ..paddleseg import config as configs
from ..paddleseg.checking import check
from ..paddleseg.console import captured
from ..paddleseg.display import Display
from ..paddleseg.registration import register_in
from ..paddleseg.shims import fixed
from ..paddleseg.toolkits import MEDICALSEG, Toolkit, importable, toolkit_of
from . import files, findings, labels, volume_batch
from .batch import Batch, run
from .changes import of_changes
from .memory import memory_of, too_much
from .report import ClassFact, Diagnosis, Finding, commented
from .terms import term_gradients

# Problems with which no batch can be loaded.
_NO_BATCH = {"masks_channels", "masks_missing", "masks_unreadable", "images_missing", "images_unreadable", "list"}
_MISFITS = {"sizes", "stacked", "swapped", "exif"}  # of masks and images on disk
_PACKAGE = Path(__file__).parents[1]


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
    content = configs.load(config)  # its errors are more helpful than PaddleSeg's
    diagnosis = Diagnosis(Path(config))
    toolkit = toolkit_of(content)
    with importable(toolkit, Path(config)):
        register_in(toolkit, override)
    report = check(config, override)
    if not report.right:
        diagnosis.mistakes, diagnosis.corrected = report.mistakes, report.yaml
        return diagnosis
    source = open_source(config)
    counts = _check_data(diagnosis, source, masks, "train")
    diagnosis.classes = _classes(source, counts, None)
    if not {item.code for item in diagnosis.findings} & _NO_BATCH:
        load = volume_batch.run if toolkit is MEDICALSEG else run
        with _quiet(toolkit):
            _check_training(lambda: load(config, batch_size, seed), diagnosis, source, counts)
    if isinstance(content.get("val_dataset"), dict) and content["val_dataset"]:
        _check_validation(config, diagnosis, masks)
    return diagnosis


def _check_data(diagnosis: Diagnosis, source: MaskSource, masks: int, part: str) -> Counts:
    """The list, every file, and the labels of some masks."""
    some = source.sampled(masks)
    counts = count(some, workers=1)
    problems = check_pairs(source.pairs, source.multilabel)
    if source.pairs:
        counts.problems.pop("missing", None)  # all files have been looked for
    if "unreadable" in counts.problems:  # which says more about them
        problems.pop("masks_unreadable", None)
    diagnosis.findings += files.check_files(source, problems, part)
    diagnosis.findings += labels.check_labels(source, counts, len(some) == len(source), part)
    if source.merged is not None:
        before = count(source.merged.before.sampled(masks), workers=1)
        diagnosis.findings += labels.check_merged(source.merged, before)
    if part == "train":
        diagnosis.masks, diagnosis.all_masks = counts.masks, len(source)
    return counts


def _check_validation(config: str | Path, diagnosis: Diagnosis, masks: int) -> None:
    """The data that the training is judged by; what is found names its section."""
    before = diagnosis.findings
    diagnosis.findings = []
    try:
        _check_data(diagnosis, open_source(config, part="val"), masks, "val")
    except LossError as error:
        diagnosis.findings.append(files.refused(error))
    of_validation = (replace(item, text=_("val_dataset: {text}", text=item.text)) for item in diagnosis.findings)
    diagnosis.findings = [*before, *of_validation]


def _check_training(load: Callable[[], Batch], diagnosis: Diagnosis, source: MaskSource, counts: Counts) -> None:
    try:
        batch = load()
    except LossError as error:  # what has been found already is not lost
        diagnosis.findings.append(files.refused(error))
        return
    _check_batch(batch, diagnosis, source, counts)


@contextmanager
def _quiet(toolkit: Toolkit) -> Iterator[None]:
    """Keep to oneself what a toolkit prints, and mend what it needs."""
    if toolkit is MEDICALSEG:
        with redirect_stdout(io.StringIO()):
            yield
    else:
        with fixed(), captured(None, _Quiet()):
            yield


class _Quiet(Display):
    """PaddleSeg's own output is not of interest here: what matters becomes a finding."""

    def say(self, text: Text) -> None:
        """Nothing."""

    def warn(self, text: Text) -> None:
        """Nothing."""


def _check_batch(batch: Batch, diagnosis: Diagnosis, source: MaskSource, counts: Counts) -> None:
    diagnosis.batch, diagnosis.heads = list(batch.images.shape), len(batch.logits)
    diagnosis.classes = _classes(source, counts, batch)
    diagnosis.findings += [files.refused(error, what) for what, error in batch.errors]
    codes = {item.code for item in diagnosis.findings}
    diagnosis.findings += findings.of_size(batch)
    diagnosis.findings += findings.of_labels(batch, source.ignore_index, fitting=not codes & _MISFITS)
    diagnosis.findings += of_changes(batch, source)
    diagnosis.findings += findings.of_outputs(batch)
    if batch.sums_losses_itself or any(item.code in ("labels_rgb", "sizes", "stacked") for item in diagnosis.findings):
        return
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with batch.facts():
                terms = term_gradients(batch)
    except LossError as error:
        if not codes & {"labels_out_of_range", "masks_lossy"}:  # else it has been reported already
            diagnosis.findings.append(files.refused(error))
        return
    except Exception as error:  # PaddleSeg's own losses leave it to the operators to complain
        diagnosis.findings.append(_failed(error, batch))
        return
    diagnosis.terms = [term.fact for term in terms]
    diagnosis.memory = memory_of(batch, terms)
    diagnosis.findings += too_much(diagnosis.memory, batch)
    if "masks_0_255" in codes:
        return  # without a foreground they mean nothing
    diagnosis.findings += _warned(said)
    diagnosis.findings += findings.of_terms(terms)
    diagnosis.findings += findings.of_boundaries(batch, terms, source.ignore_index)


def _warned(said: Iterable[warnings.WarningMessage]) -> list[Finding]:
    """What our losses have warned of."""
    ours = dict.fromkeys(str(each.message) for each in said if Path(each.filename).is_relative_to(_PACKAGE))
    return [Finding("warned", text, Message("# {comment}", comment=_("as the warning says"))) for text in ours]


def _failed(error: Exception, batch: Batch) -> Finding:
    single = [loss for loss, logits in zip(batch.losses, batch.logits) if logits.shape[1] == 1]
    text = str(error).strip().splitlines()[0]
    yaml = "loss:\n  types:\n    - type: paddleseg_losses.CrossEntropyLoss  # {comment}\n  coef: [1]"
    ours = Message(yaml, comment=_("its errors say what is wrong"))
    two = commented("model:\n  num_classes: 2", _("a softmax over one class is always 1; the datasets too"))
    return Finding("refused", _("The loss fails on this batch: {error}", error=text), two if single else ours)


def _classes(source: MaskSource, counts: Counts, batch: Batch | None) -> list[ClassFact]:
    pixels = {value: n for value, n in counts.pixels.items() if value not in source.no_classes}
    labelled = sum(pixels.values())
    names = source.class_names or []
    inside = None
    if batch is not None and batch.labels.ndim == batch.logits[0].ndim - 1:
        values = batch.labels.numpy()
        inside = values[~np.isin(values, [label for label in source.no_classes if label is not None])]
    return [
        ClassFact(
            index=c,
            name=names[c] if c < len(names) else "",
            share=counts.pixels.get(c, 0) / labelled if labelled else 0.0,
            masks=counts.images.get(c, 0),
            batch=None if inside is None else float(np.mean(inside == c)) if inside.size else 0.0,
        )
        for c in range(source.number_of_classes({value: counts.first[value] for value in pixels}))
        if c != source.ignore_index
    ]

"""Findings about a batch, the outputs of the model and the terms of the loss, each with what to change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import paddle
import yaml

from ..i18n import Message, Text, _, plural
from ..losses.base import Loss
from ..losses.compound.deep_supervision import DeepSupervisionLoss
from ..losses.compound.weighted_sum import WeightedSumLoss
from .batch import Batch
from .report import SAVE_AS_INDICES, Finding, commented
from .terms import TermGradient

FAR_APART = 100  # a term whose gradient is so many times that of another leaves it without effect
HALF_MOST, HALF_LEAST = 65504.0, 2.0**-24  # of float16
LOSS_SCALE = 1024  # of PaddleSeg's GradScaler
_CROP = "train_dataset:\n  transforms:\n    - type: RandomPaddingCrop\n      crop_size: [512, 512]"
_NORMALIZE = "train_dataset:\n  transforms:\n    - type: Normalize"
BESIDE_A_REGION_LOSS = """loss:
  types:
    - type: WeightedSumLoss
      losses:
        - type: paddleseg_losses.DiceLoss
        - type: {name}
          schedule: {{kind: rebalance, start: 0.01, end: 0.5, steps: 4000}}
  coef: [1]"""


def of_outputs(batch: Batch) -> Iterator[Finding]:
    """Heads, classes and numbers of the model's outputs."""
    outputs, coefs = len(batch.logits), len(batch.coef)
    if outputs != coefs and not batch.sums_losses_itself:
        first = batch.coef[0] if batch.coef else 1
        right = [*batch.coef[:outputs], *[0.4 * first] * (outputs - coefs)]
        yield Finding(
            "heads",
            _("Outputs of the model: {outputs}, but numbers in coef: {coefs}.", outputs=outputs, coefs=coefs),
            commented(f"loss:\n  coef: {right}", _("with one loss in types, which is then used for every output")),
        )
    for head, logits in enumerate(batch.logits):
        most = float(logits.detach().astype("float32").abs().amax())
        if not math.isfinite(most):
            yield Finding(
                "outputs_not_finite",
                _("Output {head} of the model contains NaN or infinity before any training.", head=head),
                commented(_NORMALIZE, _("and look for broken images")),
            )
        elif most > HALF_MOST:
            yield Finding(
                "half_precision",
                _(
                    "Output {head} reaches {most:.3g}; float16 ends at {limit:.0f}.",
                    head=head,
                    most=most,
                    limit=HALF_MOST,
                ),
                commented(_NORMALIZE, _("or omit --precision fp16")),
            )


def of_size(batch: Batch) -> Iterator[Finding]:
    """PaddleSeg leaves out the last, incomplete batch: with no other there is nothing to train on."""
    if batch.dataset < batch.batch_size:
        yield Finding(
            "too_few_images",
            plural(
                "train_dataset has {count} image, less than one batch ({batch}): nothing is trained.",
                "train_dataset has {count} images, less than one batch ({batch}): nothing is trained.",
                batch.dataset,
                batch=batch.batch_size,
            ),
            f"batch_size: {batch.dataset}",
        )


def of_labels(batch: Batch, ignore_index: int | None, fitting: bool = True) -> Iterator[Finding]:
    """Labels as they reach the loss; where they do not fit the images on disk, a crop would only hide it."""
    shape, logits = list(batch.labels.shape), batch.logits[0]
    if len(shape) == logits.ndim and shape[-1] in (3, 4):
        yield Finding(
            "labels_rgb",
            _("The labels of a batch have shape {shape}: RGB masks.", shape=shape),
            Message("# {comment}", comment=SAVE_AS_INDICES),
        )
    elif shape[2 - logits.ndim :] != list(logits.shape)[2:] and fitting and not _fits_labels(batch):
        yield Finding(
            "sizes",
            _("Labels have shape {labels}, the model output {logits}.", labels=shape, logits=list(logits.shape)),
            _shrinking(batch)
            if all(2 * size >= 3 * own for size, own in zip(shape[2 - logits.ndim :], logits.shape[2:]))
            else commented(_CROP, _("a multiple of 32")),
        )
    if ignore_index is not None and bool((batch.labels == ignore_index).all()):
        yield Finding(
            "all_ignored",
            _("Every pixel of the batch is ignored: its loss is 0 and nothing is learned."),
            commented(_CROP, _("larger than now")),
        )


def _shrinking(batch: Batch) -> Message:
    """The loss section for outputs that are much smaller than the labels."""
    inner = next((loss.to_config() for loss in batch.losses if isinstance(loss, Loss)), {"type": "DiceCELoss"})
    entry = {"type": "DeepSupervisionLoss", "loss": inner}
    section = yaml.safe_dump({"loss": {"types": [entry], "coef": list(batch.coef)}}, sort_keys=False)
    return commented(section.rstrip(), _("which shrinks the labels to each output"))


def _fits_labels(batch: Batch) -> bool:
    """Whether labels of another size than the outputs are no mistake."""
    return batch.sums_losses_itself or all(isinstance(loss, DeepSupervisionLoss) for loss in batch.losses)


def of_terms(gradients: list[TermGradient]) -> Iterator[Finding]:
    """Values and gradients of the terms."""
    for term in gradients:
        fact = term.fact
        if not (math.isfinite(fact.value) and math.isfinite(fact.gradient)):
            yield Finding(
                "not_finite",
                _(
                    "{label} is {value:g}, and its gradient has norm {gradient:g}.",
                    label=fact.label,
                    value=fact.value,
                    gradient=fact.gradient,
                ),
                _entry(term.loss, commented("checks: always", _("names labels that are out of range"))),
            )
        elif fact.gradient == 0:
            yield _no_gradient(term)
        else:
            yield from _in_half_precision(term)
    for head in sorted({term.fact.head for term in gradients}):
        yield from _without_effect([term for term in gradients if term.fact.head == head])


def of_boundaries(batch: Batch, gradients: list[TermGradient], ignore_index: int | None) -> Iterator[Finding]:
    """A distance to a boundary needs one: images of a single class have none."""
    distances = {
        type(term.loss).__name__: term
        for term in gradients
        if getattr(getattr(term.loss, "spec", None), "family", "") == "boundary"
        or type(term.loss).__name__ == "DistancePenalizedCELoss"
    }
    if not distances or batch.labels.ndim != batch.logits[0].ndim - 1:
        return
    bare = sum(len({int(v) for v in paddle.unique(image)} - {ignore_index}) < 2 for image in batch.labels)
    if not bare:
        return
    name, term = next(iter(distances.items()))
    alone = len([other for other in gradients if other.fact.head == term.fact.head]) == 1
    larger = commented(_CROP, _("larger than now, so that crops contain objects"))
    yield Finding(
        "no_boundary",
        _(
            "{bare} of {total} images of the batch show a single class: they have no boundary, and {name} is of no use "
            "on them.",
            bare=bare,
            total=len(batch.labels),
            name=name,
        ),
        BESIDE_A_REGION_LOSS.format(name=name) if alone else larger,
    )


def _no_gradient(term: TermGradient) -> Finding:
    fact, name = term.fact, type(term.loss).__name__
    schedule = getattr(term.loss, "schedule", None)
    cure: Text
    if fact.weight == 0 and schedule:
        ramp = f"schedule: {_inline({**schedule, 'start': 0.01})}"
        cure = _entry(term.loss, commented(ramp, _("above 0 from the first step")))
    elif fact.weight == 0:
        cure = commented("loss:\n  coef: [1]", _("a coefficient of 0 switches the loss off"))
    elif (
        term.gradient is not None and term.gradient.shape[1] == 1 and "Cross" in name and not hasattr(term.loss, "spec")
    ):
        cure = commented("model:\n  num_classes: 2", _("a softmax over one class is always 1; the datasets too"))
    else:
        cure = BESIDE_A_REGION_LOSS.format(name=name if name != "WeightedSumLoss" else "BoundaryLoss")
    return Finding(
        "no_gradient",
        _(
            "{label} has no gradient on this batch (weight {weight:g}, value {value:g}).",
            label=fact.label,
            weight=fact.weight,
            value=fact.value,
        ),
        cure,
    )


def _in_half_precision(term: TermGradient) -> Iterator[Finding]:
    """What becomes of the gradient in float16 under PaddleSeg's first loss scale."""
    sizes = term.gradient.abs() * LOSS_SCALE  # type: ignore[union-attr]
    most, nonzero = float(sizes.amax()), int((sizes > 0).sum())
    lost = float((sizes[sizes > 0] < HALF_LEAST / 2).astype("float32").sum()) / max(nonzero, 1)
    label = term.fact.label
    if most > HALF_MOST:
        text = _("With --precision fp16 the gradient of {label} overflows (up to {most:.3g}).", label=label, most=most)
    elif lost > 0.5:
        text = _(
            "With --precision fp16 the gradient of {label} vanishes on {lost:.0%} of the logits.",
            label=label,
            lost=lost,
        )
    else:
        return
    omit = _("Omit --precision fp16, or change the coefficient:")
    yield Finding("half_precision", text, Message("# {comment}\nloss:\n  coef: [1]", comment=omit))


def _without_effect(gradients: list[TermGradient]) -> Iterator[Finding]:
    """One term a hundred times another: the smaller one has no effect."""
    sizes = [term for term in gradients if math.isfinite(term.fact.gradient) and term.fact.gradient > 0]
    if len(sizes) < 2:
        return
    strong, weak = max(sizes, key=lambda p: p.fact.gradient), min(sizes, key=lambda p: p.fact.gradient)
    ratio = strong.fact.gradient / weak.fact.gradient
    if ratio < FAR_APART or getattr(weak.loss, "schedule", None):  # a ramp begins small on purpose
        return
    yield Finding(
        "drowned",
        _(
            "The gradient of {label} is {ratio:.0f} times that of {name}, which has no effect.",
            label=strong.fact.label,
            ratio=ratio,
            name=weak.fact.name,
        ),
        _balanced(gradients, strong, weak),
    )


def _balanced(gradients: list[TermGradient], strong: TermGradient, weak: TermGradient) -> Text:
    """Coefficients under which every term of a sum has the gradient of the median one."""
    norms = sorted(term.fact.gradient for term in gradients if term.fact.gradient > 0)
    middle = norms[len(norms) // 2] if len(norms) > 2 else norms[0]
    coef = [float(f"{p.fact.weight * middle / (p.fact.gradient or middle):.2g}") for p in gradients]
    names = [type(term.loss).__name__ for term in gradients]
    if len(set(map(id, (term.loss for term in gradients)))) == len(gradients):
        entries = "\n".join(f"        - type: {_type(term.loss)}" for term in gradients)
        return (
            f"loss:\n  types:\n    - type: WeightedSumLoss\n      losses:\n{entries}\n      coef: {coef}\n  coef: [1]"
        )
    parts = ", ".join(f"{p.fact.name}: {c:g}" for p, c in zip(gradients, coef))
    numbers = {key: value for key, value in strong.loss.options.items() if isinstance(value, float)}
    return Message(
        "# {weights}\n- type: {type}\n  # {options}",
        weights=_("equal gradients with the weights {weights}", weights=parts),
        type=_type(strong.loss),
        options=_("options of {loss}: {options}", loss=names[0], options=_inline(numbers)),
    )


def _type(loss: Any) -> str:
    name = type(loss).__name__
    return f"paddleseg_losses.{name}" if hasattr(loss, "spec") else name


def _entry(loss: Any, line: Text) -> Message:
    entry: Text = f"- type: {_type(loss)}"
    if isinstance(loss, WeightedSumLoss):
        entry = commented(entry, _("inside the WeightedSumLoss"))
    return Message("{entry}\n  {line}", entry=entry, line=line)


def _inline(value: Any) -> str:
    return str(yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6)).strip()

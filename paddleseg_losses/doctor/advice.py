"""Warnings about a batch, its outputs and the terms of its loss, each with what to change."""

from __future__ import annotations

from ..i18n import _

import math
from collections.abc import Iterator
from typing import Any

import paddle
import yaml

from ..losses.compound.weighted_sum import WeightedSumLoss
from .batch import Batch
from .case import Advice
from .terms import Pull

FAR_APART = 100  # a term that pulls so many times as hard as another drowns it
HALF_MOST, HALF_LEAST = 65504.0, 2.0**-24  # of float16
LOSS_SCALE = 1024  # of PaddleSeg's GradScaler
_CROP = "train_dataset:\n  transforms:\n    - type: RandomPaddingCrop\n      crop_size: [512, 512]  # "
BESIDE_A_REGION_LOSS = """loss:
  types:
    - type: WeightedSumLoss
      losses:
        - type: paddleseg_losses.DiceLoss
        - type: {name}
          schedule: {{kind: rebalance, start: 0.01, end: 0.5, steps: 4000}}
  coef: [1]"""


def of_outputs(batch: Batch) -> Iterator[Advice]:
    """Heads, classes and numbers of the model's outputs."""
    outputs, coefs = len(batch.logits), len(batch.coef)
    if outputs != coefs and not batch.own_sum:
        first = batch.coef[0] if batch.coef else 1
        right = [*batch.coef[:outputs], *[0.4 * first] * (outputs - coefs)]
        one = "  # with one loss in types, which then serves every output"
        yield Advice(
            "heads",
            _("The model has {outputs} output(s), but coef has {coefs} number(s).", outputs=outputs, coefs=coefs),
            f"loss:\n  coef: {right}{one}",
        )
    for head, logits in enumerate(batch.logits):
        most = float(logits.detach().astype("float32").abs().max())
        if not math.isfinite(most):
            yield Advice(
                "outputs_not_finite",
                _("Output {head} of the model holds NaN or infinity before any training.", head=head),
                "train_dataset:\n  transforms:\n    - type: Normalize  # and look for broken images",
            )
        elif most > HALF_MOST:
            yield Advice(
                "half_precision",
                _(
                    "Output {head} reaches {most:.3g}, more than float16 holds ({half_most:.0f}).",
                    head=head,
                    most=most,
                    half_most=HALF_MOST,
                ),
                "train_dataset:\n  transforms:\n    - type: Normalize  # or leave --precision fp16 out",
            )


def of_size(batch: Batch) -> Iterator[Advice]:
    """PaddleSeg leaves out the last, incomplete batch: with no other there is nothing to train on."""
    if batch.dataset < batch.wanted:
        yield Advice(
            "too_few_images",
            _(
                "train_dataset has {dataset} image(s), less than one batch ({wanted}): nothing is trained on.",
                dataset=batch.dataset,
                wanted=batch.wanted,
            ),
            f"batch_size: {batch.dataset}",
        )


def of_labels(batch: Batch, ignore_index: int | None) -> Iterator[Advice]:
    """Labels as they reach the loss."""
    shape, logits = list(batch.labels.shape), batch.logits[0]
    if len(shape) == 4 and shape[-1] in (3, 4):
        yield Advice(
            "labels_rgb",
            _("The labels of a batch have shape {shape}: RGB masks.", shape=shape),
            "# Save each mask as one channel (mode L or P) whose numbers are the classes 0, 1, 2, ...",
        )
    elif shape[-2:] != list(logits.shape)[-2:] and not batch.own_sum:
        yield Advice(
            "sizes",
            _("Labels have shape {shape}, the model's output {shape2}.", shape=shape, shape2=list(logits.shape)),
            _CROP + "a multiple of 32",
        )
    if ignore_index is not None and bool((batch.labels == ignore_index).all()):
        yield Advice(
            "all_ignored",
            _("Every pixel of the batch is ignored: its loss is 0 and nothing is learnt."),
            _CROP + "larger than now",
        )


def of_terms(pulls: list[Pull]) -> Iterator[Advice]:
    """Values and gradients of the terms."""
    for pull in pulls:
        fact = pull.fact
        if not (math.isfinite(fact.value) and math.isfinite(fact.gradient)):
            yield Advice(
                "not_finite",
                _(
                    "{label} is {value:g} with a gradient of norm {gradient:g}.",
                    label=fact.label,
                    value=fact.value,
                    gradient=fact.gradient,
                ),
                _entry(pull.loss, "checks: always  # names labels that are out of range"),
            )
        elif fact.gradient == 0:
            yield _no_gradient(pull)
        else:
            yield from _in_half_precision(pull)
    for head in sorted({pull.fact.head for pull in pulls}):
        yield from _drowned([pull for pull in pulls if pull.fact.head == head])


def of_boundaries(batch: Batch, pulls: list[Pull], ignore_index: int | None) -> Iterator[Advice]:
    """A distance to a boundary needs one: images of a single class have none."""
    distances = {
        type(pull.loss).__name__: pull
        for pull in pulls
        if getattr(getattr(pull.loss, "spec", None), "family", "") == "boundary"
        or type(pull.loss).__name__ == "DistancePenalizedCELoss"
    }
    if not distances or batch.labels.ndim != 3:
        return
    bare = sum(len({int(v) for v in paddle.unique(image)} - {ignore_index}) < 2 for image in batch.labels)
    if not bare:
        return
    total, (name, pull) = len(batch.labels), next(iter(distances.items()))
    alone = len([other for other in pulls if other.fact.head == pull.fact.head]) == 1
    yield Advice(
        "no_boundary",
        _(
            (
                "{bare} of {total} images of the batch show a single class: they have no boundary, and {name} "
                "says nothing useful about them."
            ),
            bare=bare,
            total=total,
            name=name,
        ),
        BESIDE_A_REGION_LOSS.format(name=name) if alone else _CROP + "larger than now, so that crops hold objects",
    )


def _no_gradient(pull: Pull) -> Advice:
    fact, name = pull.fact, type(pull.loss).__name__
    schedule = getattr(pull.loss, "schedule", None)
    if fact.weight == 0 and schedule:
        cure = _entry(pull.loss, f"schedule: {_inline({**schedule, 'start': 0.01})}  # above 0 from the first step")
    elif fact.weight == 0:
        cure = "loss:\n  coef: [1]  # a coefficient of 0 switches the loss off"
    elif (
        pull.gradient is not None and pull.gradient.shape[1] == 1 and "Cross" in name and not hasattr(pull.loss, "spec")
    ):
        cure = "model:\n  num_classes: 2  # a softmax over one class is always 1; the datasets too"
    else:
        cure = BESIDE_A_REGION_LOSS.format(name=name if name != "WeightedSumLoss" else "BoundaryLoss")
    return Advice(
        "no_gradient",
        _(
            "{label} gives no gradient on this batch (weight {weight:g}, value {value:g}).",
            label=fact.label,
            weight=fact.weight,
            value=fact.value,
        ),
        cure,
    )


def _in_half_precision(pull: Pull) -> Iterator[Advice]:
    """What becomes of the gradient in float16 under PaddleSeg's first loss scale."""
    sizes = pull.gradient.abs() * LOSS_SCALE  # type: ignore[union-attr]
    most, there = float(sizes.max()), int((sizes > 0).sum())
    lost = float((sizes[sizes > 0] < HALF_LEAST / 2).astype("float32").sum()) / max(there, 1)
    if most > HALF_MOST:
        what = f"overflows (up to {most:.3g})", f"会上溢（最大 {most:.3g}）"
    elif lost > 0.5:
        what = f"vanishes for {lost:.0%} of the logits", f"在 {lost:.0%} 的 logits 上会下溢为 0"
    else:
        return
    yield Advice(
        "half_precision",
        _("With --precision fp16 the gradient of {label} {what}.", label=pull.fact.label, what=what[0]),
        "# Leave --precision fp16 out, or change the coefficient:\nloss:\n  coef: [1]",
    )


def _drowned(pulls: list[Pull]) -> Iterator[Advice]:
    """One term a hundred times another: the smaller one might as well not be there."""
    sizes = [pull for pull in pulls if math.isfinite(pull.fact.gradient) and pull.fact.gradient > 0]
    if len(sizes) < 2:
        return
    strong, weak = max(sizes, key=lambda p: p.fact.gradient), min(sizes, key=lambda p: p.fact.gradient)
    ratio = strong.fact.gradient / weak.fact.gradient
    if ratio < FAR_APART or getattr(weak.loss, "schedule", None):  # a ramp begins small on purpose
        return
    yield Advice(
        "drowned",
        _(
            "{label} pulls {ratio:.0f} times as hard as {name}, which has no say.",
            label=strong.fact.label,
            ratio=ratio,
            name=weak.fact.name,
        ),
        _balanced(pulls, strong, weak),
    )


def _balanced(pulls: list[Pull], strong: Pull, weak: Pull) -> str:
    """Coefficients under which every term of a sum pulls as hard as the median one."""
    norms = sorted(pull.fact.gradient for pull in pulls if pull.fact.gradient > 0)
    middle = norms[len(norms) // 2] if len(norms) > 2 else norms[0]
    coef = [float(f"{p.fact.weight * middle / (p.fact.gradient or middle):.2g}") for p in pulls]
    names = [type(pull.loss).__name__ for pull in pulls]
    if len(set(map(id, (pull.loss for pull in pulls)))) == len(pulls):
        entries = "\n".join(f"        - type: {_type(pull.loss)}" for pull in pulls)
        return (
            f"loss:\n  types:\n    - type: WeightedSumLoss\n      losses:\n{entries}\n      coef: {coef}\n  coef: [1]"
        )
    parts = ", ".join(f"{p.fact.name}: {c:g}" for p, c in zip(pulls, coef))
    numbers = {key: value for key, value in strong.loss.options.items() if isinstance(value, float)}
    return f"# equal pulls at the weights {parts}\n- type: {_type(strong.loss)}\n  # {names[0]} has: {_inline(numbers)}"


def _type(loss: Any) -> str:
    name = type(loss).__name__
    return f"paddleseg_losses.{name}" if hasattr(loss, "spec") else name


def _entry(loss: Any, line: str) -> str:
    inside = "  # inside the WeightedSumLoss" if isinstance(loss, WeightedSumLoss) else ""
    return f"- type: {_type(loss)}{inside}\n  {line}"


def _inline(value: Any) -> str:
    return str(yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6)).strip()

"""The terms of a loss on a batch: their values, and how strongly each gradients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import paddle

from ..losses.base import Loss
from ..losses.families import CompoundLoss
from ..paddleseg.medicalseg.adapter import bare
from .batch import Batch
from .report import TermFact

Tensor = Any


@dataclass(frozen=True)
class Term:
    """A term with its value, still attached to the logits."""

    name: str
    weight: float
    value: Tensor
    loss: Any


@dataclass(frozen=True)
class TermGradient:
    """A term's facts, the loss that it belongs to, and its weighted gradient."""

    fact: TermFact
    loss: Any
    gradient: Tensor | None  # None if it does not depend on the logits


def term_gradients(batch: Batch) -> list[TermGradient]:
    """Every term of every head, with its gradient with respect to the head's logits."""
    gradients: list[TermGradient] = []
    for head, (logits, loss, coef) in enumerate(zip(batch.logits, batch.losses, batch.coef)):
        leaf = logits.detach().astype("float32")
        leaf.stop_gradient = False
        labels = batch.edges if getattr(loss, "edge_label", False) and batch.edges is not None else batch.labels
        here = [_gradient(head, term, coef, leaf) for term in _terms(loss, leaf, labels, batch, head)]
        total = sum(term.fact.gradient for term in here if math.isfinite(term.fact.gradient))
        for term in here:
            share = term.fact.gradient / total if total else 0.0
            gradients.append(replace(term, fact=replace(term.fact, share=share)))
    return gradients


def _gradient(head: int, term: Term, coef: float, logits: Tensor) -> TermGradient:
    weight = coef * term.weight
    gradient = None
    if not term.value.stop_gradient:
        (gradient,) = paddle.grad(weight * term.value, logits, retain_graph=True, allow_unused=True)
    norm = 0.0 if gradient is None else float(gradient.norm())
    return TermGradient(TermFact(head, term.name, weight, float(term.value), norm, 0.0), term.loss, gradient)


def _terms(loss: Any, logits: Tensor, labels: Tensor, batch: Batch, head: int) -> Iterator[Term]:
    """The terms of a compound, the losses of a MixedLoss, or the loss itself."""
    loss = bare(loss)
    name = type(loss).__name__
    if name == "MixedLoss":
        for weight, inner in zip(loss.coef, loss.losses):
            for term in _terms(inner, logits, labels.clone(), batch, head):
                yield replace(term, weight=weight * term.weight)
    elif isinstance(loss, CompoundLoss):
        inner_losses = getattr(loss, "terms_by_name", {})
        for part, (weight, value) in loss.terms(loss.prepare(logits, labels)).items():
            yield Term(f"{name}.{part}", loss.factor * weight, value, dict(inner_losses).get(part, loss))
    elif isinstance(loss, Loss):
        yield Term(name, loss.factor, loss.compute(loss.prepare(logits, labels)), loss)
    elif name == "KLLoss":
        yield Term(name, 1.0, loss(logits, batch.logits[1].detach()), loss)
    else:
        value = loss(logits, labels.clone())
        parts = value if isinstance(value, (list, tuple)) else [value]
        yield Term(name, 1.0, sum(part for part in parts if paddle.is_tensor(part)), loss)

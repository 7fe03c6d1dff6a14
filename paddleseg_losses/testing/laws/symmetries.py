"""Law 5: order carries no meaning: of classes, of samples, and of pixels or axes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from ...registry import LossSpec
from ..cases import (
    CASES,
    IGNORED,
    Array,
    Case,
    everything,
    make,
    supports,
    takes_weights,
    value_and_gradient,
    value_of,
    weights,
)
from ..law import ORDER, assert_close, assert_equivalent, law, require


def _relabel(labels: Array, order: list[int]) -> Array:
    """Labels after channel `order[k]` has become channel k."""
    new = np.argsort(order)
    return np.where(labels == IGNORED, IGNORED, new[np.where(labels == IGNORED, 0, labels)])


def _reordered(among: Sequence[int], count: int) -> list[list[int]]:
    """Orders of so many things: any two in each other's place, and three or more moved on by one."""
    orders = []
    for one, other in itertools.combinations(among, 2):
        order = list(range(count))
        order[one], order[other] = other, one
        orders.append(order)
    if len(among) > 2:
        orders.append([*range(among[0]), *among[1:], among[0]])
    return orders


@law(
    5,
    "treat all classes alike, or state background_special=True in its spec if class 0 is another by definition",
    case_filter=lambda case: case.channels > 2,
)
def permuted_classes(spec: LossSpec, case: Case) -> None:
    """Classes may be numbered otherwise, the background too where it is not special."""
    logits, labels, weight = case.logits(), case.labels(), weights(spec, case)
    weighted = takes_weights(spec) and len(weight) == case.channels
    kinds: list[tuple[dict[str, bool], list[list[int]]]] = []
    if spec.background_special or everything(spec):
        kinds.append(({}, _reordered(range(1, case.channels), case.channels)))
    if not spec.background_special:
        kinds.append((everything(spec), _reordered(range(case.channels), case.channels)))
    for base, orders in kinds:
        expected = value_and_gradient(make(spec, **base, **({"weight": weight} if weighted else {})), logits, labels)
        for order in orders:
            loss = make(spec, **base, **({"weight": [weight[k] for k in order]} if weighted else {}))
            moved = labels[:, order] if case.mode == "multilabel" else _relabel(labels, order)
            value, gradient = value_and_gradient(loss, logits[:, order], moved)
            assert_equivalent(
                (value, gradient[:, np.argsort(order)]), expected, f"with the classes in the order {order}"
            )


@law(5, "let no sample be special, and break ties by nothing that depends on the place in the batch")
def permuted_samples(spec: LossSpec, case: Case) -> None:
    """The samples of a batch may come in any order."""
    logits, labels = case.logits(), case.labels()
    value, gradient = value_and_gradient(make(spec), logits[::-1].copy(), labels[::-1].copy())
    assert_equivalent(
        (value, gradient[::-1]), value_and_gradient(make(spec), logits, labels), "with the samples turned round"
    )


@law(
    5,
    "look at neighbours on both sides alike, and along every axis, or state sided=True in its spec",
    applies_to=lambda spec: not spec.sided,
)
def flips_and_transposes(spec: LossSpec, case: Case) -> None:
    """An image may be flipped, and its axes exchanged."""
    loss, logits, labels = make(spec), case.logits(), case.labels()
    expected = value_and_gradient(loss, logits, labels)
    axes = len(case.space)
    for axis in range(1, axes + 1):
        value, gradient = value_and_gradient(loss, np.flip(logits, -axis).copy(), np.flip(labels, -axis).copy())
        assert_equivalent((value, np.flip(gradient, -axis)), expected, f"flipped along axis -{axis}")
    for order in _reordered(range(axes), axes):
        z_order = [0, 1, *(2 + k for k in order)]
        y_order = z_order if case.mode == "multilabel" else [0, *(1 + k for k in order)]
        turned = logits.transpose(z_order).copy(), labels.transpose(y_order).copy()
        value, gradient = value_and_gradient(loss, *turned)
        assert_equivalent(
            (value, gradient.transpose(np.argsort(z_order))), expected, f"with the axes in the order {order}"
        )


@law(
    5,
    "look at each pixel alone, or state neighbours=True in its spec if it has to look around",
    applies_to=lambda spec: not spec.neighbours,
)
def permuted_pixels(spec: LossSpec, case: Case) -> None:
    """Pixels may come in any order, unless the loss looks at neighbours."""
    logits, labels = case.logits(), case.labels()
    order = np.random.default_rng(2).permutation(int(np.prod(case.space)))

    def shuffle(x: Array, by: Array) -> Array:
        flat = x.reshape(*x.shape[: x.ndim - len(case.space)], -1)
        return flat[..., by].reshape(x.shape)

    value, gradient = value_and_gradient(make(spec), shuffle(logits, order), shuffle(labels, order))
    expected = value_and_gradient(make(spec), logits, labels)
    assert_equivalent((value, shuffle(gradient, np.argsort(order))), expected, "with the pixels shuffled")


def _alone(spec: LossSpec, case: Case, logits: Array, labels: Array) -> float:
    loss = make(spec)
    each = [value_of(loss, logits[n : n + 1], labels[n : n + 1]) for n in range(case.samples)]
    return float(np.mean(each))


@law(5, "average over samples, or state batchwise=True in its spec", applies_to=lambda spec: not spec.batchwise)
def mean_of_samples(spec: LossSpec, case: Case) -> None:
    """A batch is the mean of its samples."""
    logits, labels = case.logits(), case.labels(ignored=0)
    value = value_of(make(spec), logits, labels)
    assert_close(value, _alone(spec, case, logits, labels), "the value of a batch, not the mean of its samples,", ORDER)


@law(5, "take batchwise=True out of its spec", applies_to=lambda spec: spec.batchwise, cases=None)
def truly_batchwise(spec: LossSpec) -> None:
    """A loss that says so is not the mean of its samples."""
    differs = []
    for case in CASES:
        if supports(spec, case):
            logits, labels = case.logits(), case.labels(ignored=0)
            labels[0] = 0  # classes are absent there
            differs.append(abs(value_of(make(spec), logits, labels) - _alone(spec, case, logits, labels)) > 1e-9)
    require(any(differs), "every batch is the mean of its samples", "a difference, as its spec says batchwise=True")

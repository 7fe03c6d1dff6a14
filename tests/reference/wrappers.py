"""Losses around other losses: they have no formula on clean inputs, but call the references of the others."""

from __future__ import annotations

import itertools

import numpy as np

from .common import REFERENCE

IGNORED = 255


def inner(entry):
    """The reference of a loss given as `{type: ...}`, with its options."""
    name = entry["type"].removeprefix("paddleseg_losses.")
    options = {key: value for key, value in entry.items() if key != "type"}
    return lambda logits, labels, **shared: REFERENCE[name](logits, labels, **options, **shared)


def weighted_sum(logits, labels, losses, coef=None, **shared):
    values = [inner(entry)(logits, labels, **shared) for entry in losses]
    return sum(weight * value for weight, value in zip(coef or [1.0] * len(values), values))


def deep_supervision(logits, labels, loss, weights=None, **shared):
    outputs = logits if isinstance(logits, list) else [logits]
    if weights is None:
        weights = np.array([2.0**-k for k in range(len(outputs))])
        weights = weights / weights.sum()
    values = [inner(loss)(z, shrunk(labels, z.shape[2:]), **shared) for z in outputs]
    return sum(weight * value for weight, value in zip(weights, values))


def shrunk(labels, space):
    """Labels whose last axes have these sizes."""
    result = np.empty((*labels.shape[: labels.ndim - len(space)], *space), labels.dtype)
    for place in itertools.product(*map(range, space)):
        sizes = labels.shape[-len(space) :]
        source = tuple((2 * i + 1) * whole // (2 * part) for i, whole, part in zip(place, sizes, space))
        result[(..., *place)] = labels[(..., *source)]
    return result


def blob(logits, labels, loss, alpha=2.0, beta=1.0, connectivity=None, mode=None, **shared):
    of_inner = inner(loss)
    whole = of_inner(logits, labels, mode=mode, **shared)
    if labels.ndim == logits.ndim and labels.shape[1] == 1:
        labels = labels[:, 0]
    per_channel = labels.ndim == logits.ndim
    means = []
    for z, y in zip(logits, labels):
        planes = [(z[c : c + 1], y[c]) for c in range(len(z))] if per_channel else [(z, y)]
        values = []
        for scores, truth in planes:
            objects = list(components(truth, connectivity))
            for one in objects:
                others = np.logical_or.reduce([other for other in objects if other is not one] + [np.zeros_like(one)])
                view = np.where(others, IGNORED, truth)
                values.append(of_inner(scores[None], view[None], **shared))
        means += [np.mean(values)] if values else []
    return alpha * whole + (beta * np.mean(means) if means else 0.0)


def components(labels, connectivity):
    """Masks of the connected pixels of one class, by flooding each from its first pixel."""
    axes = labels.ndim
    most = axes if connectivity is None else connectivity
    steps = [step for step in itertools.product((-1, 0, 1), repeat=axes) if 0 < sum(map(abs, step)) <= most]
    seen = (labels == 0) | (labels == IGNORED)
    for start in map(tuple, np.argwhere(~seen)):
        if seen[start]:
            continue
        mask, front = np.zeros(labels.shape, bool), [start]
        while front:
            place = front.pop()
            inside = all(0 <= i < size for i, size in zip(place, labels.shape))
            if inside and not seen[place] and labels[place] == labels[start]:
                mask[place] = seen[place] = True
                front += [tuple(i + s for i, s in zip(place, step)) for step in steps]
        yield mask


REFERENCE.update(WeightedSumLoss=weighted_sum, DeepSupervisionLoss=deep_supervision, BlobLoss=blob)

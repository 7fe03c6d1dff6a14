"""What every reference loss shares: clean inputs, reductions, distances and neighbourhoods."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Inputs:
    """Arrays `[N, C, *S]` in float64, all of them zero at ignored elements."""

    mode: str
    z: np.ndarray  # logits
    p: np.ndarray  # probabilities
    log_p: np.ndarray  # log p
    log_q: np.ndarray  # log (1 - p)
    g: np.ndarray  # target
    m: np.ndarray  # 1 where valid, 0 where ignored
    a: np.ndarray  # weight of each pixel

    @property
    def q(self):
        """1 - p without cancellation."""
        return np.exp(self.log_q) * self.m

    @property
    def multiclass(self):
        return self.mode == "multiclass"

    @property
    def axes(self):
        """The spatial axes."""
        return tuple(range(2, self.z.ndim))


REFERENCE = {}  # by the name of the class: logits, labels and options to a number


def reference(name):
    """Decorator: the formula, on `Inputs`, is what the loss of this name has to compute."""

    def keep(formula):
        assert name not in REFERENCE, f"{name} has two references"
        REFERENCE[name] = loss(formula)
        return formula

    return keep


def loss(formula):
    """Turn a formula on `Inputs` into a function of logits and labels."""

    @functools.wraps(formula)
    def call(logits, labels, mode=None, ignore_index=255, from_logits=True, pixel_weight=None, **options):
        x = prepare(logits, labels, mode, ignore_index, from_logits)
        if pixel_weight is not None:
            x = replace(x, a=x.a * np.asarray(pixel_weight, np.float64)[:, None])
        if options.get("reduction", "mean") == "none":
            return formula(x, **options)
        return float(formula(x, **options)) if x.m.any() else 0.0

    return call


def prepare(logits, labels, mode=None, ignore_index=255, from_logits=True):
    z = np.asarray(logits, dtype=np.float64)
    y = np.asarray(labels)
    if y.ndim == z.ndim and y.shape[1] == 1:
        y = y[:, 0]
    if mode is None:
        mode = "binary" if z.shape[1] == 1 else "multilabel" if y.ndim == z.ndim else "multiclass"
    g, m = target(y, z.shape, mode, ignore_index)
    if not from_logits:
        z = np.log(np.maximum(z, 1e-7)) if mode == "multiclass" else logit(np.clip(z, 1e-7, 1 - 1e-7))
    z = np.where(m, z, 0.0)
    log_p, log_q = log_probabilities(z, mode)
    g, p, log_p, log_q = (np.where(m, a, 0.0) for a in (g, np.exp(log_p), log_p, log_q))
    return Inputs(mode, z, p, log_p, log_q, g, m.astype(np.float64), np.ones(z.shape))


def target(y, shape, mode, ignore_index):
    """The target in [0, 1] and the validity mask, both of the logits' shape."""
    if y.ndim < len(shape):
        valid = y[:, None] != ignore_index
        classes = range(shape[1])
        g = np.stack([y == c for c in classes], axis=1) if mode == "multiclass" else y[:, None]
    elif mode == "multiclass":  # one-hot or soft
        valid = (y != ignore_index).any(axis=1, keepdims=True)
        g = y
    else:
        valid = y != ignore_index
        g = y
    return g.astype(np.float64), np.broadcast_to(valid, shape)


def log_probabilities(z, mode):
    """log p and log (1 - p), channel by channel against the rest."""
    if mode != "multiclass":
        return -softplus(-z), -softplus(z)
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    rest = [np.logaddexp.reduce(np.delete(z, c, axis=1), axis=1) for c in range(z.shape[1])]
    return log_p, -softplus(z - np.stack(rest, axis=1))


def softplus(x):
    return np.logaddexp(0.0, x)


def logit(p):
    return np.log(p) - np.log1p(-p)


def powr(x, gamma, eps=1e-7):
    """x^gamma whose slope at 0 stays finite: a straight line below eps where gamma < 1."""
    if gamma == 0:
        return np.ones_like(x)
    if gamma >= 1:
        return x**gamma
    return np.where(x > eps, np.maximum(x, eps) ** gamma, x * eps ** (gamma - 1))


def ratio(numerator, denominator, empty=0.0):
    """numerator / denominator, and `empty` where the denominator is 0."""
    zero = denominator == 0
    return np.where(zero, empty, numerator / np.where(zero, 1.0, denominator))


def smoothed(x, label_smoothing):
    """The inputs with a share of every target spread over all classes, with a sigmoid over 0 and 1."""
    labels = x.z.shape[1] if x.multiclass else 2
    return replace(x, g=((1 - label_smoothing) * x.g + label_smoothing / labels) * x.m)


def per_class(x, weight):
    """One number a class (1 by default), shaped to broadcast over `[N, C, *S]`."""
    values = np.asarray(1.0 if weight is None else weight, dtype=np.float64)
    return np.broadcast_to(values, x.z.shape[1]).reshape(1, -1, *[1] * len(x.axes))


def kept_channels(x, include_background=True, classes="all"):
    """Only softmax has a background channel."""
    first = 0 if include_background or not x.multiclass else 1
    subset = range(x.z.shape[1]) if isinstance(classes, str) else classes
    return [c for c in subset if c >= first]


def reduce_pixels(x, elements, weight=None, reduction="mean"):
    """Reduce element losses `[N, C, *S]`, weighted by class and pixel; a pixel is the sum of its channels."""
    w = per_class(x, weight) * x.a
    if reduction == "none":
        return w * elements if x.mode == "multilabel" else (w * elements).sum(axis=1)
    if reduction == "sum":
        return (w * elements).sum()
    # A softmax pixel counts once, with the weight of its true class and its own; a sigmoid element counts by itself.
    return ratio((w * elements).sum(), (w * (x.g if x.multiclass else x.m)).sum())


def reduce_cells(x, cells, batch=False, weight=None, include_background=True, classes="all", reduction="mean"):
    """Reduce losses `[N, C]` (`[1, C]` where the batch is pooled); 'present' averages the cells that have a target."""
    keep = kept_channels(x, include_background, classes)
    present = x.g.sum(axis=x.axes) > 0
    present = present.any(axis=0, keepdims=True) if batch else present
    counted = present if classes == "present" else np.ones_like(present)
    w = per_class(x, weight).reshape(1, -1)
    cells, counted = (w * cells * counted)[:, keep], counted[:, keep]
    if reduction == "none":
        return cells[0] if batch else cells
    if reduction == "sum":
        return cells.sum()
    return ratio(cells.sum(), counted.sum())


def micro(x, sums, formula, batch=False, weight=None, include_background=True, classes="all", reduction="mean"):
    """A formula of sums `[N, C]` that are added over the classes that count, with their weights."""
    keep = kept_channels(x, include_background, classes)
    present = x.g.sum(axis=x.axes) > 0
    present = present.any(axis=0, keepdims=True) if batch else present
    counted = present if classes == "present" else np.ones_like(present)
    w = (per_class(x, weight).reshape(1, -1) * counted)[:, keep]
    values = formula(*((cells[:, keep] * w).sum(axis=1) for cells in sums))
    if reduction == "none":
        return values[0] if batch else values
    return values.sum() if reduction == "sum" else values.mean()


def cell_means(x, elements):
    """Weighted mean over the valid pixels of each (sample, class), 0 where there is none."""
    counted = x.m * x.a
    return ratio((elements * counted).sum(axis=x.axes), counted.sum(axis=x.axes))


def distance(mask, spacing=None):
    """Euclidean distance of every pixel of the mask to the nearest pixel outside it, over all pairs."""
    result = np.zeros(mask.shape)
    if mask.any() and not mask.all():
        result[mask] = nearest(mask, ~mask, spacing)
    return result


def nearest(from_mask, to_mask, spacing=None):
    """For each pixel of one mask the distance to the nearest pixel of the other."""
    scale = np.ones(from_mask.ndim) if spacing is None else np.asarray(spacing, dtype=np.float64)
    here, there = np.argwhere(from_mask) * scale, np.argwhere(to_mask) * scale
    return np.array([np.sqrt(((there - point) ** 2).sum(axis=1).min()) for point in here])


def per_channel(function, masks):
    """Apply a function of one `[*S]` map to every sample and channel."""
    return np.stack([np.stack([function(channel) for channel in sample]) for sample in masks])


def shifted(a, offset, fill=0.0):
    """The array whose value at i is a[i + offset], and `fill` where that lies outside."""
    result = np.full_like(a, fill)
    into, out_of = [], []
    for size, step in zip(a.shape, offset):
        start, stop = max(0, -step), max(0, min(size, size - step))
        into.append(slice(start, stop))
        out_of.append(slice(start + step, max(0, stop + step)))
    result[tuple(into)] = a[tuple(out_of)]
    return result


def cube(radius, ndim):
    """All offsets of a cubic window."""
    return list(itertools.product(range(-radius, radius + 1), repeat=ndim))


def cross(ndim):
    """A pixel and its 2, 4 or 6 direct neighbours."""
    return [offset for offset in cube(1, ndim) if sum(map(abs, offset)) <= 1]


@functools.cache
def ball_size(radius, ndim):
    """Number of pixels that are at most `radius` from another, itself included."""
    return sum(sum(o * o for o in offset) <= radius**2 for offset in cube(int(radius), ndim))


@functools.lru_cache(maxsize=8)
def _within(radius, shape):
    """For each pair of pixels 1 where they are at most `radius` apart, else 0."""
    places = np.argwhere(np.ones(shape))
    return (((places[:, None] - places) ** 2).sum(axis=-1) <= radius**2).astype(float)


def ball_mean(a, radius):
    """Mean over a ball; pixels outside the image count as 0."""
    return (_within(radius, a.shape) @ a.ravel()).reshape(a.shape) / ball_size(radius, a.ndim)


def neighbourhood_mean(a, offsets):
    """Mean over a neighbourhood; pixels outside the image count as 0."""
    within = [o for o in offsets if all(abs(step) < size for step, size in zip(o, a.shape))]
    return sum(shifted(a, offset) for offset in within) / len(offsets)


def missing_neighbour(mask, border):
    """Pixels of the mask with a direct neighbour outside it; beyond the image lies `border`."""
    return mask & ~np.logical_and.reduce([shifted(mask, offset, border) for offset in cross(mask.ndim)])

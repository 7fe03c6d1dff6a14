"""Structural similarity in Gaussian windows."""

from __future__ import annotations

import functools

import numpy as np

from .common import cell_means, ratio, reduce_cells, reference

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


@functools.lru_cache(maxsize=32)
def gaussian(shape, window_size, sigma):
    """For each pair of pixels the weight of one in the window of the other."""
    places = np.argwhere(np.ones(shape))
    steps = places[:, None] - places
    return np.exp(-(steps**2).sum(axis=-1) / (2 * sigma**2)) * (np.abs(steps).max(axis=-1) <= window_size // 2)


def window_means(m, window_size, sigma):
    """A function that takes means over the valid pixels in the window of every pixel."""
    weights = gaussian(m.shape[2:], window_size, sigma)

    def total(a):
        return (a.reshape(*m.shape[:2], -1) @ weights).reshape(m.shape)

    return lambda a: ratio(total(m * a), total(m))


def similarity_maps(p, g, m, window_size=11, sigma=1.5, k1=0.01, k2=0.03):
    """The similarity of contrast and structure, and the whole one with the means."""
    mean, c1, c2 = window_means(m, window_size, sigma), k1**2, k2**2
    mu_p, mu_g = mean(p), mean(g)
    structure = (2 * (mean(p * g) - mu_p * mu_g) + c2) / (mean(p * p) - mu_p**2 + mean(g * g) - mu_g**2 + c2)
    return structure, structure * (2 * mu_p * mu_g + c1) / (mu_p**2 + mu_g**2 + c1)


WINDOW = ("window_size", "sigma", "k1", "k2")


@reference("SSIMLoss")
def ssim(x, **options):
    window = {name: options.pop(name) for name in WINDOW if name in options}
    return reduce_cells(x, cell_means(x, 1 - similarity_maps(x.p, x.g, x.m, **window)[1]), **options)


def halving(size):
    """The matrix that halves an axis."""
    half = np.zeros((-(-size // 2), size))
    for coarse in range(len(half)):
        for step, weight in ((0, 0.5), (1, 0.5)) if size % 2 == 0 else ((-1, 0.25), (0, 0.5), (1, 0.25)):
            if 0 <= 2 * coarse + step < size:
                half[coarse, 2 * coarse + step] = weight
    return half


def halved(a):
    for axis in range(2, a.ndim):
        a = np.moveaxis(np.tensordot(halving(a.shape[axis]), a, axes=(1, axis)), 0, axis)
    return a


@reference("MSSSIMLoss")
def ms_ssim(x, scale_weights=WEIGHTS, **options):
    window = {name: options.pop(name) for name in WINDOW if name in options}
    p, g, m, product = x.p, x.g, x.m, 1.0
    smallest = [min(-(-n // 2**j) for n in x.z.shape[2:]) for j in range(len(scale_weights))]
    count = max(1, sum(side >= window.get("window_size", 11) for side in smallest))
    weights = np.array(scale_weights[:count])
    if count < len(scale_weights):
        weights = weights / weights.sum()
    for j, weight in enumerate(weights):
        structure, whole = similarity_maps(p, g, m, **window)
        values = whole if j == count - 1 else structure
        product = product * np.maximum(ratio((values * m).sum(axis=x.axes), m.sum(axis=x.axes)), 0) ** weight
        size = halved(m)
        p, g, m = ratio(halved(m * p), size), ratio(halved(m * g), size), (size > 0).astype(float)
    return reduce_cells(x, np.where(x.m.any(axis=x.axes), 1 - product, 0), **options)

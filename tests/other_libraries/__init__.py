"""The table of other libraries: what it says is tried, and compared with their formulas written in NumPy."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import registry
from paddleseg_losses.other_libraries import libraries

from ..differences import OBJECT, SIGMOID, G, P, Y, Z

BINARY = Z[:, :1]  # one channel, whose object is OBJECT
P_TRUE = (P * G).sum(axis=1)
S = 1 / (1 + np.exp(-Z))  # a sigmoid for each class


def stated(library, name):
    """Our loss as the table states it for a loss of another library."""
    guide = next(lib for lib in libraries() if lib.anchor == library)
    return registry.build(next(loss for loss in guide.losses if name in loss.names).use)


def value(loss, z=Z, y=Y):
    y = paddle.to_tensor(np.asarray(y).astype("float64" if np.any(np.asarray(y) % 1) else "int64"))
    return float(loss(paddle.to_tensor(z), y))


def check(loss, expected, z=Z, y=Y, rel=1e-9):
    """Compare the value of our loss with the other library's formula."""
    assert value(loss, z, y) == pytest.approx(float(expected), rel=rel)


def nll(p, g):
    """Cross entropy of each element of independent channels."""
    return -(g * np.log(p) + (1 - g) * np.log(1 - p))


def focal(p, g, gamma=2.0):
    return (1 - np.where(g == 1, p, 1 - p)) ** gamma * nll(p, g)


def overlap(p, g, axes):
    """TP, FP and FN, summed over some axes."""
    return tuple(x.sum(axis=axes) for x in (p * g, p * (1 - g), (1 - p) * g))


def lovasz(errors, g):
    """The Lovász extension of the Jaccard loss for one class of flat errors."""
    order = np.argsort(-errors)
    g, errors = g[order], errors[order]
    union = g.sum() + np.cumsum(1 - g)
    jaccard = 1 - (g.sum() - np.cumsum(g)) / union
    return errors @ np.diff(jaccard, prepend=0.0)


__all__ = ["BINARY", "OBJECT", "P_TRUE", "SIGMOID", "G", "P", "S", "Y", "Z"]

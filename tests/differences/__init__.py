"""The numbers of docs/differences.md: each formula as it is printed elsewhere, in plain NumPy, beside our loss.

A test returns the numbers of its entry, and `shown` compares them with the page, so neither can drift.
"""

import functools

import numpy as np
import paddle

from docs.builder.advice import numbered

RNG = np.random.default_rng(7)
Z = RNG.normal(size=(2, 3, 7, 5)) * 2  # logits of three classes
Y = RNG.choice(3, size=(2, 7, 5), p=(0.7, 0.2, 0.1))
P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
G = np.stack([c == Y for c in range(3)], axis=1).astype(float)
P_TRUE = (P * G).sum(axis=1)
SPACE = (2, 3)
TP, FP, FN = (x.sum(axis=SPACE) for x in (P * G, P * (1 - G), (1 - P) * G))
SIGMOID = 1 / (1 + np.exp(-Z[:, 0]))  # of one channel, whose object is Y == 1
OBJECT = (Y == 1).astype(float)


def shown(test):
    """Compare what a test returns with the numbers on the page, to the last digit shown there."""

    @functools.wraps(test)
    def run(**fixtures):
        page, numbers = numbered()[test.__name__], test(**fixtures)
        assert page.keys() == numbers.keys()
        for name, text in page.items():
            digits = len(str(text).partition(".")[2])
            assert f"{round(numbers[name], digits) + 0.0:.{digits}f}" == str(text), name

    return run


def ours(loss, z=Z, y=Y):
    return float(loss(paddle.to_tensor(z), paddle.to_tensor(y.astype("int64"))))


def binary(loss, p=None, g=OBJECT):
    """Our loss of one channel; probabilities are turned into logits."""
    z = Z[:, 0] if p is None else np.log(p) - np.log1p(-p)
    return ours(loss, z[:, None], g)

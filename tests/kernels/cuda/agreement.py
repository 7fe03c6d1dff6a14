"""Losses on a fake card, against the composed path in float64."""

import numpy as np

from tests.laws.cases import value_and_gradient

TURN_ORDERS = [0, 1, 2]


def assert_equal_to_float64(loss, logits, labels, value=1e-6, gradient=2e-6, least=1e-6):
    """Value and gradient of a loss in float32, by whatever runs it, are those of the composed path in float64.

    Args:
        loss: the loss.
        logits: float64, rounded for the card.
        labels: its labels.
        value: relative tolerance of the value.
        gradient: tolerance of the gradient, relative to its largest number.
        least: what is left out of the value's digits.
    """
    logits = logits.astype("float32")
    actual, slope = value_and_gradient(loss, logits, labels)
    expected, true_slope = value_and_gradient(loss, logits.astype("float64"), labels)
    np.testing.assert_allclose(actual, expected, rtol=value, atol=value * least)
    np.testing.assert_allclose(slope, true_slope, rtol=0, atol=gradient * np.abs(true_slope).max())


def assert_same_bits(results):
    """What was computed in several ways is the same to the last bit, and is not nothing."""
    first, *others = results
    assert any(np.asarray(each).any() for each in first)
    for other in others:
        for one, two in zip(first, other):
            assert np.array_equal(one, two)

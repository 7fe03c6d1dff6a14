"""Class weights, against numbers worked out by hand."""

import math

import pytest

from paddleseg_losses.datasets import SCHEMES, balance
from paddleseg_losses.datasets.class_weights import default_beta
from paddleseg_losses.errors import DataError, OptionError

# The masks of test_mask_sources: 14 pixels of class 0, 2 of class 1, none of class 2; class 1 in the first mask alone.
PIXELS, AREA = [14, 2, 0], [16, 8, 0]

BY_HAND = {  # before they are scaled to a mean of 1
    "inverse": [16 / 14, 16 / 2],
    "sqrt_inverse": [math.sqrt(16 / 14), math.sqrt(16 / 2)],
    "enet": [1 / math.log(1.02 + 14 / 16), 1 / math.log(1.02 + 2 / 16)],
    "median_frequency": [0.5625 / 0.875, 0.5625 / 0.25],  # frequencies 14/16 and 2/8
    "effective_number": [0.5 / (1 - 0.5**14), 0.5 / (1 - 0.5**2)],  # beta 0.5
}
SCALED = {
    "inverse": [0.25, 1.75],
    "sqrt_inverse": [0.548584, 1.451416],
    "enet": [0.349602, 1.650398],
    "median_frequency": [4 / 9, 14 / 9],
    "effective_number": [0.857173, 1.142827],
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_weights_by_hand(scheme):
    weights = balance(scheme, PIXELS, AREA, beta=0.5)
    raw = BY_HAND[scheme]
    assert weights[:2] == pytest.approx([2 * weight / sum(raw) for weight in raw], rel=1e-12)
    assert weights[:2] == pytest.approx(SCALED[scheme], abs=1e-6)
    assert weights[2] == 0.0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_equal_classes_weigh_the_same_and_rare_ones_more(scheme):
    assert balance(scheme, [500] * 4, [2000] * 4) == pytest.approx([1.0] * 4)
    weights = balance(scheme, [9000, 900, 90, 9], [9999] * 4)
    assert weights == sorted(weights)
    assert sum(weights) / 4 == pytest.approx(1)


def test_effective_number_between_none_and_inverse():
    few = balance("effective_number", [10**6, 10**3], [1, 1], beta=1e-9)
    assert few == pytest.approx([1, 1])
    many = balance("effective_number", [10**6, 10**3], [1, 1], beta=1 - 1e-13)
    assert many == pytest.approx(balance("inverse", [10**6, 10**3], [1, 1]), rel=1e-3)
    assert default_beta([10**6, 10**3]) == 1 - 1 / 1001000


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("enett", PIXELS, AREA), OptionError, "did you mean enet"),
        (("enet", [0, 0], [0, 0]), DataError, "No mask contains a class"),
        (("effective_number", PIXELS, AREA, 1.0), OptionError, "beta=1.0"),
    ],
    ids=str,
)
def test_what_has_no_weights(arguments, error, text):
    with pytest.raises(error, match=text):
        balance(*arguments)

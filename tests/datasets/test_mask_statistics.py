"""Statistics of masks, on shapes whose numbers are known."""

import math

import numpy as np
import pytest

from paddleseg_losses.datasets import measure, symptoms

ROWS, COLUMNS = np.indices((128, 128))
RADIUS, ANGLE = np.hypot(ROWS - 64, COLUMNS - 64), np.arctan2(ROWS - 64, COLUMNS - 64)
DISC = RADIUS < 40
SQUARE = (abs(ROWS - 64) < 30) & (abs(COLUMNS - 64) < 30)
LINE = (ROWS == 50) & (COLUMNS >= 10) & (COLUMNS < 110)
DIAGONALS = (abs(ROWS - COLUMNS) < 2) | (abs(ROWS + COLUMNS - 127) < 2)
STAR = 40 + 4 * np.sin(32 * ANGLE) > RADIUS


def _class(shape):
    return measure([("a", shape.astype("uint8"))]).classes[1]


def test_a_disc_is_one_disc():
    disc = _class(DISC)
    assert (disc.components, disc.width) == (1, 79)
    assert disc.thinness == pytest.approx(1, abs=0.05)
    assert disc.raggedness == pytest.approx(1, abs=0.02)
    assert disc.pixels == DISC.sum() == disc.component_pixels[1]
    assert disc.share == disc.component_share == DISC.mean()


@pytest.mark.parametrize("shape", [LINE, LINE.T])
def test_a_line_is_thin(shape):
    line = _class(shape)
    assert line.width == 1
    assert line.thinness == pytest.approx(100 / (math.pi / 4))
    assert math.isnan(line.raggedness)


def test_what_is_thin_and_what_is_not():
    assert _class(DIAGONALS).thinness > 20
    assert _class(SQUARE).thinness == pytest.approx(4 / math.pi)
    assert _class(STAR).thinness < 1.5


def test_a_wavy_boundary_is_ragged():
    assert _class(SQUARE).raggedness == pytest.approx(1, abs=0.02)
    assert _class(STAR).raggedness > 1.3


def test_components_touch_at_corners_too():
    points = np.zeros((9, 9), bool)
    points[1, 1] = points[2, 2] = points[6, 6] = True
    statistics = _class(points)
    assert statistics.components == 2
    assert statistics.component_pixels[1] == 1.5


def test_shares_leave_the_ignored_out():
    half = np.array([[0, 1, 255, 255], [0, 0, 2, 2]], "uint8")
    only = np.zeros((2, 4), "uint8")
    statistics = measure([("half", half), ("only", only)])
    assert (statistics.masks, statistics.pixels, statistics.ignored, statistics.single, statistics.size) == (
        2,
        14,
        2 / 16,
        0.5,
        (2, 4),
    )
    shares = {label: (each.share, each.presence) for label, each in statistics.classes.items()}
    assert shares == {0: (11 / 14, 1), 1: (1 / 14, 0.5), 2: (2 / 14, 0.5)}


def test_masks_as_files_hold_them():
    """Bits and 16 bits, a full mask, none at all."""
    bits = measure([("a", DISC), ("b", DISC.astype("uint16"))])
    assert bits.classes[1].pixels == 2 * DISC.sum()
    full = measure([("a", np.ones((8, 8), "uint8"))]).classes[1]
    assert (full.share, full.width) == (1, 7)
    assert measure([]).classes == {}


def _symptoms(*masks):
    return {each.name: str(each.evidence) for each in symptoms(measure(("", mask) for mask in masks))}


def test_what_the_numbers_say():
    assert _symptoms(SQUARE.astype("uint8")) == {}
    thin = _symptoms(DIAGONALS.astype("uint8"))
    assert list(thin) == ["thin-structures", "class-imbalance"]
    assert thin["thin-structures"].startswith("class 1: 3 pixels wide")
    dots = np.zeros((128, 128), "uint8")
    dots[10:14, 10:14] = dots[50:54, 70:74] = 1
    assert _symptoms(dots) == {
        "small-objects": "class 1: half of the objects have less than 17 pixels, 0.10% of the image",
        "class-imbalance": "class 1: 0.20% of the pixels",
    }
    assert _symptoms(*(SQUARE * np.uint8(label) for label in range(1, 7))) == {
        "absent-classes": "6 classes, of which an image shows 1.0 on average",
        "class-imbalance": "class 1: 3.54% of the pixels",
    }

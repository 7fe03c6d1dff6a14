"""Classes over images: each keeps its hue, and none hides another."""

import colorsys

import numpy as np

from paddleseg_losses.drawing import overlays


def _hue(pixel):
    return colorsys.rgb_to_hsv(*(pixel / 255.0))[0]


def test_a_class_has_its_hue_over_any_colour():
    image = np.zeros((1, 3, 3), "uint8")
    image[0] = [[250, 20, 20], [20, 250, 20], [128, 128, 128]]
    colors = overlays.palette(2)
    drawn = overlays.overlay(image, np.ones((1, 3), "int64"), colors)
    wanted = _hue(np.array(colors[1]))
    assert all(abs(_hue(pixel) - wanted) < 0.02 for pixel in drawn[0])


def test_channels_that_overlap_are_both_seen():
    labels = np.array([[[1, 1, 0]], [[0, 1, 1]]])
    drawn = overlays.overlay(np.full((1, 3, 3), 100, "uint8"), labels, overlays.palette(3)[1:])
    assert len(np.unique(drawn[0], axis=0)) == 3


def test_ignored_pixels_are_darker_than_all_that_is_right():
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype="uint8")
    truth = np.zeros((8, 8), "int64")
    truth[0] = 255
    drawn = overlays.errors(image, truth, np.zeros_like(truth), ignore_index=255)
    assert (drawn[0] == overlays.IGNORED).all()
    assert drawn[1:].min() > max(overlays.IGNORED) + 30

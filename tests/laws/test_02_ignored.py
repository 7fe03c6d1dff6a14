"""Law 2: nothing depends on the logits of ignored pixels, and no gradient reaches them."""

import numpy as np
import pytest

from .scenes import IGNORED, cases, make, value_and_gradient

pytestmark = pytest.mark.usefixtures("each_path")


def _spread(labels, scene):
    """Where logits are ignored, `[N, C, *S]`."""
    where = labels == IGNORED
    if scene.mode != "multilabel":
        where = np.repeat(where[:, None], scene.channels, axis=1)
    return where


@pytest.mark.parametrize("junk", [1e4, -1e4, np.inf, np.nan], ids=str)
@pytest.mark.parametrize(("spec", "scene"), cases())
def test_logits_under_the_mask_do_not_matter(spec, scene, junk):
    logits, labels = scene.logits(dtype="float32"), scene.labels()
    ignored = _spread(labels, scene)
    assert ignored.any()
    value, gradient = value_and_gradient(make(spec), logits, labels)
    changed = np.where(ignored, np.float32(junk), logits)
    other_value, other_gradient = value_and_gradient(make(spec), changed, labels)
    assert value == other_value
    assert np.array_equal(gradient, other_gradient)
    assert not gradient[ignored].any()
    assert gradient[~ignored].any() or spec.blind


@pytest.mark.parametrize(("spec", "scene"), cases(lambda spec: not spec.neighbours))
def test_same_as_cropping_the_ignored_pixels_away(spec, scene):
    logits, labels = scene.logits(), scene.labels(ignored=0)
    labels[..., -2:] = IGNORED
    value, gradient = value_and_gradient(make(spec), logits, labels)
    cropped, cropped_gradient = value_and_gradient(make(spec), logits[..., :-2].copy(), labels[..., :-2].copy())
    np.testing.assert_allclose(value, cropped, rtol=1e-12)
    np.testing.assert_allclose(gradient[..., :-2], cropped_gradient, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_another_ignore_index_means_the_same(spec, scene):
    logits, labels = scene.logits(), scene.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    found = value_and_gradient(make(spec, ignore_index=-100), logits, np.where(labels == IGNORED, -100, labels))
    assert expected[0] == found[0]
    assert np.array_equal(expected[1], found[1])

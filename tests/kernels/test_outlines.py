"""Rims and depths of regions in native code: the losses equal the composed ones in float64."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import BoundaryDoULoss, DistancePenalizedCELoss, ShapeAwareLoss
from paddleseg_losses.errors import KernelError
from paddleseg_losses.functional.distance import boundary_closeness
from paddleseg_losses.kernels import outlines
from tests.laws.scenes import IGNORED, SCENES, Scene, value_and_gradient

pytestmark = pytest.mark.usefixtures("native")

LARGE = [
    Scene("binary", 1, (263, 301), samples=1),
    Scene("multiclass", 5, (20001,), samples=1),
    Scene("multiclass", 23, (13, 17, 19)),
    Scene("multilabel", 3, (31, 57)),
    Scene("multiclass", 3, (1, 1)),
    Scene("multiclass", 2, (1, 40, 1)),
]
OPTIONS = [
    (ShapeAwareLoss, {}),
    (ShapeAwareLoss, {"spacing": 1.5, "reduction": "none"}),
    (DistancePenalizedCELoss, {}),
    (DistancePenalizedCELoss, {"normalize": False, "spacing": 0.7, "reduction": "none"}),
    (BoundaryDoULoss, {}),
]


def _blocks(scene):
    """Labels in blocks of 6 pixels, some ignored; the last sample is of one class."""
    rng, per_channel = np.random.default_rng(3), scene.mode == "multilabel"
    shape = (scene.samples, scene.channels) if per_channel else (scene.samples,)
    labels = rng.integers(
        0, scene.channels if scene.mode == "multiclass" else 2, (*shape, *(1 + s // 6 for s in scene.space))
    )
    for axis in range(len(shape), labels.ndim):
        labels = labels.repeat(6, axis=axis)
    labels = labels[(..., *(slice(size) for size in scene.space))].copy()
    labels[rng.random(labels.shape) < 0.01] = IGNORED
    if scene.samples > 1:
        labels[-1] = 1
    return labels


@pytest.mark.parametrize(("cls", "options"), OPTIONS, ids=lambda x: getattr(x, "__name__", str(x)))
@pytest.mark.parametrize("scene", [*SCENES, *LARGE], ids=str)
@pytest.mark.parametrize("blocks", [True, False], ids=["blocks", "noise"])
def test_equal_to_float64(cls, options, scene, blocks):
    logits, labels = scene.logits(dtype="float32"), _blocks(scene) if blocks else scene.labels()
    value, gradient = value_and_gradient(cls(**options), logits, labels)
    expected, slope = value_and_gradient(cls(**options), logits.astype("float64"), labels)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=2e-6 * np.abs(slope).max())


@pytest.mark.parametrize("space", [(300,), (150, 170), (20, 31, 43)], ids=str)
@pytest.mark.parametrize("spacing", [None, (0.5, 1.25, 3.0)])
def test_depths_of_all_regions_at_once(space, spacing):
    labels = _blocks(Scene("multiclass", 4, space))
    spacing = None if spacing is None else spacing[: len(space)]
    regions = paddle.to_tensor(np.stack([labels == c for c in range(4)], axis=1))
    expected = boundary_closeness(regions, False, spacing, "float64").numpy().sum(axis=1)
    logits = paddle.zeros([2, 4, *space])
    found = outlines.region_closeness(logits, paddle.to_tensor(labels[:, None]), False, IGNORED, spacing, False)
    assert found.numpy().any()
    np.testing.assert_allclose(found.numpy()[:, 0], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("cls", [ShapeAwareLoss, DistancePenalizedCELoss, BoundaryDoULoss])
@pytest.mark.parametrize("samples", [1, 3])
def test_same_bits_on_any_number_of_threads(cls, samples, monkeypatch):
    scene, found = Scene("multiclass", 3, (301, 257), samples=samples), []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        found.append(value_and_gradient(cls(), scene.logits(dtype="float32"), _blocks(scene)))
    assert found[0][1].any()
    for value, gradient in found[1:]:
        assert value == found[0][0]
        assert np.array_equal(gradient, found[0][1])


@pytest.mark.parametrize(
    ("labels", "dtype", "spacing"),
    [((2, 1, 6), "float32", None), ((2, 1, 5), "float64", None), ((2, 1, 5), "float32", (1.0, 2.0))],
)
def test_refuses_what_native_code_could_not_check(labels, dtype, spacing):
    logits, labels = paddle.zeros([2, 3, 5], dtype), paddle.zeros(labels, "int64")
    with pytest.raises(KernelError):
        outlines.contour_errors(logits, labels, False, IGNORED, spacing)
    with pytest.raises(KernelError):
        outlines.region_closeness(logits, labels, False, IGNORED, spacing, True)
    if spacing is None:
        with pytest.raises(KernelError):
            outlines.rim_counts(logits, labels, False, IGNORED)

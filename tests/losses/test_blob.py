"""Blob loss: one term for each object, from sums where the inner loss reads nothing else; and what is refused."""

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import BlobLoss, BoundaryLoss, DeepSupervisionLoss, DiceLoss, WeightedSumLoss, errors, registry
from paddleseg_losses.functional import instances
from paddleseg_losses.functional.components import components
from paddleseg_losses.losses.compound import blob
from paddleseg_losses.transforms import known_maps, known_spacing
from tests.laws.cases import CASES, each_loss, supports, value_and_gradient
from tests.reference import wrappers

WRAPPERS = ("BlobLoss", "DeepSupervisionLoss")
FLAT = [case for case in CASES if len(case.space) == 2 and case.mode == "multiclass" and case.channels == 3]
OBJECTS = np.array([[1, 1, 0, 0, 2], [0, 0, 0, 2, 0], [1, 0, 255, 0, 0], [0, 1, 0, 1, 1]])


def _case(case, dtype="float64"):
    """A few objects in each sample."""
    labels = case.labels()
    labels[np.random.default_rng(0).random(labels.shape) < 0.5] = 0
    return case.logits(dtype=dtype), labels


@pytest.mark.parametrize("spec", each_loss(lambda spec: spec.name not in WRAPPERS))
def test_views_are_the_labels_without_the_other_objects(spec, monkeypatch):
    """Whatever is inside, with sums and without them."""
    case = next(case for case in (*FLAT, *CASES) if supports(spec, case))
    loss = BlobLoss(loss={"type": spec.name, **spec.example})
    logits, labels = _case(case)
    value, gradient = value_and_gradient(loss, logits, labels)
    monkeypatch.setattr(blob, "sums_of_views", lambda *_: {})
    expected, expected_gradient = value_and_gradient(loss, logits, labels)
    np.testing.assert_allclose(value, expected, rtol=1e-9)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-7, atol=1e-12 * np.abs(expected_gradient).max())


@pytest.mark.parametrize(
    "name", ["DiceLoss", "DiceCELoss", "FocalLoss", "TverskyLoss", "GeneralizedDiceLoss", "ComboLoss"]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_losses_made_of_sums_look_at_no_view(name, dtype, monkeypatch):
    made = []
    original = instances._without
    monkeypatch.setattr(instances, "_without", lambda *given: made.append(1) or original(*given))
    for case in CASES:
        made.clear()
        value_and_gradient(BlobLoss(loss=name), *_case(case, dtype))
        assert len(made) == 1  # the background


@pytest.mark.parametrize("name", ["DiceLoss", "CELovaszLoss", "BoundaryLoss"])
def test_the_reference_with_options(name):
    logits = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    labels = np.stack([OBJECTS, np.zeros_like(OBJECTS)])
    for options in ({"connectivity": 1}, {"alpha": 0.0, "beta": 3.0}, {"beta": 0.0}, {"loss": {"type": name}}):
        options = {"loss": {"type": name}, **options}
        value, _ = value_and_gradient(BlobLoss(**options), logits, labels)
        assert float(value) == pytest.approx(wrappers.blob(logits, labels, **options), rel=1e-10)


def test_components_are_those_of_each_class():
    expected = {None: 4, 1: 6, 2: 4}
    for connectivity, count in expected.items():
        numbers, highest = components(np.where(OBJECTS == 255, 0, OBJECTS), connectivity)
        masks = list(wrappers.components(OBJECTS, connectivity))
        assert highest == count == len(masks)
        assert {(numbers == k + 1).tobytes() for k in range(highest)} == {mask.tobytes() for mask in masks}


def test_one_object_alone_is_the_inner_loss():
    logits, labels = np.random.default_rng(0).normal(size=(1, 1, 6, 7)), np.zeros((1, 6, 7), "int64")
    labels[0, 2:4, 1:5] = 1
    for name in ("DiceLoss", "LovaszHingeLoss"):
        actual = value_and_gradient(BlobLoss(loss=name, alpha=0.0), logits, labels)
        for one, other in zip(actual, value_and_gradient(registry.build(name), logits, labels)):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


def test_without_an_object_it_is_the_whole():
    logits, labels = np.random.default_rng(0).normal(size=(2, 3, 4, 5)), np.zeros((2, 4, 5), "int64")
    loss = BlobLoss(loss="DiceLoss")
    value, _ = value_and_gradient(loss, logits, labels)
    assert set(loss.parts) == {"whole"}
    assert float(value) == pytest.approx(2 * float(value_and_gradient(DiceLoss(), logits, labels)[0]))
    for alpha in (0.0, 2.0):
        for given in (labels, np.full_like(labels, 255)):
            value, gradient = value_and_gradient(BlobLoss(loss="DiceLoss", alpha=alpha), logits, given)
            assert (float(value) == 0) == (alpha == 0 or given.min() == 255) == (not gradient.any())


def test_samples_that_have_objects_count_alike():
    logits = np.random.default_rng(0).normal(size=(3, 1, 1, 9))
    labels = np.array([[[1, 0, 1, 0, 1, 0, 1, 0, 1]], [[0, 0, 1, 1, 0, 0, 0, 0, 0]], [[0] * 9]])
    loss = BlobLoss(loss="DiceLoss", alpha=0.0)
    each = [float(value_and_gradient(loss, logits[n : n + 1], labels[n : n + 1])[0]) for n in (0, 1)]
    assert float(value_and_gradient(loss, logits, labels)[0]) == pytest.approx(np.mean(each), rel=1e-12)


def test_every_channel_of_a_multilabel_problem_has_objects():
    """One label for each pixel means one-hot labels there."""
    logits = paddle.to_tensor(np.random.default_rng(0).normal(size=(1, 3, 4, 5)))
    labels = np.where(OBJECTS == 255, 0, OBJECTS)[None]
    loss = BlobLoss(loss="DiceLoss", alpha=0.0, mode="multilabel")
    hot = np.stack([labels == c for c in range(3)], axis=1).astype("int64")
    channels = [wrappers.blob(logits.numpy()[:, c : c + 1], hot[:, c], {"type": "DiceLoss"}, alpha=0) for c in range(3)]
    counts = [components(hot[0, c])[1] for c in range(3)]
    expected = np.dot(channels, counts) / sum(counts)
    for given in (labels, hot):
        assert float(loss(logits, paddle.to_tensor(given))) == pytest.approx(expected, rel=1e-10)


def test_each_sample_measures_in_its_own_spacing():
    logits = np.random.default_rng(0).normal(size=(2, 1, 4, 5))
    labels = np.stack([OBJECTS % 255 % 2] * 2)
    rows = [[1.0, 3.0], [2.0, 0.5]]
    loss = BlobLoss(loss="BoundaryLoss", alpha=0.0)
    with known_spacing(rows):
        actual = float(value_and_gradient(loss, logits, labels)[0])
    each = [
        float(
            value_and_gradient(
                BlobLoss(loss=BoundaryLoss(spacing=row), alpha=0.0), logits[n : n + 1], labels[n : n + 1]
            )[0]
        )
        for n, row in enumerate(rows)
    ]
    assert actual == pytest.approx(np.mean(each), rel=1e-6)
    assert each[0] != pytest.approx(each[1], rel=1e-3)


def test_known_instances_may_have_any_numbers():
    """Touching objects that somebody has told apart, numbered with gaps."""
    logits, labels = np.random.default_rng(0).normal(size=(1, 1, 1, 6)), np.array([[[1, 1, 1, 1, 0, 1]]])
    numbers = paddle.to_tensor(np.array([[[7, 7, 3, 3, 0, 9]]], "int32"))
    maps = {"instances": numbers, "instance_labels": paddle.to_tensor(labels), "connectivity": 2}
    loss = BlobLoss(loss="DiceLoss", alpha=0.0)
    with known_maps(maps):
        actual = float(value_and_gradient(loss, logits, labels)[0])
    each = [[1, 1, 255, 255, 0, 255], [255, 255, 1, 1, 0, 255], [255, 255, 255, 255, 0, 1]]
    dice = [float(value_and_gradient(DiceLoss(), logits, np.array([[view]]))[0]) for view in each]
    assert actual == pytest.approx(np.mean(dice), rel=1e-12)


REFUSED = {
    "itself": (
        {"loss": {"type": "BlobLoss", "loss": "DiceLoss"}},
        "give the loss inside the inner BlobLoss to the outer one",
    ),
    "deep supervision": (
        {"loss": WeightedSumLoss(losses=[DeepSupervisionLoss(loss="DiceLoss")])},
        "put the DeepSupervisionLoss around the BlobLoss",
    ),
    "a list": ({"loss": ["DiceLoss", "FocalLoss"]}, "a list of 2 stands where one loss is meant"),
    "ranks": ({"loss": DiceLoss(batch=True, sync=True)}, "BlobLoss: DiceLoss has sync=True"),
    "labels of several classes": ({"loss": DiceLoss(label_sets={250: [0, 1]})}, "BlobLoss was given label_sets"),
    "the same here": ({"loss": "DiceLoss", "label_sets": {250: [0, 1]}}, "BlobLoss was given label_sets"),
    "a negative weight": ({"loss": "DiceLoss", "beta": -1}, "beta=-1"),
    "a neighbourhood": ({"loss": "DiceLoss", "connectivity": 4}, "connectivity=4"),
    "another reduction": ({"loss": "DiceLoss", "reduction": "sum"}, "only 'mean'"),
    "another mode": ({"loss": "AsymmetricFocalLoss", "mode": "binary"}, "does not support binary"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_it_is_not_made_of(case):
    options, words = REFUSED[case]
    with pytest.raises(errors.LossError) as caught:
        BlobLoss(**options)
    assert words in str(caught.value)


def test_calls_that_do_not_fit():
    z, y = paddle.zeros([1, 2, 4, 5]), paddle.to_tensor(OBJECTS[None] % 255 % 2)
    loss = BlobLoss(loss="CrossEntropyLoss")
    with pytest.raises(errors.InputError, match="was given a pixel_weight"):
        loss(z, y, paddle.ones([1, 4, 5]))
    with pytest.raises(errors.InputError, match="does not support soft targets"):
        BlobLoss(loss="CrossEntropyLoss", mode="multiclass")(z, paddle.full([1, 2, 4, 5], 0.5))
    with pytest.raises(errors.OptionError, match="connectivity=3 for an image with 2 spatial axes"):
        BlobLoss(loss="DiceLoss", connectivity=3)(z, y)


def test_around_it_are_sums_and_deep_supervision():
    logits, labels = _case(CASES[1])
    inner = {"type": "BlobLoss", "loss": {"type": "DiceLoss"}}
    expected = value_and_gradient(BlobLoss(loss="DiceLoss"), logits, labels)
    for loss in (WeightedSumLoss(losses=[inner]), DeepSupervisionLoss(loss=inner)):
        for one, other in zip(value_and_gradient(loss, logits, labels), expected):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)
    assert {"output_0.whole", "output_0.instances"} <= set(loss.parts)


def test_the_value_of_a_perfect_prediction_is_0_with_cross_entropy():
    """The authors' code gives log 2 for every pixel of another object."""
    labels = np.where(OBJECTS == 1, 1, 0)[None]
    logits = np.where(labels == 1, 60.0, -60.0)[:, None]
    assert float(value_and_gradient(BlobLoss(loss="BinaryCrossEntropyLoss"), logits, labels)[0]) < 1e-20


def test_a_gradient_of_what_was_read_without_one():
    """Under no_grad a value, and after it a gradient."""
    logits, labels = _case(CASES[1], "float32")
    loss = BlobLoss(loss="DiceCELoss")
    with paddle.no_grad():
        value = float(loss(paddle.to_tensor(logits), paddle.to_tensor(labels)))
    again, gradient = value_and_gradient(loss, logits, labels)
    assert value == float(again)
    assert np.abs(gradient).max() > 0


def test_it_is_exported():
    assert pl.BlobLoss is BlobLoss

"""Tubes, objects and weights made where the data is loaded: the same values, and never used for other labels."""

import warnings

import numpy as np
import paddle
import pytest
from scipy import ndimage

from paddleseg_losses import BlobLoss, CBDiceLoss, CrossEntropyLoss, DiceLoss, SkeletonRecallLoss, errors, kernels
from paddleseg_losses.functional import instances as instances_module
from paddleseg_losses.functional import tubes as tubes_module
from paddleseg_losses.functional.border_weights import separated
from paddleseg_losses.precomputed_maps import Instances as KnownInstances
from paddleseg_losses.precomputed_maps import unknown_maps
from paddleseg_losses.transforms import BorderWeights, Instances, LabelSkeleton, Multilabel, known_maps

PATHS = ["composed", pytest.param("native", marks=pytest.mark.skipif(not kernels.library(), reason="not built"))]


def _labels(space=(13, 17), classes=3, seed=1):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).random((2, *space)), (0, *[1.0] * len(space)))
    labels = np.digitize(noise, np.quantile(noise, np.linspace(0, 1, classes + 1)[1:-1]))
    labels[0, 2:4] = 255
    return labels


def _batch(transform, labels):
    """What a loader makes of the samples."""
    samples = [transform({"label": label})[transform.KEY] for label in labels]
    return paddle.io.dataloader.collate.default_collate_fn(samples)


def _run(loss, labels, channels, maps=None):
    z = np.random.default_rng(2).normal(size=(len(labels), channels, *labels.shape[-2:])).astype("float32")
    logits = paddle.to_tensor(z, stop_gradient=False)
    with known_maps(maps):
        value = loss(logits, paddle.to_tensor(labels))
    value.backward()
    return float(value), logits.grad.numpy()


@pytest.fixture
def thinned(monkeypatch):
    """How often labels were thinned."""
    calls, real = [], tubes_module.host_tubes
    monkeypatch.setattr(tubes_module, "host_tubes", lambda *args: (calls.append(1), real(*args))[1])
    return calls


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("channels", "options"), [(1, {}), (3, {}), (3, {"merge_classes": False, "tube": 0})])
def test_tubes_that_are_known_change_nothing(channels, options, path, thinned):
    labels = _labels(classes=max(channels, 2))
    loss = SkeletonRecallLoss(**options)
    with kernels.use_kernels(path):
        value, gradient = _run(loss, labels, channels)
        assert len(thinned) == 1
        again, same = _run(loss, labels, channels, _batch(LabelSkeleton(channels, **options), labels))
    assert len(thinned) == 1
    assert again == value
    np.testing.assert_array_equal(same, gradient)


def test_tubes_of_multilabels(thinned):
    labels = np.stack([Multilabel([[1, 2], 2])({"label": label})["label"] for label in _labels()])
    loss = SkeletonRecallLoss()
    value, _ = _run(loss, labels, 2)
    assert _run(loss, labels, 2, _batch(LabelSkeleton(2, multilabel=True), labels))[0] == value
    assert len(thinned) == 1


def test_two_classes_have_one_skeleton_whatever_is_merged(thinned):
    labels = _labels(classes=2)
    _run(SkeletonRecallLoss(), labels, 2, _batch(LabelSkeleton(2, merge_classes=False), labels))
    assert not thinned


WRONG = {
    "other labels": lambda labels: _batch(LabelSkeleton(3), labels[::-1].copy()),
    "another tube": lambda labels: _batch(LabelSkeleton(3, tube=1), labels),
    "classes apart": lambda labels: _batch(LabelSkeleton(3, merge_classes=False), labels),
    "another number of classes": lambda labels: _batch(LabelSkeleton(2), labels),
    "another ignored label": lambda labels: _batch(LabelSkeleton(3, ignore_index=1), labels),
    "another size": lambda labels: _batch(LabelSkeleton(3), labels[:, 1:]),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_wrong_tubes_are_never_used_and_said_to_be_wrong(case, thinned):
    labels, loss = _labels(), SkeletonRecallLoss()
    expected = _run(loss, labels, 3)
    with pytest.warns(UserWarning, match="LabelSkeleton has made was given, but no loss could use it"):
        actual = _run(loss, labels, 3, WRONG[case](labels))
    assert actual[0] == expected[0]
    assert len(thinned) == 2


@pytest.mark.parametrize("connectivity", [None, 1])
def test_objects_are_numbered_class_by_class(connectivity):
    labels = _labels()
    known = KnownInstances.read(_batch(Instances(3, connectivity), labels))
    clean = np.where(labels == 255, 0, labels)
    numbered = known.find(paddle.to_tensor(clean[:, None]), connectivity)[:, 0]
    structure = ndimage.generate_binary_structure(2, connectivity or 2)
    for label, numbers in zip(clean, numbered):
        assert ((numbers > 0) == (label > 0)).all()
        parts = [ndimage.label(label == c, structure) for c in (1, 2)]
        assert numbers.max() == sum(count for _, count in parts)
        for each, _ in parts:  # the same partition
            pairs = set(zip(each[each > 0].tolist(), numbers[each > 0].tolist()))
            assert len(pairs) == each.max() == len({number for _, number in pairs})
    assert known.used
    assert known.find(paddle.to_tensor(clean[::-1].copy()[:, None]), connectivity) is None
    assert known.find(paddle.to_tensor(clean[:, None]), 2 if connectivity == 1 else 1) is None


@pytest.mark.parametrize("connectivity", [None, 1])
def test_objects_that_are_known_change_nothing(connectivity, monkeypatch):
    calls, real = [], instances_module.components
    monkeypatch.setattr(instances_module, "components", lambda *args: (calls.append(1), real(*args))[1])
    labels, loss = _labels(), BlobLoss(loss={"type": "DiceLoss"}, connectivity=connectivity)
    value, gradient = _run(loss, labels, 3)
    assert len(calls) == 2
    again, same = _run(loss, labels, 3, _batch(Instances(3, connectivity), labels))
    assert len(calls) == 2
    assert again == value
    np.testing.assert_array_equal(same, gradient)
    with pytest.warns(UserWarning, match="Instances has made was given, but no loss could use it"):
        other = _run(loss, labels, 3, _batch(Instances(3, 1 if connectivity is None else None), labels))
    assert other[0] == value


def test_the_border_weights_of_two_discs():
    """By the formula, from all pairs of pixels."""
    y, x = np.mgrid[:24, :30]
    cells = [(y - 12) ** 2 + (x - c) ** 2 <= 25 for c in (8, 21)]
    label = (cells[0] | cells[1]).astype("uint8")
    label[0, :3] = 255
    made = BorderWeights(2, w0=8.0, sigma=3.0, class_weight=[1.0, 2.0])({"label": label})["border_weights"]
    where = np.argwhere(np.ones_like(label)).reshape(*label.shape, 1, 2)
    near = [np.sqrt(((where - np.argwhere(cell)) ** 2).sum(-1)).min(-1) for cell in cells]
    gap = np.where(label == 1, 0, 8.0 * np.exp(-((near[0] + near[1]) ** 2) / (2 * 3.0**2)))
    np.testing.assert_allclose(made["pixel_weight"], np.where(label == 1, 2.0, 1.0) + gap, rtol=1e-6)
    assert made["pixel_weight"].dtype == np.float32


def test_a_single_cell_has_no_gaps():
    label = np.zeros((8, 9), "uint8")
    label[2:5, 3:6] = 1
    assert (BorderWeights(2).of(label)["pixel_weight"] == 1).all()
    assert (BorderWeights(1).of(np.zeros_like(label))["pixel_weight"] == 1).all()


@pytest.mark.parametrize("cls", [CrossEntropyLoss, DiceLoss])
def test_weights_are_those_that_a_call_would_be_given(cls):
    loss = cls()
    if not loss.takes_pixel_weight:
        pytest.skip("takes none yet")
    labels = _labels()
    maps = _batch(BorderWeights(3), labels)
    z, y = paddle.randn([2, 3, 13, 17]), paddle.to_tensor(labels)
    with known_maps(maps):
        actual = float(loss(z, y))
        given = float(loss(z, y, paddle.ones([2, 13, 17])))
        with unknown_maps():
            assert float(loss(z, y)) == float(given)
    assert actual == float(loss(z, y, maps["pixel_weight"])) != given


def test_weights_of_other_labels_are_not_used():
    labels = _labels()
    maps = _batch(BorderWeights(3), labels)
    z, y = paddle.randn([2, 3, 13, 17]), paddle.to_tensor(labels[:, ::-1].copy())
    expected = float(CrossEntropyLoss()(z, y))
    with pytest.warns(UserWarning, match="no loss could use them"), known_maps(maps):
        assert float(CrossEntropyLoss()(z, y)) == expected
    with pytest.warns(UserWarning, match="no loss takes a pixel_weight"), known_maps(maps):
        CBDiceLoss()(z, paddle.to_tensor(labels))


def test_maps_of_several_transforms_are_known_together(thinned):
    labels = _labels()
    maps = {**_batch(LabelSkeleton(3), labels), **_batch(BorderWeights(3), labels)}
    z, y = paddle.randn([2, 3, 13, 17]), paddle.to_tensor(labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with known_maps(maps):
            SkeletonRecallLoss()(z, y)
            CrossEntropyLoss()(z, y)
    assert not thinned


def test_cells_with_numbers_become_a_foreground_with_gaps():
    ids = np.zeros((9, 12), "uint16")
    ids[1:8, 1:6], ids[1:8, 6:11], ids[4:6, 3:5] = 300, 7, 300
    sample = BorderWeights(1, ids=True)({"label": ids})
    label = sample["label"]
    assert label.dtype == ids.dtype
    assert (label[1:8, 1:6] == 1).all()  # the cell with the higher number is whole
    assert (label[1:8, 6] == 0).all()
    assert ndimage.label(label, np.ones((3, 3)))[1] == 2
    assert sample["border_weights"]["pixel_weight"][4, 6] == pytest.approx(1 + 10 * np.exp(-(2**2) / 50))
    np.testing.assert_array_equal(sample["border_weights"]["weighted_labels"], label)
    np.testing.assert_array_equal(separated(np.where(ids == 7, 0, ids)), ids == 300)


def test_what_is_left_out_of_cells_with_numbers_stays():
    ids = np.array([[0, 1, 255, 255, 2]], "uint16")
    assert BorderWeights(1, ids=True, ignore_index=255).relabelled(ids).tolist() == [[0, 1, 255, 255, 1]]
    assert BorderWeights(1, ids=True).relabelled(ids).tolist() == [[0, 0, 1, 1, 0]]


@pytest.mark.parametrize(
    "make",
    [
        lambda: LabelSkeleton(0),
        lambda: LabelSkeleton(2, tube=-1),
        lambda: Instances(2, connectivity=0),
        lambda: BorderWeights(2, sigma=0),
        lambda: BorderWeights(2, w0=-1),
        lambda: BorderWeights(2, class_weight=[1.0]),
        lambda: BorderWeights(3, ids=True),
        lambda: BorderWeights(3, connectivity=0),
        lambda: BorderWeights(3, connectivity=-1),
    ],
)
def test_impossible_options_are_refused(make):
    with pytest.raises(errors.OptionError):
        make()


@pytest.mark.parametrize("transform", [LabelSkeleton(3, keep=1), Instances(3, keep=1), BorderWeights(3, keep=1)])
def test_kept_maps_are_found_again_by_content(transform):
    one, two = _labels().astype("uint8")
    (first, *_), (again, *_) = (list(transform.of(label).values()) for label in (one, one.copy()))
    assert again.base is first.base if first.base is not None else again is first
    other = transform.of(two)
    assert not (next(iter(other.values())) == first).all()

"""Distance maps of the labels made beforehand: the same value and gradient, and never used for other labels."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import paddle
import pytest

import paddleseg_losses
from paddleseg_losses import errors, kernels, registry
from paddleseg_losses.functional import edt
from paddleseg_losses.transforms import DistanceMaps, Foreground, Multilabel, known_maps, signed_maps

SPACING = [1.5, 0.75]
USERS = [spec.name for spec in registry.specs() if spec.label_maps == "DistanceMaps"]


def _labels(channels, space=(9, 7), ignored=True):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, max(channels, 2), (3, *space))
    labels[1] = 1  # all of one class: full and empty masks
    if ignored:
        labels[0, 2:4] = 255
        labels[1, :2] = 255
    return labels


def _maps(labels, channels, spacing=SPACING, **options):
    made = [DistanceMaps(channels, spacing, **options).of(label) for label in labels]
    return {key: paddle.to_tensor(np.stack([each[key] for each in made])) for key in made[0]}


def _run(loss, labels, channels, maps=None):
    z = np.random.default_rng(2).normal(size=(len(labels), channels, *labels.shape[1:])).astype("float32")
    logits = paddle.to_tensor(z, stop_gradient=False)
    with known_maps(maps):
        value = loss(logits, paddle.to_tensor(labels))
    value.backward()
    return float(value), logits.grad.numpy()


@pytest.fixture
def computed(monkeypatch):
    """The masks whose distances were computed."""
    masks, real = [], edt.host_distance

    def recorded(mask, spacing):
        masks.append(mask)
        return real(mask, spacing)

    monkeypatch.setattr(edt, "host_distance", recorded)
    with kernels.use_kernels("composed"):
        yield masks


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("name", USERS)
def test_the_same_value_and_gradient(name, background, channels, computed):
    options = {} if name == "DistancePenalizedCELoss" else {"include_background": background}
    loss = paddleseg_losses.build(name, spacing=SPACING, **options)
    labels = _labels(channels)
    value, gradient = _run(loss, labels, channels)
    before = len(computed)
    again, same = _run(loss, labels, channels, _maps(labels, channels))
    assert len(computed) - before == before - 1  # one map less to compute
    assert again == value
    np.testing.assert_array_equal(same, gradient)


def test_without_ignored_pixels_one_map_serves_foreground_and_background(computed):
    labels = _labels(1, ignored=False)
    loss = paddleseg_losses.DistancePenalizedCELoss(spacing=SPACING)
    value, gradient = _run(loss, labels, 1, _maps(labels, 1))
    assert computed == []
    plain, same = _run(loss, labels, 1)
    assert value == plain
    np.testing.assert_array_equal(gradient, same)


def test_maps_of_the_complement_have_the_other_sign(computed):
    labels = _labels(1, ignored=False)
    loss, maps = paddleseg_losses.BoundaryLoss(spacing=SPACING), _maps(labels, 1)
    maps["signed"] = -maps["signed"]
    value, gradient = _run(loss, labels, 1, maps)
    assert computed == []
    plain, same = _run(loss, labels, 1)
    assert value == plain
    np.testing.assert_array_equal(gradient, same)


def test_three_axes_and_pixels_of_size_one(computed):
    labels, loss = _labels(2, (4, 5, 3)), paddleseg_losses.BoundaryLoss()
    value, _ = _run(loss, labels, 2, _maps(labels, 2, spacing=None))
    assert computed == []
    assert value == _run(loss, labels, 2)[0]


@pytest.mark.parametrize("name", USERS)
def test_maps_of_multilabels(name, computed):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, (2, 3, 9, 7))
    labels[0, 1], labels[1, 2] = 1, 0
    logits = paddle.to_tensor(rng.normal(size=labels.shape).astype("float32"))
    loss, labels = paddleseg_losses.build(name), paddle.to_tensor(labels)
    value = float(loss(logits, labels))
    before = len(computed)
    signed = np.stack([signed_maps(sample == 1) for sample in labels.numpy()])
    with known_maps({"signed": signed}):
        assert float(loss(logits, labels)) == value
    assert len(computed) - before < before


WRONG = {
    "other labels": lambda labels: _maps(labels[::-1].copy(), 3),
    "another spacing": lambda labels: _maps(labels, 3, spacing=[1.5, 1.5]),
    "another number of classes": lambda labels: _maps(labels, 2),
    "another ignored label": lambda labels: _maps(labels, 3, ignore_index=1),
    "fewer samples": lambda labels: _maps(labels[:2], 3),
    "another size": lambda labels: _maps(labels[:, 1:], 3),
    "another precision": lambda labels: {**(maps := _maps(labels, 3)), "signed": maps["signed"].astype("float64")},
}


@pytest.mark.parametrize("case", list(WRONG))
def test_a_wrong_map_is_never_used_and_said_to_be_wrong(case):
    labels, loss = _labels(3), paddleseg_losses.BoundaryLoss(spacing=SPACING)
    expected = _run(loss, labels, 3)
    with pytest.warns(UserWarning, match="no loss could use them"):
        value, gradient = _run(loss, labels, 3, WRONG[case](labels))
    assert value == expected[0]
    np.testing.assert_array_equal(gradient, expected[1])


@pytest.mark.parametrize("maps", [[1.0], {}, {"signed": np.zeros(3)}], ids=["list", "nothing", "axes"])
def test_what_is_no_map_is_refused(maps):
    with pytest.raises(errors.InputError, match="known_maps was given"), known_maps(maps):
        raise AssertionError("never entered")


def test_maps_are_known_inside_the_block_only(computed):
    labels, loss = _labels(3), paddleseg_losses.BoundaryLoss(spacing=SPACING)
    maps = _maps(labels, 3)
    with known_maps(maps), known_maps(None):  # which changes nothing
        loss(paddle.zeros([3, 3, 9, 7]), paddle.to_tensor(labels))
    assert computed == []
    with pytest.raises(KeyError), known_maps(maps):
        raise KeyError  # the loop's own error, and no warning about the maps
    loss(paddle.zeros([3, 3, 9, 7]), paddle.to_tensor(labels))
    assert len(computed) == 1


def test_each_thread_knows_its_own_maps(computed):
    labels, loss = _labels(3), paddleseg_losses.BoundaryLoss(spacing=SPACING)
    with known_maps(_maps(labels, 3)), ThreadPoolExecutor(1) as pool:
        loss(paddle.zeros([3, 3, 9, 7]), paddle.to_tensor(labels))
        assert computed == []
        pool.submit(loss, paddle.zeros([3, 3, 9, 7]), paddle.to_tensor(labels)).result()
        assert len(computed) == 1


def test_losses_without_distances_say_nothing_about_maps():
    labels = _labels(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _run(paddleseg_losses.DiceLoss(), labels, 3, _maps(labels, 3))


def test_kept_maps_are_found_again_by_content(monkeypatch):
    calls = []
    transform = DistanceMaps(3, keep=2)
    real = transform._signed
    monkeypatch.setattr(transform, "_signed", lambda *args: (calls.append(1), real(*args))[1])
    one, two, three = _labels(3).astype("uint8")
    first = transform.of(one)["signed"]
    np.testing.assert_array_equal(transform.of(one.copy())["signed"], first)
    assert len(calls) == 1
    transform.of(two)
    transform.of(three)  # the oldest makes room
    transform.of(two)
    assert len(calls) == 3
    np.testing.assert_array_equal(transform.of(one)["signed"], first)
    assert len(calls) == 4


@pytest.mark.parametrize("options", [{"num_classes": 0}, {"num_classes": 2, "keep": -1}])
def test_impossible_options_are_refused(options):
    with pytest.raises(errors.OptionError, match="num_classes >= 1, keep >= 0"):
        DistanceMaps(**options)


@pytest.mark.parametrize("spacing", [[1, 2, 3], [1, 0], -1])
def test_an_impossible_spacing_is_refused(spacing):
    with pytest.raises(errors.OptionError, match="for a label with 2 axes"):
        DistanceMaps(2, spacing).of(np.zeros((3, 4), "uint8"))


def test_samples_without_a_label_pass():
    for transform in (DistanceMaps(2), Foreground([1]), Multilabel([1])):
        assert transform({"img": 0}) == {"img": 0}
    assert DistanceMaps.KEY in DistanceMaps(2)({"label": np.eye(4, dtype="uint8")})


@pytest.mark.parametrize(("classes", "expected"), [([2, 3], [0, 0, 1, 1, 255]), (0, [1, 0, 0, 0, 255])])
def test_foreground(classes, expected):
    label = np.array([[0, 1, 2, 3, 255]], "uint8")
    made = Foreground(classes)({"label": label})["label"]
    assert made.tolist() == [expected]
    assert made.dtype == label.dtype
    assert label.tolist() == [[0, 1, 2, 3, 255]]


def test_multilabel():
    label = np.array([[0, 1, 2, 3, 255]], "uint8")
    made = Multilabel([[1, 2, 3], 2])({"label": label})["label"]
    assert made.tolist() == [[[0, 1, 1, 1, 255]], [[0, 0, 1, 0, 255]]]
    assert made.dtype == label.dtype
    with pytest.raises(errors.OptionError, match="a set of classes for each channel"):
        Multilabel([])


def test_foreground_reads_masks_of_0_and_255():
    """A label that is asked for is not left out; those of other transforms are, with another value."""
    label = np.array([[0, 255], [255, 0]], "uint8")
    assert Foreground([255])({"label": label})["label"].tolist() == [[0, 1], [1, 0]]
    assert Foreground(1)({"label": label})["label"].tolist() == label.tolist()

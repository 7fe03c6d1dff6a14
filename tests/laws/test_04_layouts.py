"""Law 4: the same problem written differently has the same loss."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import errors

from .scenes import cases, foreground_only, make, value_and_gradient


def _same(found, expected):
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_labels_with_and_without_channel_axis(spec, scene):
    if scene.mode == "multilabel":
        return  # its labels always have the channel axis
    logits, labels = scene.logits(), scene.labels()
    _same(
        value_and_gradient(make(spec), logits, labels[:, None]),
        value_and_gradient(make(spec), logits, labels),
    )


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32"])
@pytest.mark.parametrize(("spec", "scene"), cases())
def test_label_dtypes(spec, scene, dtype):
    logits, labels = scene.logits(), scene.labels()
    found = value_and_gradient(make(spec), logits, labels.astype(dtype))
    _same(found, value_and_gradient(make(spec), logits, labels))


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_channels_last(spec, scene):
    logits, labels = scene.logits(), scene.labels()
    last = np.ascontiguousarray(np.moveaxis(labels, 1, -1)) if scene.mode == "multilabel" else labels
    expected = value_and_gradient(make(spec), logits, labels)
    moved = np.ascontiguousarray(np.moveaxis(logits, 1, -1))
    value, gradient = value_and_gradient(make(spec, data_format="NHWC"), moved, last)
    _same((value, np.moveaxis(gradient, -1, 1)), expected)
    if scene.mode != "multilabel":
        value, _ = value_and_gradient(make(spec, data_format="NHWC"), moved, labels[..., None])
        np.testing.assert_allclose(value, expected[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("spec", "scene"),
    [
        c
        for c in cases(lambda s: s.one_vs_rest and {"binary", "multiclass"} <= set(s.modes))
        if c.values[1].mode == "binary"
    ],
)
def test_sigmoid_is_the_softmax_of_two(spec, scene):
    logits, labels = scene.logits(), scene.labels()
    value, gradient = value_and_gradient(make(spec), logits, labels)
    two = np.concatenate([np.zeros_like(logits), logits], axis=1)
    loss = make(spec, **foreground_only(spec))
    other, other_gradient = value_and_gradient(loss, two, labels)
    np.testing.assert_allclose(value, other, rtol=1e-10)
    np.testing.assert_allclose(gradient[:, 0], other_gradient[:, 1], rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize(("spec", "scene"), [c for c in cases() if c.values[1].mode == "multiclass"])
def test_one_hot_integers_are_indices(spec, scene):
    logits, labels = scene.logits(), scene.labels()
    hot = np.moveaxis(np.eye(scene.channels, dtype="int64")[np.where(labels == 255, 0, labels)], -1, 1).copy()
    hot[np.repeat((labels == 255)[:, None], scene.channels, axis=1)] = 255
    found = value_and_gradient(make(spec, mode="multiclass"), logits, hot)
    expected = value_and_gradient(make(spec), logits, labels)
    assert found[0] == expected[0]
    assert np.array_equal(found[1], expected[1])


@pytest.mark.parametrize(("spec", "scene"), cases(lambda spec: spec.soft))
def test_hard_targets_as_floats(spec, scene):
    logits, labels = scene.logits(), scene.labels(ignored=0)
    if scene.mode == "multiclass":
        soft = np.moveaxis(np.eye(scene.channels)[labels], -1, 1).copy()
    else:
        soft = labels.astype("float64")
    _same(
        value_and_gradient(make(spec, mode=scene.mode), logits, soft),
        value_and_gradient(make(spec), logits, labels),
    )


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_probabilities_are_logits_after_the_activation(spec, scene):
    logits, labels = scene.logits(), scene.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    z = paddle.to_tensor(logits, stop_gradient=False)
    p = paddle.nn.functional.softmax(z, axis=1) if scene.mode == "multiclass" else paddle.nn.functional.sigmoid(z)
    if scene.mode in spec.logits_only:
        with pytest.raises((errors.OptionError, errors.InputError), match="from_logits"):
            make(spec, from_logits=False)(p, paddle.to_tensor(labels))
        return
    value = make(spec, from_logits=False)(p, paddle.to_tensor(labels))
    value.backward()
    np.testing.assert_allclose(float(value), expected[0], rtol=1e-6)
    np.testing.assert_allclose(z.grad.numpy(), expected[1], rtol=1e-5, atol=1e-10)

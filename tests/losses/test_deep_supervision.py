"""Deep supervision: outputs of several sizes, labels that are shrunk to each, their weights, and what is refused."""

import copy
import pickle
import re

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import DeepSupervisionLoss, DiceCELoss, DiceLoss, FocalLoss, WeightedSumLoss, errors
from paddleseg_losses.resized import labels_at
from tests.laws.cases import value_and_gradient
from tests.reference.wrappers import shrunk

SIZES = ((9, 14), (5, 7), (2, 4))


def _outputs(channels=3, seed=0, sizes=SIZES):
    rng = np.random.default_rng(seed)
    outputs = [paddle.to_tensor(rng.normal(size=(2, channels, *size)), "float32") for size in sizes]
    for output in outputs:
        output.stop_gradient = False
    return outputs


def _labels(classes=3, size=SIZES[0]):
    labels = np.random.default_rng(1).integers(0, classes, (2, *size))
    labels[0, :3] = 255
    return labels


def _by_hand(loss, outputs, labels, weights):
    values = [float(loss(output, paddle.to_tensor(shrunk(labels, output.shape[2:])))) for output in outputs]
    return float(np.dot(weights, values)), values


@pytest.mark.parametrize(
    ("given", "weights"),
    [(None, np.array([4, 2, 1]) / 7), ([1, 2, 3], [1, 2, 3]), ([0.6, 0.4, 0], [0.6, 0.4, 0])],
)
def test_each_output_has_labels_of_its_size_and_a_weight(given, weights):
    outputs, labels = _outputs(), _labels()
    loss = DeepSupervisionLoss(loss={"type": "DiceCELoss"}, weights=given)
    value = loss(outputs, paddle.to_tensor(labels))
    expected, values = _by_hand(DiceCELoss(), outputs, labels, weights)
    assert float(value) == pytest.approx(expected, rel=1e-6)
    counted = [k for k, weight in enumerate(weights) if weight]
    terms = {f"output_{k}": values[k] for k in counted}
    assert {name: value for name, value in loss.parts.items() if "." not in name} == pytest.approx(terms, rel=1e-6)
    assert {f"output_{k}.dice" for k in counted} <= set(loss.parts)
    value.backward()
    for weight, output in zip(weights, outputs):
        assert (output.grad is not None and bool(output.grad.abs().max() > 0)) == (weight > 0)


def test_one_output_is_a_list_of_one():
    """So PaddleSeg calls it: for each output, with labels of the full size."""
    (coarse,), labels = _outputs(sizes=SIZES[1:2]), _labels()
    loss = DeepSupervisionLoss(loss="FocalLoss")
    expected = float(FocalLoss()(coarse, paddle.to_tensor(shrunk(labels, SIZES[1]))))
    assert float(loss(coarse, paddle.to_tensor(labels))) == pytest.approx(expected, rel=1e-7)
    assert float(loss([coarse], paddle.to_tensor(labels))) == pytest.approx(expected, rel=1e-7)


def test_labels_may_be_larger_smaller_given_for_each_or_arrays():
    outputs, labels = _outputs(), _labels()
    loss = DeepSupervisionLoss(loss="DiceLoss")
    expected = float(loss(outputs, paddle.to_tensor(labels)))
    each = [shrunk(labels, size) for size in SIZES]
    assert float(loss(outputs, [paddle.to_tensor(part) for part in each])) == expected
    assert float(loss(outputs, labels)) == expected
    assert float(loss(outputs, paddle.to_tensor(labels[:, None]))) == expected
    assert float(loss(outputs, np.ma.masked_equal(labels, 255))) == expected
    grown = shrunk(labels, (18, 28))
    (fine,) = _outputs(sizes=[(18, 28)])
    assert float(loss(fine, paddle.to_tensor(labels))) == pytest.approx(
        float(DiceLoss()(fine, paddle.to_tensor(grown))), rel=1e-7
    )


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "bool", "float16", "bfloat16", "float32"])
def test_labels_of_any_type_are_shrunk(dtype):
    labels = paddle.to_tensor(_labels(2) % 2).astype(dtype)
    small = labels_at(paddle.zeros([2, 1, 5, 7]), labels)
    np.testing.assert_array_equal(small.astype("float32"), shrunk(labels.astype("float32").numpy(), (5, 7)))


def test_channels_last():
    outputs, labels = _outputs(), _labels()
    expected = float(DeepSupervisionLoss(loss="DiceLoss")(outputs, paddle.to_tensor(labels)))
    loss = DeepSupervisionLoss(loss="DiceLoss", data_format="NHWC")
    last = [output.transpose([0, 2, 3, 1]) for output in outputs]
    for given in (labels, labels[:, None], labels[..., None]):
        assert float(loss(last, paddle.to_tensor(given))) == pytest.approx(expected, rel=1e-7)
    several = np.stack([labels == c for c in range(3)], axis=1).astype("int64")
    many = DeepSupervisionLoss(loss="DiceLoss")(outputs, paddle.to_tensor(several))
    actual = loss(last, paddle.to_tensor(several.transpose(0, 2, 3, 1)))
    assert float(actual) == pytest.approx(float(many), rel=1e-7)


@pytest.mark.parametrize("full", [(1, 17), (17, 1), (1, 1), (4, 3), (17, 3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_channels_last_with_an_axis_as_long_as_one_of_channels(full, channels):
    """The image may be one pixel high or wide, or as wide as there are channels."""
    size = [-(-length // 2) for length in full]
    outputs, labels = _outputs(channels, sizes=[full, size]), _labels(2, full) % 2
    expected = float(DeepSupervisionLoss(loss="DiceLoss")(outputs, paddle.to_tensor(labels)))
    last = [output.transpose([0, 2, 3, 1]) for output in outputs]
    loss = DeepSupervisionLoss(loss="DiceLoss", data_format="NHWC")
    for given in (labels, labels[..., None]):
        assert float(loss(last, paddle.to_tensor(given))) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("shape", [(2, 9, 14, 3), (2, 9, 14, 1), (2, 5, 9, 14)])
def test_labels_with_channels_elsewhere_are_named_as_they_are(shape):
    loss = DeepSupervisionLoss(loss="DiceLoss")
    with pytest.raises(errors.InputError, match=re.escape(f"labels have shape {list(shape)}")):
        loss(_outputs(), paddle.zeros(shape, "int64"))


@pytest.mark.parametrize("shape", [(3, 0), (3, 1, 0), (0, 1)])
def test_labels_of_nothing_are_refused(shape):
    with pytest.raises(errors.InputError, match=re.escape(f"{list(shape)}")):
        DeepSupervisionLoss(loss="DiceCELoss")(paddle.zeros([3, 1, 1]), paddle.zeros(shape, "int64"))


def test_pixel_weights_and_soft_labels_are_shrunk_too():
    outputs, labels = _outputs(), _labels()
    weight = np.random.default_rng(2).random((2, *SIZES[0])).astype("float32")
    loss = DeepSupervisionLoss(loss="CrossEntropyLoss", weights=[0, 1, 0])
    actual = float(loss(outputs, paddle.to_tensor(labels), paddle.to_tensor(weight)))
    small = [paddle.to_tensor(shrunk(x, SIZES[1])) for x in (labels, weight)]
    assert actual == pytest.approx(float(pl.CrossEntropyLoss()(outputs[1], *small)), rel=1e-6)
    shares = np.random.default_rng(3).dirichlet([1, 1, 1], (2, *SIZES[0])).transpose(0, 3, 1, 2).astype("float32")
    soft = DeepSupervisionLoss(loss="DiceLoss", weights=[0, 1, 0], mode="multiclass")
    expected = DiceLoss(mode="multiclass")(outputs[1], paddle.to_tensor(shrunk(shares, SIZES[1])))
    assert float(soft(outputs, paddle.to_tensor(shares))) == pytest.approx(float(expected), rel=1e-6)


def test_an_output_whose_labels_are_all_ignored_is_0():
    outputs, labels = _outputs(sizes=[(4, 4), (2, 2)]), np.full((2, 4, 4), 255)
    labels[:, 0, 0] = 1  # halving takes the odd pixels
    loss = DeepSupervisionLoss(loss="MCCLoss", weights=[1, 1])
    assert float(loss(outputs, paddle.to_tensor(labels))) > 0
    assert loss.parts["output_1"] == 0
    assert float(loss(outputs, paddle.full([2, 4, 4], 255, "int64"))) == 0


def test_a_wrong_label_is_named_and_later_marked():
    outputs, labels = _outputs(), _labels()
    labels[1, 5, 5] = 9
    loss = DeepSupervisionLoss(loss="DiceLoss")
    with pytest.raises(errors.LabelError, match="DeepSupervisionLoss: labels hold 9"):
        loss(outputs, paddle.to_tensor(labels))
    for _ in range(3):
        loss(outputs, paddle.to_tensor(_labels()))
    value = loss(outputs, paddle.to_tensor(labels))
    value.backward()
    assert np.isnan(float(value))
    assert not any(bool(output.grad.abs().max() > 0) for output in outputs)


def test_the_schedule_of_the_inner_loss_counts():
    ramp = {"kind": "linear", "start": 0.5, "end": 1.0, "steps": 10}
    outputs, labels = _outputs(), paddle.to_tensor(_labels())
    plain = float(DeepSupervisionLoss(loss="DiceLoss")(outputs, labels))
    loss = DeepSupervisionLoss(loss={"type": "DiceLoss", "schedule": ramp})
    assert float(loss(outputs, labels)) == pytest.approx(plain / 2, rel=1e-6)
    loss.step(to=10)
    assert float(loss(outputs, labels)) == pytest.approx(plain, rel=1e-6)
    assert float(copy.deepcopy(loss)(outputs, labels)) == pytest.approx(plain, rel=1e-6)


def test_it_is_rebuilt_and_changed():
    outputs, labels = _outputs(), paddle.to_tensor(_labels())
    inner = FocalLoss(gamma=1.0)
    loss = DeepSupervisionLoss(loss=inner, weights=[0.5, 0.3, 0.2])
    assert loss.inner is inner
    again = pickle.loads(pickle.dumps(loss))
    assert (again.options, float(again(outputs, labels))) == (loss.options, float(loss(outputs, labels)))
    inner.gamma = 3.0
    assert loss.to_config()["loss"] == {"type": "paddleseg_losses.FocalLoss", "gamma": 3.0}
    loss.loss = "DiceLoss"
    expected = DeepSupervisionLoss(loss="DiceLoss", weights=[0.5, 0.3, 0.2])(outputs, labels)
    assert float(loss(outputs, labels)) == float(expected)
    with pytest.raises(errors.OptionError, match="ignore_index"):
        loss.loss = DiceLoss(ignore_index=7)
    assert loss.inner.spec.name == "DiceLoss"


def test_around_a_sum_with_a_foreign_loss():
    class Foreign(paddle.nn.Layer):
        def forward(self, logits, labels):
            assert list(labels.shape) == [2, *logits.shape[2:]]
            return logits.mean()

    outputs, labels = _outputs(), paddle.to_tensor(_labels())
    loss = DeepSupervisionLoss(loss=WeightedSumLoss(losses=["DiceLoss", Foreign()]))
    assert np.isfinite(float(loss(outputs, labels)))
    assert {"output_0.DiceLoss", "output_2.Foreign"} <= set(loss.parts)


REFUSED = {
    "no loss": ({}, "DeepSupervisionLoss needs loss"),
    "a class": ({"loss": DiceLoss}, "a loss: a name"),
    "a loss that is not ours": (
        {"loss": paddle.nn.CrossEntropyLoss()},
        "WeightedSumLoss, which takes those of PaddleSeg",
    ),
    "another ignored label": ({"loss": DiceLoss(ignore_index=7)}, "move ignore_index from DiceLoss to DeepSuper"),
    "another mode": ({"loss": DiceLoss(mode="multilabel")}, "move mode from DiceLoss to DeepSupervisionLoss"),
    "several numbers": ({"loss": DiceLoss(reduction="none")}, "omit reduction"),
    "weights of nothing": ({"loss": "DiceLoss", "weights": [0, 0]}, "a weight above 0 for at least one output"),
    "an unknown loss": ({"loss": "DiceLos"}, "did you mean DiceLoss?"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_it_is_not_made_of(case):
    options, words = REFUSED[case]
    with pytest.raises(errors.LossError) as caught:
        DeepSupervisionLoss(**options)
    assert words in str(caught.value)


def test_calls_that_do_not_fit():
    outputs, labels = _outputs(), paddle.to_tensor(_labels())
    loss = DeepSupervisionLoss(loss="DiceLoss", weights=[0.6, 0.4])
    with pytest.raises(errors.OptionError, match=r"2 numbers.*the model 3 outputs") as caught:
        loss(outputs, labels)
    assert "coef" in str(caught.value.cure)
    with pytest.raises(errors.InputError, match="2 outputs, and labels of length 1"):
        loss(outputs[:2], [labels])
    strange = {
        r"logits is a list of 0": [],
        r"logits\[0\] is a list of 3": [outputs],
        "logits is a dict": {"out": outputs},
    }
    for words, given in {**strange, r"logits\[1\] is a NoneType": [outputs[0], None]}.items():
        with pytest.raises(errors.InputError, match=words) as caught:
            DeepSupervisionLoss(loss="DiceLoss")(given, labels)
        assert "[outputs[0], outputs[1]]" in str(caught.value.cure)
    with pytest.raises(errors.InputError, match="was given a pixel_weight"):
        DeepSupervisionLoss(loss="LovaszSoftmaxLoss")(outputs, labels, paddle.ones([2, *SIZES[0]]))


def test_losses_point_to_it():
    """The cures of a list, and of labels larger than an output, work."""
    outputs, labels = _outputs(), paddle.to_tensor(_labels())
    for given in (outputs, outputs[1]):
        with pytest.raises(errors.InputError, match="put the loss into a DeepSupervisionLoss"):
            DiceLoss()(given, labels)
        assert float(DeepSupervisionLoss(loss=DiceLoss())(given, labels)) > 0


def test_gradient_by_differences():
    outputs, labels = _outputs(sizes=[(4, 6), (2, 3)]), paddle.to_tensor(_labels(size=(4, 6)))
    loss, rng = DeepSupervisionLoss(loss="DiceCELoss"), np.random.default_rng(5)
    z = [output.astype("float64").detach() for output in outputs]
    step = [paddle.to_tensor(rng.normal(size=x.shape)) for x in z]
    for x in z:
        x.stop_gradient = False
    loss(z, labels).backward()
    slope = sum(float((x.grad * d).sum()) for x, d in zip(z, step))
    ends = [float(loss([x.detach() + sign * 1e-5 * d for x, d in zip(z, step)], labels)) for sign in (1, -1)]
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(slope, rel=1e-7)


def test_one_output_in_a_law_case_is_the_inner_loss():
    logits, labels = np.random.default_rng(0).normal(size=(2, 3, 5, 7)), _labels(size=(5, 7))
    actual = value_and_gradient(DeepSupervisionLoss(loss="DiceLoss"), logits, labels)
    for one, other in zip(actual, value_and_gradient(DiceLoss(), logits, labels)):
        np.testing.assert_array_equal(one, other)


def test_int16_labels_of_open_size_in_a_static_graph():
    """Paddle has no shape for int16 there."""
    (coarse,), labels = _outputs(sizes=SIZES[1:2]), paddle.to_tensor(_labels(), "int16")
    loss = DeepSupervisionLoss(loss="DiceLoss")
    spec = [paddle.static.InputSpec([None, 3, None, None]), paddle.static.InputSpec([None, None, None], "int16")]
    graph = paddle.jit.to_static(DeepSupervisionLoss(loss="DiceLoss"), input_spec=spec, full_graph=True)
    assert float(graph(coarse, labels)) == pytest.approx(float(loss(coarse, labels)), rel=1e-6)

"""Under `to_static`: with its default every loss runs as it is, and a whole graph may leave sizes open."""

import numpy as np
import paddle
import pytest
from paddle.static import InputSpec

from paddleseg_losses import BinaryCrossEntropyLoss, DiceLoss, errors
from tests.laws.cases import CASES, Case, each_loss, make, shortened, supports, value_and_gradient

SPECIAL = {"HausdorffCVLoss": "known sizes", "MSSSIMLoss": "known sizes"}  # what a loss asks for where sizes are open
FLAT = [case for case in CASES if len(case.space) == 2]
pytestmark = pytest.mark.usefixtures("short_traces")


class Model(paddle.nn.Layer):
    def __init__(self, loss):
        super().__init__()
        self.loss = loss

    def forward(self, logits, labels):
        return self.loss(2 * logits, labels)


def _problem(spec, cases=FLAT):
    case = next(case for case in cases if supports(spec, case))
    return case.logits(dtype="float32"), case.labels()


def _open(logits, labels):
    sizes = [None] * (logits.ndim - 2)
    return [InputSpec([None, logits.shape[1], *sizes], "float32"), InputSpec([None] * labels.ndim, "int64")]


def _same(actual, expected):
    np.testing.assert_allclose(actual[0], expected[0], rtol=1e-5)
    np.testing.assert_allclose(actual[1], expected[1], rtol=1e-4, atol=1e-5 * np.abs(expected[1]).max())


marked = pytest.mark.skipif(
    not hasattr(getattr(paddle.jit, "marker", None), "force_dynamic"), reason="Paddle before 3.2 has no such mark"
)


@marked
@pytest.mark.slow
@pytest.mark.parametrize("spec", each_loss())
def test_the_default(spec):
    spec = shortened(spec)
    logits, labels = _problem(spec)
    _same(
        value_and_gradient(paddle.jit.to_static(Model(make(spec))), logits, labels),
        value_and_gradient(Model(make(spec)), logits, labels),
    )


@marked
def test_the_default_around_a_step():
    loss, logits, labels = DiceLoss(), *_problem(DiceLoss.spec)

    @paddle.jit.to_static
    def step(logits, labels):
        return loss(logits * 2, labels)

    for call in (step, paddle.jit.to_static(DiceLoss()), paddle.jit.to_static(loss.forward)):
        assert np.abs(value_and_gradient(call, logits, labels)[1]).max() > 0


@pytest.mark.slow
@pytest.mark.parametrize("spec", each_loss())
def test_open_sizes(spec):
    spec = shortened(spec)
    logits, labels = _problem(spec)
    static = paddle.jit.to_static(Model(make(spec)), full_graph=True, input_spec=_open(logits, labels))
    refused = "static graph" if spec.dynamic_only else SPECIAL.get(spec.name)
    if refused:
        with pytest.raises(errors.InputError, match=refused):
            static(paddle.to_tensor(logits), paddle.to_tensor(labels))
        return
    _same(value_and_gradient(static, logits, labels), value_and_gradient(Model(make(spec)), logits, labels))


@pytest.mark.parametrize("cls", [DiceLoss, BinaryCrossEntropyLoss])
@pytest.mark.parametrize("case", [Case("multilabel", 2, (3, 5)), Case("multilabel", 2, (3, 4, 5))], ids=str)
def test_open_channels_of_labels(cls, case):
    """One number for each class, where the mode or the loss says so."""
    logits, labels = case.logits(dtype="float32"), case.labels()
    loss = cls(mode="multilabel" if cls is DiceLoss else None)
    static = paddle.jit.to_static(Model(loss), full_graph=True, input_spec=_open(logits, labels))
    _same(value_and_gradient(static, logits, labels), value_and_gradient(Model(loss), logits, labels))


def test_channels_of_logits_must_be_known():
    spec = [InputSpec([None] * 4, "float32"), InputSpec([None] * 3, "int64")]
    static = paddle.jit.to_static(Model(DiceLoss()), full_graph=True, input_spec=spec)
    with pytest.raises(errors.InputError, match="known number of channels"):
        static(paddle.zeros([2, 3, 4, 5]), paddle.zeros([2, 4, 5], "int64"))

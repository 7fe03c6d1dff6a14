"""Law 10: a static graph computes the same."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import errors

from .cases import CASES, each_case, each_loss, make, shortened, supports, value_and_gradient, value_of

ONE, SEVERAL, LABELS, TWO = (
    next(case for case in CASES if str(case) == name)
    for name in ("binary1-7x5", "multiclass3-7x5", "multilabel3-5x7", "multiclass2-5x7")
)
FEW = (SEVERAL, LABELS, ONE)  # one of each mode
TIMES = 12  # the executor runs operators in parallel: an overwritten alias shows only now and then
pytestmark = pytest.mark.usefixtures("short_traces")


def _needs_one_channel(spec):
    """Whether one channel needs a graph of its own: most losses treat it as one of several labels."""
    return not supports(spec, LABELS) or spec.name in (
        "CrossEntropyLoss",
        "DiceLoss",
        "BoundaryLoss",
        "LovaszHingeLoss",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "case"),
    each_case(lambda spec: not spec.dynamic_only, [SEVERAL, LABELS])
    + each_case(lambda spec: not spec.dynamic_only and _needs_one_channel(spec), [ONE])
    + each_case(lambda spec: not spec.dynamic_only and spec.most_classes is not None, [TWO]),
)
def test_static_graph(spec, case):
    spec = shortened(spec)
    logits, labels = case.logits(dtype="float32"), case.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    static = paddle.jit.to_static(make(spec), full_graph=True)
    for _ in range(TIMES):
        value, gradient = value_and_gradient(static, logits, labels)
        np.testing.assert_allclose(value, expected[0], rtol=1e-6)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-5, atol=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("spec", each_loss(lambda spec: not spec.dynamic_only))
def test_static_graph_without_a_gradient(spec):
    """Another graph than that of a training, of the same operators: one case is enough."""
    spec = shortened(spec)
    case = next(case for case in FEW if supports(spec, case))
    logits, labels = case.logits(dtype="float32"), case.labels()
    expected = value_of(make(spec), logits, labels)
    static = paddle.jit.to_static(make(spec), full_graph=True)
    for _ in range(TIMES):
        np.testing.assert_allclose(value_of(static, logits, labels), expected, rtol=1e-6)


@pytest.mark.parametrize("spec", each_loss(lambda spec: spec.dynamic_only))
def test_what_no_static_graph_can_hold_is_refused(spec):
    case = next(case for case in FEW if supports(spec, case))
    static = paddle.jit.to_static(make(spec), full_graph=True)
    with pytest.raises(errors.InputError, match="static graph"):
        static(paddle.to_tensor(case.logits()), paddle.to_tensor(case.labels()))

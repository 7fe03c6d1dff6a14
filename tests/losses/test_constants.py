"""What options say is copied to the device once, and not by every call."""

import paddle
import pytest

from paddleseg_losses import kernels, numeric, registry
from paddleseg_losses.testing.cases import Case, has, make, supports, takes_weights, weights

CASE = Case("multiclass", 3, (7, 5), dtype="float32")
OF_THE_HOST = {"SkeletonRecallLoss", "BlobLoss"}  # skeletons, and objects, are found there


def _options(spec):
    """Each option that becomes a tensor."""
    if takes_weights(spec):
        yield {"weight": weights(spec, CASE)}
    for name, value in (("include_background", False), ("classes", [1, 2])):
        if has(spec, name):
            yield {name: value}


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        pytest.param(spec, options, id=f"{spec.name}-{next(iter(options))}")
        for spec in registry.specs(mode="multiclass")
        if supports(spec, CASE) and spec.name not in OF_THE_HOST
        for options in _options(spec)
    ],
)
def test_no_call_copies_options(spec, options, monkeypatch):
    loss, copied = make(spec, mode="multiclass", **options), []
    logits, labels = paddle.to_tensor(CASE.logits(), stop_gradient=False), paddle.to_tensor(CASE.labels())

    def call():
        with kernels.use_kernels("composed"):
            loss(logits, labels).backward()

    call()
    monkeypatch.setattr(numeric, "from_host", lambda numbers, dtype: copied.append(numbers))
    if not spec.neighbours:  # of those some search distances on the host
        for name in ("assign", "to_tensor"):
            monkeypatch.setattr(paddle, name, lambda numbers, *args, **named: copied.append(numbers))
    call()
    assert not copied


def test_a_constant_is_made_once_for_each_type():
    first = numeric.constant([1, 2], "float32")
    assert numeric.constant((1.0, 2.0), paddle.float32) is first
    assert first.tolist() == [1.0, 2.0]
    assert numeric.constant([1, 2], "int64").dtype == paddle.int64
    assert numeric.constant([[1, 2]], "float32").shape == [1, 2]
    assert numeric.constant([True, False], "bool").tolist() == [True, False]


def test_large_ones_and_those_of_static_graphs_are_not_kept():
    large = [0.0] * 10_001
    assert numeric.constant(large, "float32") is not numeric.constant(large, "float32")

    def add(x):
        return x + numeric.constant([0.125, 3.0], "float32")

    static = paddle.jit.to_static(add, full_graph=True)
    assert static(paddle.ones([2])).tolist() == [1.125, 4.0]
    assert isinstance(numeric.constant([0.125, 3.0], "float32"), paddle.Tensor)  # and no variable of the graph

"""Kernels write everything that they hand on: memory may hold anything before, in tensors of any size."""

import importlib

import numpy as np
import paddle
import pytest

from paddleseg_losses import kernels
from tests.laws.cases import BUILT, CASES, each_case, make

MODULE = importlib.import_module("paddleseg_losses.kernels.unfilled")
FIRST, SECOND = 3, 77  # what memory holds where it does not hold NaN

pytestmark = pytest.mark.skipif(not BUILT, reason="no C++ compiler was found at installation")


def _filled(monkeypatch, junk):
    def empty(shape, dtype="float32"):
        is_float = dtype in ("float16", "float32", "float64") or "float" in str(dtype)
        return paddle.full(shape, float("nan") if is_float and junk is SECOND else junk, dtype)

    monkeypatch.setattr(MODULE, "_SMALL", -1)
    monkeypatch.setattr(paddle, "empty", empty)


@pytest.mark.parametrize(("spec", "case"), each_case(cases=CASES))
def test_what_memory_held_changes_no_bit(spec, case, monkeypatch):
    logits = case.logits(dtype="float32")
    labels = paddle.to_tensor(case.labels(ignored=0.2))
    results = []
    for junk in (FIRST, SECOND):
        with monkeypatch.context() as patched, kernels.use_kernels("native"):
            _filled(patched, junk)
            z = paddle.to_tensor(logits, stop_gradient=False)
            value = make(spec, mode=case.mode)(z, labels)
            value.sum().backward()
            results.append((value.numpy(), z.grad.numpy()))
    np.testing.assert_array_equal(results[1][0], results[0][0])
    np.testing.assert_array_equal(results[1][1], results[0][1])


def test_kernels_are_given_what_memory_held(monkeypatch):
    _filled(monkeypatch, SECOND)
    assert MODULE.unfilled([3]).isnan().all()
    assert (MODULE.unfilled([3], "int16") == SECOND).all()


def test_small_memory_is_nobody_elses():
    first = MODULE.unfilled([3])
    first.fill_(1)
    assert MODULE.unfilled([3]).tolist() == [0, 0, 0]

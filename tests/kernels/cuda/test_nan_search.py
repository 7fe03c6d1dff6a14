"""Kernels under FLAGS_check_nan_inf, with which people look for the operator that made the first NaN."""

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddleseg_losses import HausdorffDTLoss, LovaszSoftmaxLoss, SoftCLDiceLoss, kernels
from paddleseg_losses.kernels.cuda import device
from paddleseg_losses.kernels.unfilled import unfilled
from tests.kernels.cuda import fake

LOSSES = (HausdorffDTLoss, LovaszSoftmaxLoss, SoftCLDiceLoss)


@pytest.fixture
def searched(monkeypatch):
    """Memory is full of NaN, as it may be anywhere, and Paddle looks for it."""
    monkeypatch.setattr(paddle, "empty", lambda shape, dtype="float32": paddle.full(shape, _worst(dtype), dtype))
    paddle.set_flags({"FLAGS_check_nan_inf": 1})
    yield
    paddle.set_flags({"FLAGS_check_nan_inf": 0})


def _worst(dtype):
    is_float = dtype in ("float32", paddle.float32, paddle.float16, paddle.bfloat16)
    return float("nan") if is_float else 1


def test_memory_is_cleared_where_it_is_searched(searched):
    assert not unfilled([3]).any()
    with pytest.raises(RuntimeError, match=r"(?i)nan"):
        paddle.empty([3])


def test_all_memory_comes_from_there():
    folder = Path(kernels.__file__).parent
    direct = {path.name for path in folder.rglob("*.py") if "paddle.empty" in path.read_text(encoding="utf-8")}
    assert direct == {"unfilled.py"}


def test_memory_is_left_as_it_is_otherwise(monkeypatch):
    monkeypatch.setattr(paddle, "empty", lambda shape, dtype: (shape, dtype))
    assert unfilled([1 << 15], "int16") == ([1 << 15], "int16")
    assert unfilled([3], "int16").tolist() == [0, 0, 0]  # in less time than it takes to ask


@pytest.mark.parametrize("loss", LOSSES)
def test_no_loss_stops_the_search(searched, loss):
    _train(loss())


@pytest.mark.parametrize("loss", LOSSES)
def test_no_loss_stops_it_on_a_card(searched, card, loss):
    _train(loss())
    assert card.launches


def test_the_kernels_can_be_tried_meanwhile(searched, shim):
    with device.using(fake.FakePlatform(fake.FakeDriver(shim))):
        assert device.why_not(0) is None


def _train(loss):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(2, 3, 7, 5)).astype("float32"), rng.integers(0, 3, (2, 7, 5))
    labels[:, 0] = 255
    logits = paddle.to_tensor(logits, stop_gradient=False)
    loss(logits, paddle.to_tensor(labels)).backward()
    assert np.isfinite(logits.grad.numpy()).all()

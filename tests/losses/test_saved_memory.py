"""What a loss keeps for its gradient, besides the logits: counted as Paddle saves it."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import kernels
from tests.laws.cases import Case, each_loss, make, supports

CASES = [Case("multiclass", 5, (33, 47)), Case("multilabel", 5, (33, 47)), Case("binary", 1, (33, 47), samples=4)]
BUILT = not kernels.status()["library"].startswith("not built")


def _kept(spec, case, which):
    """Float tensors of the logits' size, or more."""
    z = paddle.to_tensor(case.logits(dtype="float32"), stop_gradient=False)
    kept = {}

    def pack(x):
        if paddle.is_floating_point(x) and np.prod(x.shape) >= np.prod(z.shape):
            kept[x.data_ptr()] = x
        return x

    loss = make(spec, checks="never")
    with kernels.use_kernels(which), paddle.autograd.saved_tensors_hooks(pack, lambda x: x):
        loss(z, paddle.to_tensor(case.labels()))
    return len(set(kept) - {z.data_ptr()})


KEEP_ONE = {"LogitAdjustedLoss"}  # its shifted logits are not those of the model


def _of_sums(spec):
    """Losses that are algebra on sums, or sums themselves: nothing else about a pixel matters."""
    return not (spec.neighbours or spec.sorts) and spec.family in ("distribution", "region")


@pytest.mark.parametrize("spec", each_loss(lambda spec: _of_sums(spec) and "multiclass" in spec.modes))
def test_two_tensors_besides_the_probabilities(spec):
    """Integer labels index the probabilities; they are not expanded to the logits' size."""
    assert _kept(spec, CASES[0], "composed") <= 3


@pytest.mark.skipif(not BUILT, reason="no C++ compiler was found at installation")
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("spec", each_loss(_of_sums))
def test_nothing_with_kernels(spec, case):
    if supports(spec, case):
        assert _kept(spec, case, "native") <= (1 if spec.name in KEEP_ONE else 0)

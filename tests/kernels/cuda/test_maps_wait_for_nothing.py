"""Between a kernel of maps and the next nobody looks at a number, or sends one to the card."""

import numpy as np
import paddle
import pytest

from paddleseg_losses.kernels.cuda.centerline import centerline_sums
from paddleseg_losses.kernels.cuda.distance_weighted import boundary_sums, hausdorff_sums
from paddleseg_losses.kernels.cuda.edt import distance_map
from paddleseg_losses.kernels.cuda.lovasz import lovasz_rows
from paddleseg_losses.kernels.cuda.probabilities import probabilities
from tests.kernels.problems import task

KNOWN = np.ones((2, 2, 4, 5), "float32")
LOOKING = ["numpy", "item", "tolist", "cpu", "__array__", "__bool__", "__float__", "__int__", "__index__"]
OPERATIONS = {
    "Hausdorff": lambda problem, known: hausdorff_sums(problem, 1, (1.0, 2.0), 1.5, False, (known, lambda: None)),
    "boundary": lambda problem, known: boundary_sums(problem, 1, None, (known, lambda: None)),
    "Lovász": lambda problem, known: lovasz_rows(problem, False, wanted=[0, 2], present_only=True)[0],
    "centerlines": lambda problem, known: centerline_sums(problem, 1, 2),
    "probabilities": lambda problem, known: probabilities(problem, signed=True),
    "distances": lambda problem, known: distance_map(problem.scores > 0.5, (1.0, 2.0)) * problem.scores,
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_nobody_waits(card, monkeypatch, name):
    scores = paddle.rand([2, 3, 4, 5])
    scores.stop_gradient = False
    problem = task(scores, paddle.to_tensor(np.random.default_rng(0).integers(0, 3, (2, 1, 4, 5))))
    known = paddle.to_tensor(KNOWN)

    def refuse(*_args, **_kwargs):
        raise AssertionError("somebody waits for the card")

    for method in LOOKING:
        monkeypatch.setattr(paddle.Tensor, method, refuse)
    for function in ("to_tensor", "assign"):
        monkeypatch.setattr(paddle, function, refuse)
    result = OPERATIONS[name](problem, known).sum()
    result.backward()
    monkeypatch.undo()
    assert card.launches
    assert np.isfinite(scores.grad.numpy()).all()

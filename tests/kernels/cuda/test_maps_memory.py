"""What losses of maps keep and take on a card, in units of the logits; after the checked calls nobody waits."""

import gc
from contextlib import nullcontext

import pytest

from benchmarks.traffic import worker

# Kept between the passes, and the most at any moment; [2, 19, 64, 64] has 1.01 and 2.5, 3.0, 2.0, and 1.03 and 5.8.
LIMITS = {
    "BoundaryLoss": (1.1, 2.8),
    "HausdorffDTLoss": (1.1, 3.3),
    "LovaszSoftmaxLoss": (1.1, 2.3),
    "SoftCLDiceLoss": (1.1, 6.3),
    "DistancePenalizedCELoss": (0.2, 1.3),
}


@pytest.fixture
def few_objects():
    """What is there already is not collected again and again."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("few_objects")
@pytest.mark.parametrize("name", LIMITS)
def test_memory(card, monkeypatch, name):
    monkeypatch.setattr(worker, "_logged", lambda *_: nullcontext())
    with worker._watched() as waits:
        measured = worker._measure(name, (2, 19, 16, 16), waits)
    saved, peak = LIMITS[name]
    assert measured["saved"] <= saved * measured["logits"]
    assert max(measured["peak"]) <= peak * measured["logits"]
    assert measured["waits"] == measured["copies"] == 0

"""The stored values know every loss in every case, and this environment gives them."""

import numpy as np

from . import values


def test_every_loss_is_stored():
    """Else a new loss would be wrong in every environment, by NaN."""
    wanted = {f"{spec.name} {place} {part}" for spec, place, _ in values.problems() for part in ("value", "gradient")}
    inputs = {f"{part} {place}" for place in range(len(values.CASES)) for part in ("logits", "labels")}
    assert set(np.load(values.FILE).files) == wanted | inputs, "python -m tests.matrix.values --store"


def test_the_values_of_this_environment():
    assert values.compare()[1] == []

"""Every loss in plain NumPy, written from the mathematics: slow, float64, and independent of the package.

`REFERENCE` holds them by the names of the classes. Each takes logits `[N, C, *S]`, labels and the options of its class,
and returns a float.
"""

from . import boundary as boundary
from . import compound as compound
from . import distribution as distribution
from . import region as region
from . import similarity as similarity
from .common import REFERENCE as REFERENCE


def _weighted_sum(logits, labels, losses, coef=None, **shared):
    """The sum has no formula of its own."""
    names = [item["type"].removeprefix("paddleseg_losses.") for item in losses]
    options = [{key: value for key, value in item.items() if key != "type"} for item in losses]
    values = [REFERENCE[name](logits, labels, **own, **shared) for name, own in zip(names, options)]
    return sum(weight * value for weight, value in zip(coef or [1.0] * len(values), values))


REFERENCE["WeightedSumLoss"] = _weighted_sum

"""Chapter 1 of the article: losses that compare distributions, pixel by pixel. The order is the article's."""

from .cross_entropy import CrossEntropyLoss as CrossEntropyLoss
from .binary import BinaryCrossEntropyLoss as BinaryCrossEntropyLoss
from .binary import WeightedBinaryCrossEntropyLoss as WeightedBinaryCrossEntropyLoss
from .binary import BalancedCrossEntropyLoss as BalancedCrossEntropyLoss
from .focal import FocalLoss as FocalLoss
from .distance_penalized_ce import DistancePenalizedCELoss as DistancePenalizedCELoss
from .pixels import Poly1CrossEntropyLoss as Poly1CrossEntropyLoss
from .pixels import TopKCrossEntropyLoss as TopKCrossEntropyLoss
from .nacl import NACLLoss as NACLLoss

"""Chapter 1 of the article: losses that compare distributions, pixel by pixel. The order is the article's."""

from .cross_entropy import CrossEntropyLoss as CrossEntropyLoss
from .binary_cross_entropy import BinaryCrossEntropyLoss as BinaryCrossEntropyLoss
from .weighted_binary_cross_entropy import WeightedBinaryCrossEntropyLoss as WeightedBinaryCrossEntropyLoss
from .balanced_cross_entropy import BalancedCrossEntropyLoss as BalancedCrossEntropyLoss
from .focal import FocalLoss as FocalLoss
from .distance_penalized_ce import DistancePenalizedCELoss as DistancePenalizedCELoss
from .poly1_cross_entropy import Poly1CrossEntropyLoss as Poly1CrossEntropyLoss
from .top_k_cross_entropy import TopKCrossEntropyLoss as TopKCrossEntropyLoss
from .nacl import NACLLoss as NACLLoss

"""Chapter 1 of the article: losses that compare distributions, pixel by pixel."""

from .cross_entropy import CrossEntropyLoss as CrossEntropyLoss
from .focal import FocalLoss as FocalLoss

"""Chapter 2 of the article: losses that compare regions, by their overlap. The order is the article's."""

from .dice import DiceLoss as DiceLoss
from .tversky import TverskyLoss as TverskyLoss
from .log_cosh_dice import LogCoshDiceLoss as LogCoshDiceLoss
from .lovasz import LovaszSoftmaxLoss as LovaszSoftmaxLoss

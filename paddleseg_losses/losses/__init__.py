"""The final classes, in the article's four chapters: importing a chapter puts its losses on the list, in its order."""

from .distribution import CrossEntropyLoss as CrossEntropyLoss
from .distribution import FocalLoss as FocalLoss
from .region import DiceLoss as DiceLoss
from .region import LogCoshDiceLoss as LogCoshDiceLoss
from .region import LovaszSoftmaxLoss as LovaszSoftmaxLoss
from .region import TverskyLoss as TverskyLoss
from .boundary import HausdorffDTLoss as HausdorffDTLoss
from .compound import ComboLoss as ComboLoss

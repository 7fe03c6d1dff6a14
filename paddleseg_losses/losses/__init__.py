"""The final classes, in the article's four chapters: importing a chapter puts its losses on the list, in its order."""

from .distribution import BalancedCrossEntropyLoss as BalancedCrossEntropyLoss
from .distribution import BinaryCrossEntropyLoss as BinaryCrossEntropyLoss
from .distribution import CrossEntropyLoss as CrossEntropyLoss
from .distribution import DistancePenalizedCELoss as DistancePenalizedCELoss
from .distribution import FocalLoss as FocalLoss
from .distribution import Poly1CrossEntropyLoss as Poly1CrossEntropyLoss
from .distribution import TopKCrossEntropyLoss as TopKCrossEntropyLoss
from .distribution import WeightedBinaryCrossEntropyLoss as WeightedBinaryCrossEntropyLoss
from .region import AsymmetricSimilarityLoss as AsymmetricSimilarityLoss
from .region import DiceLoss as DiceLoss
from .region import DicePlusPlusLoss as DicePlusPlusLoss
from .region import FocalTverskyLoss as FocalTverskyLoss
from .region import GeneralizedDiceLoss as GeneralizedDiceLoss
from .region import JaccardLoss as JaccardLoss
from .region import LogCoshDiceLoss as LogCoshDiceLoss
from .region import LovaszSoftmaxLoss as LovaszSoftmaxLoss
from .region import MCCLoss as MCCLoss
from .region import PenaltyGeneralizedDiceLoss as PenaltyGeneralizedDiceLoss
from .region import SensitivitySpecificityLoss as SensitivitySpecificityLoss
from .region import TverskyLoss as TverskyLoss
from .boundary import HausdorffDTLoss as HausdorffDTLoss
from .compound import ComboLoss as ComboLoss

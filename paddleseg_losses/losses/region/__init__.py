"""Chapter 2 of the article: losses that compare regions, by their overlap. The order is the article's."""

from .dice import DiceLoss as DiceLoss
from .generalized_dice import GeneralizedDiceLoss as GeneralizedDiceLoss
from .penalty_generalized_dice import PenaltyGeneralizedDiceLoss as PenaltyGeneralizedDiceLoss
from .tversky import TverskyLoss as TverskyLoss
from .focal_tversky import FocalTverskyLoss as FocalTverskyLoss
from .asymmetric_similarity import AsymmetricSimilarityLoss as AsymmetricSimilarityLoss
from .sensitivity_specificity import SensitivitySpecificityLoss as SensitivitySpecificityLoss
from .log_cosh_dice import LogCoshDiceLoss as LogCoshDiceLoss
from .lovasz_softmax import LovaszSoftmaxLoss as LovaszSoftmaxLoss
from .lovasz_hinge import LovaszHingeLoss as LovaszHingeLoss
from .jaccard import JaccardLoss as JaccardLoss
from .dice_plus_plus import DicePlusPlusLoss as DicePlusPlusLoss
from .mcc import MCCLoss as MCCLoss
from .generalized_wasserstein_dice import GeneralizedWassersteinDiceLoss as GeneralizedWassersteinDiceLoss
from .soft_cl_dice import SoftCLDiceLoss as SoftCLDiceLoss

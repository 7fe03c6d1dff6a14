"""Chapter 4 of the article: weighted sums of losses of the other chapters. The order is the article's."""

from .exp_log import ExpLogLoss as ExpLogLoss
from .combo import ComboLoss as ComboLoss
from .structural_similarity import StructuralSimilarityLoss as StructuralSimilarityLoss
from .ce_lovasz import CELovaszLoss as CELovaszLoss
from .dice_ce import DiceCELoss as DiceCELoss
from .dice_focal import DiceFocalLoss as DiceFocalLoss
from .asymmetric_focal import AsymmetricFocalLoss as AsymmetricFocalLoss
from .asymmetric_focal_tversky import AsymmetricFocalTverskyLoss as AsymmetricFocalTverskyLoss
from .asymmetric_unified_focal import AsymmetricUnifiedFocalLoss as AsymmetricUnifiedFocalLoss
from .symmetric_unified_focal import SymmetricUnifiedFocalLoss as SymmetricUnifiedFocalLoss
from .weighted_sum import WeightedSumLoss as WeightedSumLoss

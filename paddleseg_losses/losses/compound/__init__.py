"""Chapter 4 of the article: weighted sums of losses of the other chapters. The order is the article's."""

from .exp_log import ExpLogLoss as ExpLogLoss
from .combo import ComboLoss as ComboLoss
from .structural_similarity import StructuralSimilarityLoss as StructuralSimilarityLoss
from .sums import CELovaszLoss as CELovaszLoss
from .sums import DiceCELoss as DiceCELoss
from .sums import DiceFocalLoss as DiceFocalLoss
from .asymmetric_focal import AsymmetricFocalLoss as AsymmetricFocalLoss
from .asymmetric_focal import AsymmetricFocalTverskyLoss as AsymmetricFocalTverskyLoss
from .unified_focal import AsymmetricUnifiedFocalLoss as AsymmetricUnifiedFocalLoss
from .unified_focal import SymmetricUnifiedFocalLoss as SymmetricUnifiedFocalLoss
from .weighted_sum import WeightedSumLoss as WeightedSumLoss

"""Chapter 4 of the article: weighted sums of losses of the other chapters. The order is the article's."""

from .exp_log import ExpLogLoss as ExpLogLoss
from .combo import ComboLoss as ComboLoss
from .structure import StructuralSimilarityLoss as StructuralSimilarityLoss
from .sums import CELovaszLoss as CELovaszLoss
from .sums import DiceCELoss as DiceCELoss
from .sums import DiceFocalLoss as DiceFocalLoss
from .asymmetric import AsymmetricFocalLoss as AsymmetricFocalLoss
from .asymmetric import AsymmetricFocalTverskyLoss as AsymmetricFocalTverskyLoss
from .unified import AsymmetricUnifiedFocalLoss as AsymmetricUnifiedFocalLoss
from .unified import SymmetricUnifiedFocalLoss as SymmetricUnifiedFocalLoss
from .weighted_sum import WeightedSumLoss as WeightedSumLoss

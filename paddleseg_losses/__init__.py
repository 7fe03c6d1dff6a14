"""Losses for semantic segmentation with PaddlePaddle, checked against their papers.

    >>> from paddleseg_losses import DiceLoss
    >>> DiceLoss(smooth=1.0)
    DiceLoss(smooth=1.0, squared_pred=False)

Importing this registers nothing with PaddleSeg; `register()` does.
"""

import warnings as _warnings
import zlib  # noqa: F401  Paddle 2.6 crashes if it is imported before zlib and scipy comes later

from . import errors as errors
from . import i18n as i18n
from ._version import __version__ as __version__

try:
    with _warnings.catch_warnings():
        _warnings.filterwarnings("ignore", "No ccache found")  # Paddle says so at every start; nobody compiles here
        import paddle as _paddle  # noqa: F401
except ImportError as _error:
    raise errors.MissingDependencyError(
        i18n.Message("{package} cannot be imported ({error}).", package="PaddlePaddle", error=_error),
        "paddlepaddle (CPU) or paddlepaddle-gpu (NVIDIA GPU)",
        'pip install "paddleseg-losses[cpu]"  or  pip install "paddleseg-losses[gpu]"',
    ) from _error

from .losses import AsymmetricFocalLoss as AsymmetricFocalLoss
from .losses import AsymmetricFocalTverskyLoss as AsymmetricFocalTverskyLoss
from .losses import AsymmetricSimilarityLoss as AsymmetricSimilarityLoss
from .losses import AsymmetricUnifiedFocalLoss as AsymmetricUnifiedFocalLoss
from .losses import BalancedCrossEntropyLoss as BalancedCrossEntropyLoss
from .losses import BinaryCrossEntropyLoss as BinaryCrossEntropyLoss
from .losses import BoundaryDoULoss as BoundaryDoULoss
from .losses import BoundaryLoss as BoundaryLoss
from .losses import CELovaszLoss as CELovaszLoss
from .losses import ComboLoss as ComboLoss
from .losses import CrossEntropyLoss as CrossEntropyLoss
from .losses import DiceCELoss as DiceCELoss
from .losses import DiceFocalLoss as DiceFocalLoss
from .losses import DiceLoss as DiceLoss
from .losses import DicePlusPlusLoss as DicePlusPlusLoss
from .losses import DistancePenalizedCELoss as DistancePenalizedCELoss
from .losses import ExpLogLoss as ExpLogLoss
from .losses import FocalLoss as FocalLoss
from .losses import FocalTverskyLoss as FocalTverskyLoss
from .losses import GeneralizedDiceLoss as GeneralizedDiceLoss
from .losses import GeneralizedWassersteinDiceLoss as GeneralizedWassersteinDiceLoss
from .losses import HausdorffCVLoss as HausdorffCVLoss
from .losses import HausdorffDTLoss as HausdorffDTLoss
from .losses import HausdorffERLoss as HausdorffERLoss
from .losses import JaccardLoss as JaccardLoss
from .losses import LogCoshDiceLoss as LogCoshDiceLoss
from .losses import LovaszHingeLoss as LovaszHingeLoss
from .losses import LovaszSoftmaxLoss as LovaszSoftmaxLoss
from .losses import MCCLoss as MCCLoss
from .losses import NACLLoss as NACLLoss
from .losses import PenaltyGeneralizedDiceLoss as PenaltyGeneralizedDiceLoss
from .losses import Poly1CrossEntropyLoss as Poly1CrossEntropyLoss
from .losses import SensitivitySpecificityLoss as SensitivitySpecificityLoss
from .losses import ShapeAwareLoss as ShapeAwareLoss
from .losses import SoftCLDiceLoss as SoftCLDiceLoss
from .losses import StructuralSimilarityLoss as StructuralSimilarityLoss
from .losses import SymmetricUnifiedFocalLoss as SymmetricUnifiedFocalLoss
from .losses import TopKCrossEntropyLoss as TopKCrossEntropyLoss
from .losses import TverskyLoss as TverskyLoss
from .losses import WeightedBinaryCrossEntropyLoss as WeightedBinaryCrossEntropyLoss
from .losses import WeightedSumLoss as WeightedSumLoss
from .paddleseg.registration import register as register
from .registry import build as build
from .registry import get as get
from .registry import names as names

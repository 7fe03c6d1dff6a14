"""Losses for semantic segmentation with PaddlePaddle, checked against their papers.

    >>> from paddleseg_losses import DiceLoss
    >>> DiceLoss(smooth=1.0)
    DiceLoss(smooth=1.0, squared_pred=False)

Importing this registers nothing with PaddleSeg; `register()` does.
"""

import zlib  # noqa: F401  Paddle 2.6 crashes if it is imported before zlib and scipy comes later

from . import errors as errors
from ._version import __version__ as __version__

try:
    import paddle as _paddle  # noqa: F401
except ImportError as _error:
    raise errors.MissingDependencyError(
        f"PaddlePaddle cannot be imported ({_error}).",
        "paddlepaddle (CPU) or paddlepaddle-gpu (NVIDIA GPU)",
        'pip install "paddleseg-losses[cpu]"  or  pip install "paddleseg-losses[gpu]"',
    ) from _error

from .losses import ComboLoss as ComboLoss
from .losses import CrossEntropyLoss as CrossEntropyLoss
from .losses import DiceLoss as DiceLoss
from .losses import FocalLoss as FocalLoss
from .losses import HausdorffDTLoss as HausdorffDTLoss
from .losses import LogCoshDiceLoss as LogCoshDiceLoss
from .losses import LovaszSoftmaxLoss as LovaszSoftmaxLoss
from .losses import TverskyLoss as TverskyLoss
from .registry import build as build
from .registry import get as get
from .registry import names as names

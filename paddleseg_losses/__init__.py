"""Losses for semantic segmentation with PaddlePaddle, checked against their papers.

    >>> from paddleseg_losses import DiceLoss
    >>> DiceLoss(smooth=1.0)
    DiceLoss(smooth=1.0, squared_pred=False)

Importing this registers nothing with PaddleSeg; `register()` does.
"""

import warnings as _warnings

from . import errors as errors
from . import i18n as i18n
from . import import_order as _import_order  # before Paddle, for its sake
from ._version import __version__ as __version__

try:
    with _warnings.catch_warnings():
        _warnings.filterwarnings("ignore", "No ccache found")  # Paddle says so at every start; nobody compiles here
        import paddle as _paddle
except ImportError as _error:
    raise errors.MissingDependencyError(
        i18n.Message("{package} cannot be imported ({error}).", package="PaddlePaddle", error=_error),
        "paddlepaddle (CPU) or paddlepaddle-gpu (NVIDIA GPU)",
        'pip install "paddleseg-losses[cpu]"  or  pip install "paddleseg-losses[gpu]"',
    ) from _error

from .losses import *  # noqa: F403  every final class
from .paddleseg.registration import register as register
from .registry import build as build
from .registry import get as get
from .registry import names as names

_import_order.warn_of_zlib(_paddle.__version__)

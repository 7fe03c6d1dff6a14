"""Losses for semantic segmentation with PaddlePaddle, checked against their papers.

    >>> from paddleseg_losses import DiceLoss
    >>> DiceLoss(smooth=1.0)
    DiceLoss(smooth=1.0, squared_pred=False)

Importing this registers nothing with PaddleSeg; `register()` does. Paddle is imported with the first name that needs
it, so that `paddleseg-losses list` need not wait for it.
"""

import sys as _sys
import warnings as _warnings
from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import errors as errors
from . import i18n as i18n
from . import import_order as _import_order  # before Paddle, for its sake
from ._version import __version__ as __version__

if _TYPE_CHECKING:
    from .losses import *  # noqa: F403  every final class
    from .paddleseg.registration import register as register
    from .registry import build as build
    from .registry import get as get
    from .registry import names as names

# Modules that need no Paddle, and what the other public names are found in.
_LIGHT = {"catalogue", "cli", "errors", "formula", "i18n", "import_order", "other_libraries", "registry", "safe_yaml"}
_HOMES = {"register": ".paddleseg.registration", "build": ".registry", "get": ".registry", "names": ".registry"}


class _PaddleFirst:
    """Imports Paddle before the first of our modules that needs it: quietly, or with an error that says what to do."""

    def find_spec(self, name: str, path: _Any = None, target: _Any = None) -> None:
        """Find nothing, but in good time."""
        inner = name[len(__name__) + 1 :] if name.startswith(f"{__name__}.") else "cli"
        if inner.partition(".")[0] not in _LIGHT and inner not in (
            "_version",
            "__main__",
            "paddleseg",
            "paddleseg.flags",
        ):
            _sys.meta_path.remove(self)  # type: ignore[arg-type]
            try:
                _import_paddle()
            except BaseException:
                _sys.meta_path.insert(0, self)  # type: ignore[arg-type]
                raise


def _import_paddle() -> None:
    try:
        with _warnings.catch_warnings():
            _warnings.filterwarnings("ignore", "No ccache found")  # Paddle says so at every start; nobody compiles here
            paddle = _import_module("paddle")
    except ImportError as error:
        raise errors.MissingDependencyError(
            i18n.Message("{package} cannot be imported ({error}).", package="PaddlePaddle", error=error),
            "paddlepaddle (CPU) or paddlepaddle-gpu (NVIDIA GPU)",
            'pip install "paddleseg-losses[cpu]"  or  pip install "paddleseg-losses[gpu]"',
        ) from error
    _import_order.warn_of_zlib(paddle.__version__)


_sys.meta_path.insert(0, _PaddleFirst())  # type: ignore[arg-type]


def __getattr__(name: str) -> _Any:
    """A module, a final class or a function, when it is first asked for."""
    if name.startswith("__") and name != "__all__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _find_spec(f"{__name__}.{name}") is not None:  # `from .. import numeric` asks here first
        return _import_module(f".{name}", __name__)
    losses = _import_module(".losses", __name__)
    globals().update({each: getattr(losses, each) for each in losses.__all__})
    globals().update({each: getattr(_import_module(home, __name__), each) for each, home in _HOMES.items()})
    if name not in globals():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals()[name]


def __dir__() -> list[str]:
    """Everything that `__getattr__` gives, too."""
    if "names" not in globals():
        __getattr__("names")
    return sorted(globals())

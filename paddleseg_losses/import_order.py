"""Paddle 2.6 brings a zlib of its own: Python's, loaded afterwards, calls that one and fails, and SciPy with it."""

from __future__ import annotations

import sys
import warnings
import zlib

from .i18n import _


def warn_of_zlib(paddle_version: str) -> None:
    """Say what to do, if it is too late here; nothing can be done about it in this process."""
    loaded = list(sys.modules)  # in the order in which their imports ended
    before = any(name.endswith("libpaddle") for name in loaded[: loaded.index("zlib")])
    separate = hasattr(zlib, "__file__")  # else it is a part of Python itself
    if separate and before and paddle_version.startswith("2."):
        warnings.warn(
            str(
                _(
                    "Paddle {version} was imported before zlib, with which SciPy and other packages can fail in this "
                    "process: import paddleseg_losses, or zlib, before paddle",
                    version=paddle_version,
                )
            ),
            RuntimeWarning,
            stacklevel=3,
        )

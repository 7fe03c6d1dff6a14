"""Reading weights without executing them: `paddle.load` unpickles, and a pickle may call any function it names."""

from __future__ import annotations

import functools
import pickle
from pathlib import Path
from typing import Any, Callable

from ...errors import ConfigError
from ...i18n import _

# What files of weights are made of. Each builds a value from values, and none calls what a file can choose.
_HARMLESS = {
    "builtins": {"tuple", "list", "dict", "set", "frozenset", "bytearray", "complex"},
    "__builtin__": {"tuple", "list", "dict", "set", "frozenset", "bytearray", "complex"},
    "collections": {"OrderedDict"},
    "_codecs": {"encode"},
    "numpy": {"ndarray", "dtype"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy.core.numeric": {"_frombuffer"},
    "numpy._core.numeric": {"_frombuffer"},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name not in _HARMLESS.get(module, ()):
            raise _Refused(f"{module}.{name}")
        return super().find_class(module, name)


class _Refused(Exception):
    """A file wants something that no file of weights needs; its text says what."""


def read(path: str | Path) -> Any:
    """The values of a file of weights, or a ConfigError that names it."""
    try:
        with open(path, "rb") as file:
            return _Unpickler(file, encoding="latin1").load()
    except _Refused as error:
        raise ConfigError(
            _("{path} asks for {name}, which is code and not a weight; it was not executed.", path=path, name=error),
            _("a file of weights, as paddle.save writes it"),
            _("get it from a source that you trust; load and save it yourself if it has to be so"),
        ) from None
    except OSError:
        raise
    except Exception as error:  # a pickle that is cut off or changed can raise anything
        size = Path(path).stat().st_size
        raise ConfigError(
            _(
                "{path} cannot be read: it has {size} bytes and is empty, cut off or no file of weights.",
                path=path,
                size=size,
            ),
            _("a file of weights, as paddle.save writes it"),
            _("use another checkpoint, or copy the file again"),
        ) from error


def safe_load(original: Callable[..., Any]) -> Callable[..., Any]:
    """Paddle's `load` for files that `read` has found harmless."""

    @functools.wraps(original)
    def load(path: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(path, (str, Path)) and Path(path).is_file():
            read(path)
        return original(path, *args, **kwargs)

    return load

"""The final classes of the article's four chapters.

Every module of a chapter is imported, so `@registered` alone puts a class on the list and makes it public here. What
type checkers and editors read is `__init__.pyi`, which `make docs` writes.
"""

from importlib import import_module as _import_module
from pkgutil import iter_modules as _iter_modules

from ..registry import FAMILIES as _FAMILIES
from ..registry import specs as _specs

for _chapter in _FAMILIES:
    _package = _import_module(f".{_chapter}", __name__)
    for _module in _iter_modules(_package.__path__, f"{_package.__name__}."):
        _import_module(_module.name)

_classes = {spec.name: spec.cls for spec in _specs()}
globals().update(_classes)
__all__ = list(_classes)

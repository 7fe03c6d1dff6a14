"""Our transforms in the datasets of a file: each is made here, since PaddleSeg makes it when the training starts."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from ... import registry
from ...errors import LossError
from ...i18n import _
from ...registry import PREFIX
from ...transforms import TRANSFORMS
from ..config import Config
from .report import Place, Report

_TABLE = {each.__name__: each for each in TRANSFORMS}


def check_transforms(report: Report, config: Config) -> list[Any]:
    """Note what is wrong with our transforms; gives those of the training data that are right."""
    made: dict[str, list[Any]] = {}
    for section in ("train_dataset", "val_dataset"):
        built = [_made(report, *entry) for entry in _entries(section, config.get(section))]
        made[section] = [each for each in built if each is not None]
    return made["train_dataset"]


def _entries(name: str, section: Any) -> Iterator[tuple[Place, str, dict[str, Any]]]:
    """Place, name and options of each of ours."""
    entries = section.get("transforms") if isinstance(section, dict) else None
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        kind = entry.get("type") if isinstance(entry, dict) else None
        if isinstance(kind, str) and kind.startswith(PREFIX):
            options = {str(key): value for key, value in entry.items() if key != "type"}
            yield (name, "transforms", number), kind[len(PREFIX) :], options


def _made(report: Report, place: Place, name: str, options: dict[str, Any]) -> Any:
    cls = _TABLE.get(name)
    if cls is None:
        near = registry.suggest(name, list(_TABLE))
        report.mistake(
            (*place, "type"),
            _("there is no transform {name!r}.", name=PREFIX + name),
            _("one of {names}", names=", ".join(_TABLE)),
            _("did you mean {near}?", near=PREFIX + near) if near else _("remove {name!r}", name=PREFIX + name),
        )
        return None
    if not _fits(report, place, cls, options):
        return None
    try:
        return cls(**options)
    except LossError as error:
        report.error(place, error)
    except (TypeError, ValueError) as error:
        report.mistake(
            place,
            _("{name} cannot be made of {options}: {error}.", name=name, options=options, error=error),
            _("values of the right kind, such as whole numbers for classes"),
            _("correct the value, or leave it out"),
        )
    return None


def _fits(report: Report, place: Place, cls: type, options: dict[str, Any]) -> bool:
    """Whether it has all these options, and there are all that it needs."""
    parameters = inspect.signature(cls).parameters
    unknown = [key for key in options if key not in parameters]
    for key in unknown:
        near = registry.suggest(key, [other for other in parameters if other not in options])
        report.mistake(
            (*place, key),
            _("{loss} has no option {name!r}.", loss=cls.__name__, name=key),
            _("one of {names}", names=", ".join(parameters)),
            _("did you mean {near}?", near=near) if near else _("remove {name!r}", name=key),
        )
    needed = [name for name, each in parameters.items() if each.default is each.empty and name not in options]
    for name in needed if not unknown else ():
        report.mistake(
            place,
            _("{loss} needs {name!r}.", loss=cls.__name__, name=name),
            _("a value for it"),
            _("add {name}: ...", name=name),
        )
    return not unknown and not needed

"""Law 12: text rebuilds a loss; defaults work; unknown options are refused with the nearest name."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import numpy as np
import yaml

from ... import losses, registry
from ...errors import OptionError, UnknownOptionError
from ...options import options_of
from ...registry import LossSpec
from ..cases import Case, make, value_of
from ..law import law, require

DECLARED = "declare options as `alpha: float = number(default=0.3, help=...)`, and write no __init__"


def _changed(spec: LossSpec) -> dict[str, Any]:
    """Options of a spec, each with a value that is not its default, where one is easily found."""
    values: dict[str, Any] = {}
    for name, option in options_of(spec.cls).items():
        if isinstance(option.default, bool) and "only" not in str(option.help):
            values[name] = not option.default
        elif isinstance(option.default, float):
            for value in (option.default / 2 + 0.1, option.default):
                try:
                    values[name] = option.parse(value, spec.name)
                    break
                except OptionError:
                    continue
    values.pop("sync", None)  # valid only together with batch
    return values


@law(12, f"{DECLARED}; define the class at the top of a module, where pickle finds it", cases=None)
def round_trip(spec: LossSpec) -> None:
    """`repr`, pickle, a copy and a YAML file rebuild the same loss."""
    for change in ({}, _changed(spec)):
        loss = make(spec, **change)
        again = {
            "eval(repr(loss))": eval(repr(loss), {**vars(losses), spec.name: spec.cls}),
            "a pickle": pickle.loads(pickle.dumps(loss)),
            "a copy": copy.deepcopy(loss),
            "a YAML file": registry.build(yaml.safe_load(yaml.safe_dump(loss.to_config()))),
        }
        for way, other in again.items():
            require(other.options == loss.options, f"{way} gives {other.options}", f"{loss.options}")


@law(12, "give every option a default that works, or an `example` in its spec")
def defaults_run(spec: LossSpec, case: Case) -> None:
    """The defaults give a finite value."""
    value = value_of(make(spec), case.logits(), case.labels())
    require(np.isfinite(value), f"the value is {value}", "a finite number")


@law(12, DECLARED, cases=None)
def unknown_options(spec: LossSpec) -> None:
    """An unknown option is refused with the nearest name."""
    for name, words in (("ignore_indx", "did you mean ignore_index"), ("zzzz", "ignore_index")):
        try:
            make(spec, **{name: 1})
        except UnknownOptionError as error:
            require(words in str(error), f"{name} is refused by: {error}", f"the words {words!r}")
        else:
            require(False, f"an option {name!r} is taken", "an UnknownOptionError")


@law(12, DECLARED, cases=None)
def numbers_as_text(spec: LossSpec) -> None:
    """Numbers may be text, as YAML reads 1e-5."""
    numeric = {n: o for n, o in options_of(spec.cls).items() if isinstance(o.default, float) and n not in spec.example}
    given = make(spec, **{name: f"{option.default:e}" for name, option in numeric.items()})
    require(given.options == make(spec).options, f"{given.options}", f"{make(spec).options}")


@law(12, DECLARED, cases=None)
def signature(spec: LossSpec) -> None:
    """The signature shows every option with its default, and there are no others."""
    taken = inspect.signature(spec.cls.__init__).parameters.values()  # type: ignore[misc]
    hidden = [
        p.name for p in taken if p.kind is p.POSITIONAL_OR_KEYWORD and p.name not in ("self", *options_of(spec.cls))
    ]
    require(not hidden, f"__init__ takes {', '.join(hidden)}, which is no declared option", "declared options alone")
    shown = {name: p.default for name, p in inspect.signature(spec.cls).parameters.items()}
    declared = {name: option.default for name, option in options_of(spec.cls).items()}
    require(shown == declared, f"the signature shows {shown}", f"{declared}")

"""How the weight of a loss moves while a model trains, counted in optimiser steps.

>>> ramp = Schedule.read({"kind": "linear", "start": 0.0, "end": 1.0, "steps": 100})
>>> ramp.at(0), ramp.at(25), ramp.at(500)
(0.0, 0.25, 1.0)
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import OptionError
from .i18n import Text, _
from .registry import suggest

_RAMP = {"start": None, "end": None, "steps": None, "after": 0}
KINDS: dict[str, dict[str, Any]] = {  # the keys of each, with their defaults; None must be given
    "constant": {"value": None},
    "linear": _RAMP,
    "cosine": _RAMP,
    "steps": {"at": None, "values": None},
    "rebalance": _RAMP,
}
EXPECTED = _(
    "None or one of {ramp} (the same with cosine or rebalance), {others}",
    ramp="{kind: linear, start: 0, end: 1, steps: 1000, after: 0}",
    others="{kind: constant, value: 0.5}, {kind: steps, at: [1000, 2000], values: [0, 0.5, 1]}",
)


@dataclass(frozen=True)
class Schedule:
    """A factor for every optimiser step.

    constant: `value`. linear, cosine: from `start` to `end` within `steps` steps, after `after` steps at `start`.
    steps: the first of `values` until the first step in `at`, then the next one, and so on. rebalance: as linear, and
    the other terms of the sum are multiplied by what is left to 1.
    """

    kind: str
    value: float = 1.0
    start: float = 0.0
    end: float = 1.0
    steps: int = 1
    after: int = 0
    at_steps: tuple[int, ...] = ()
    values: tuple[float, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Schedule:
        """From the mapping of a YAML file, or an OptionError."""
        if not isinstance(given, Mapping) or given.get("kind") not in KINDS:
            raise _error(given, _wrong_kind(given))
        kind, rest = given["kind"], {key: value for key, value in given.items() if key != "kind"}
        known = KINDS[kind]
        for key in rest:
            if key not in known:
                near = suggest(str(key), list(known))
                raise _error(given, _("did you mean {near}?", near=near) if near else _("remove {name!r}", name=key))
        for key, default in known.items():
            if default is None and rest.get(key) is None:
                raise _error(given, _("add {key}", key=key))
        try:
            return cls(kind, **_numbers({**known, **rest}, highest=1.0 if kind == "rebalance" else math.inf))
        except (TypeError, ValueError, OverflowError) as error:
            raise _error(given, _("correct it: {problem}", problem=error.args[0])) from None

    def as_dict(self) -> dict[str, Any]:
        """The mapping that `read` takes."""
        names = {"at": list(self.at_steps), "values": list(self.values)}
        return {"kind": self.kind, **{key: names.get(key, getattr(self, key, None)) for key in KINDS[self.kind]}}

    def at(self, step: int) -> float:
        """The factor after so many optimiser steps."""
        if self.kind == "constant":
            return self.value
        if self.kind == "steps":
            return self.values[bisect.bisect_right(self.at_steps, step)]
        way = min(max((step - self.after) / self.steps, 0.0), 1.0)
        if self.kind == "cosine":
            way = (1.0 - math.cos(math.pi * way)) / 2.0
        return self.start + (self.end - self.start) * way


def _numbers(given: dict[str, Any], highest: float) -> dict[str, Any]:
    """The numbers of a schedule, checked."""
    factors: dict[str, Any] = {
        key: _factor(given[key], key, highest) for key in ("value", "start", "end") if key in given
    }
    counts: dict[str, Any] = {
        key: _count(given[key], key, low) for key, low in (("steps", 1), ("after", 0)) if key in given
    }
    if "at" not in given:
        return {**factors, **counts}
    at = tuple(_count(step, "at", 1) for step in given["at"])
    values = tuple(_factor(value, "values", highest) for value in given["values"])
    if list(at) != sorted(set(at)) or len(values) != len(at) + 1:
        raise ValueError(_("`at` must increase, and `values` needs one number more than `at`"))
    return {"at_steps": at, "values": values}


def _factor(value: Any, name: str, highest: float) -> float:
    number = math.nan if isinstance(value, bool) else float(value)
    if not (0.0 <= number <= highest and math.isfinite(number)):
        raise ValueError(_("{name} must be a number from 0 to {highest:g}", name=name, highest=highest))
    return number


def _count(value: Any, name: str, low: int) -> int:
    number = float(value)
    if isinstance(value, bool) or number != int(number) or number < low:
        raise ValueError(_("{name} must be a number of steps, at least {low}", name=name, low=low))
    return int(number)


def _wrong_kind(given: Any) -> Text:
    if isinstance(given, Mapping) and "type" in given:
        return _("write kind instead of type: PaddleSeg would look for a component of that name")
    near = suggest(str(given.get("kind")), list(KINDS)) if isinstance(given, Mapping) else None
    if near:
        return _("did you mean {near}?", near=f"kind: {near}")
    return _("give a kind: {names}", names=", ".join(KINDS))


def _error(given: Any, cure: Text) -> OptionError:
    return OptionError(_("The schedule is {value!r}.", value=given), EXPECTED, cure)

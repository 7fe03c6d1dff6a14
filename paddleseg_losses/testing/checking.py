"""`check`: every law on one loss."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from ..errors import LawError, LossError, OptionError
from ..losses.base import Loss
from ..options import options_of
from ..registry import LossSpec
from .law import Law
from .laws import LAWS
from .laws.text import defaults_run

# The laws set these options themselves, each to several values.
SET_BY_LAWS = ("ignore_index", "reduction", "from_logits", "data_format", "checks")


@dataclass(frozen=True)
class Report:
    """A loss that keeps every law.

    Attributes:
        name: of the loss.
        options: with which it was checked, beside the defaults.
        cases: the number of problems on which it kept each law.
        excused: laws that were not checked, as the spec states a fact or names modes to which they do not apply, or the
            options change what the spec says.
        left_out: problems that the options do not fit, and why.
    """

    name: str
    options: dict[str, Any]
    cases: dict[str, int]
    excused: tuple[str, ...]
    left_out: dict[str, str]

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        lines = [f"{self.name}({given}) keeps {len(self.cases)} laws in {sum(self.cases.values())} cases."]
        if self.excused:
            lines.append(f"  not checked, by its spec or options: {', '.join(self.excused)}")
        lines += [f"  left out: {case}: {why}" for case, why in self.left_out.items()]
        return "\n".join(lines)


@dataclass(frozen=True)
class _Failure:
    law: Law
    where: str
    error: LawError


def check(loss: type[Loss] | Loss, **options: Any) -> Report:
    """Check a loss of your own against every law, on small problems of each mode that its spec names.

    Args:
        loss: A class that derives from a family and is registered, or an instance of it.
        **options: What to construct the class with.

    Returns:
        What was checked, for `print`.

    Raises:
        LawError: It breaks laws: all of them, each with what was found, what was expected and what to do.
        OptionError: There is nothing to check: it is not a registered loss, or its options fit no problem.
    """
    spec, options = _subject(loss, options)
    failures, left_out = _tried(spec, options)
    skipped = {failure.where for failure in failures} | set(left_out)
    cases: Counter[str] = Counter()
    for law in LAWS:
        for arguments in law.arguments(spec):
            where = str(arguments[1]) if len(arguments) > 1 else ""
            if where not in skipped:
                cases[law.name] += 1
                error = _run(law, arguments)
                failures += [_Failure(law, where, error)] if error else []
    if failures:
        raise _error(spec, failures) from failures[0].error.__cause__
    excused = tuple(law.name for law in LAWS if not cases[law.name])
    return Report(spec.name, options, dict(cases), excused, left_out)


def _subject(loss: Any, options: dict[str, Any]) -> tuple[LossSpec, dict[str, Any]]:
    """The spec of a loss, with the options as what it is constructed with, and the options."""
    cls = loss if isinstance(loss, type) else type(loss)
    if not issubclass(cls, Loss):
        raise OptionError(
            f"{cls.__name__} is not a loss of this package's kind.",
            "a class that derives from PixelLoss, RegionLoss, MapLoss, ScalarLoss or CompoundLoss",
            "derive it from one in paddleseg_losses.losses.families and write its one hook; forward is inherited",
        )
    if "spec" not in vars(cls):
        raise OptionError(
            f"{cls.__name__} is not registered, so nothing is known about it.",
            "a class with a spec of its own: its modes, its range and the facts that excuse it from laws",
            f"decorate it with @registered(...) of paddleseg_losses.registry, then check({cls.__name__})",
        )
    spec: LossSpec = vars(cls)["spec"]
    if isinstance(loss, Loss):
        known = options_of(cls)
        options = {**{n: v for n, v in loss.options.items() if not known[n].is_default(v)}, **options}
    for name in set(options) & set(SET_BY_LAWS):
        raise OptionError(
            f"check was given {name}={options[name]!r}.",
            f"options other than {', '.join(SET_BY_LAWS)}: the laws set these themselves",
            f"leave {name} out",
        )
    example = {**spec.example, **options}
    mode = example.pop("mode", None)
    return replace(spec, example=example, modes=spec.modes if mode is None else (mode,)), options


def _tried(spec: LossSpec, options: dict[str, Any]) -> tuple[list[_Failure], dict[str, str]]:
    """Where the loss does not even run, and the cases that its options do not fit.

    A list for three classes says nothing about two; and where a call fails, it fails under every law.
    """
    failures, misfits = [], {}
    tried = defaults_run.arguments(spec)
    for arguments in tried:
        error, where = _run(defaults_run, arguments), str(arguments[1])
        if error and options and isinstance(error.__cause__, OptionError):
            misfits[where] = error.__cause__
        elif error and error.__cause__:
            failures.append(_Failure(defaults_run, where, error))
    if misfits and len(misfits) == len(tried):
        raise next(iter(misfits.values()))
    return failures, {case: str(error.found) for case, error in misfits.items()}


def _run(law: Law, arguments: tuple[Any, ...]) -> LawError | None:
    try:
        law(*arguments)
    except LawError as error:
        return error
    except Exception as error:
        text = error.found if isinstance(error, LossError) else str(error).strip().partition("\n")[0]
        raised = LawError(f"{arguments[0].name}: {type(error).__name__}: {text}", "no error", law.cure, (law.name,))
        raised.__cause__ = error
        return raised
    return None


def _error(spec: LossSpec, failures: list[_Failure]) -> LawError:
    """One error for all broken laws, each with the first problem on which it was broken."""
    first: dict[str, _Failure] = {}
    for failure in failures:
        first.setdefault(failure.law.name, failure)
    times = Counter(failure.law.name for failure in failures)
    parts = []
    for number, (name, failure) in enumerate(first.items(), 1):
        others = f" and {times[name] - 1} more" if times[name] > 1 else ""
        parts.append(
            f"\n{number}. Law {failure.law.number}, {name}: {failure.law.claim}"
            f"\n  in {failure.where or 'the class'}{others}: {failure.error}"
        )
    return LawError(
        f"{spec.name} breaks {len(first)} of {len(LAWS)} laws.{''.join(parts)}\n",
        "every law to hold, or a fact in the spec that excuses the loss",
        "fix the first; the others often go with it",
        tuple(first),
    )

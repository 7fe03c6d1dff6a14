"""The package's laws and their cases, over the registry."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest

from paddleseg_losses import kernels, registry
from paddleseg_losses.errors import LawError
from paddleseg_losses.testing import LAWS
from paddleseg_losses.testing.cases import CASES as CASES
from paddleseg_losses.testing.cases import IGNORED as IGNORED
from paddleseg_losses.testing.cases import Case as Case
from paddleseg_losses.testing.cases import everything as everything
from paddleseg_losses.testing.cases import foreground_only as foreground_only
from paddleseg_losses.testing.cases import has as has
from paddleseg_losses.testing.cases import make as make
from paddleseg_losses.testing.cases import possible as possible
from paddleseg_losses.testing.cases import supports as supports
from paddleseg_losses.testing.cases import takes_weights as takes_weights
from paddleseg_losses.testing.cases import value_and_gradient as value_and_gradient
from paddleseg_losses.testing.cases import value_of as value_of
from paddleseg_losses.testing.cases import weights as weights

BUILT = not kernels.status()["library"].startswith("not built")
BACKENDS = ["native", "composed"] if BUILT else ["composed"]
# These laws find out whether an image is one row of pixels to a loss that looks at no neighbours; its values along one,
# two and three axes are compared by law 11, too.
OF_EVERY_SPACE = {
    "channel_axis", "channels_last", "one_hot", "permuted_pixels", "half_precision", "double_precision",
}  # fmt: skip
READING = {"channel_axis", "label_dtypes", "channels_last", "one_hot", "other_index"}  # the same code on every backend


SHORT = {"iters": 3, "erosions": 3}  # the tenth round does what the third does


def shortened(spec):
    """The same loss with few rounds, for what depends on no number of them."""
    return replace(spec, example={**{name: value for name, value in SHORT.items() if has(spec, name)}, **spec.example})


def each_case(where=lambda spec: True, cases=CASES):
    """Every registered loss in every case whose mode it takes."""
    return [
        pytest.param(spec, case, id=f"{spec.name}-{case}")
        for spec in registry.specs()
        if where(spec)
        for case in cases
        if supports(spec, case)
    ]


def each_loss(where=lambda spec: True):
    """Every registered loss."""
    return [pytest.param(spec, id=spec.name) for spec in registry.specs() if where(spec)]


def each_loss_in_its_cases(where=lambda spec: True, cases=CASES):
    """The same, all cases of a loss in one test: a thousand tests are collected faster than ten thousand."""
    return [
        pytest.param(spec, supported, id=spec.name)
        for spec in registry.specs()
        if where(spec) and (supported := [case for case in cases if supports(spec, case)])
    ]


@contextmanager
def named(what):
    """Put the case before the message of a failure."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from None


def property_test(number):
    """A test of every registered loss under each law of a number, in all its cases: in float32 on every backend.

    One test runs all cases of a law, and names each that breaks it.
    """
    params = [
        pytest.param(law, arguments, backend, id="-".join([law.name, spec.name, backend]))
        for law in LAWS
        if law.number == number
        for spec in map(shortened, registry.specs())
        for backend in BACKENDS
        if (arguments := [each for each in law.arguments(spec) if _adds(law, spec, backend, *each[1:])])
    ]

    @pytest.mark.parametrize(("law", "arguments", "backend"), params)
    def test(law, arguments, backend):
        broken = []
        with kernels.use_kernels(backend):
            for each in arguments:
                try:
                    law(*each)
                except LawError as error:
                    broken.append(f"{' '.join(map(_described, each[1:]))}: {error}")
        assert not broken, "\n".join(broken)

    return test


def _adds(law, spec, backend, case=None):
    """Whether a case tells more than the others: those of two axes stand for what does not depend on their number."""
    first = backend == BACKENDS[0]
    if case is None or (case.dtype == "float64" and not first):
        return first  # float64 is composed on every backend
    repeats_float32 = case.dtype == "float64" and "float32" in law.dtypes
    looks_at_no_space = law.name not in OF_EVERY_SPACE and not spec.neighbours
    reads_as_before = law.name in READING and not first
    return len(case.space) == 2 or not (repeats_float32 or looks_at_no_space or reads_as_before)


def _described(case):
    return f"{case} in {case.dtype}"

"""The package's laws and their cases, over the registry."""

from __future__ import annotations

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
# Laws that find out whether an image is one row of pixels to a loss that looks at no neighbours; its values along one,
# two and three axes are compared by law 11, too.
OF_EVERY_SPACE = {
    "channel_axis", "channels_last", "one_hot", "permuted_pixels", "half_precision", "double_precision",
}  # fmt: skip


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


def property_test(number):
    """A test of every registered loss under each law of a number, in all its cases: in float32 on every backend.

    One test runs all cases of a law, for a thousand tests are collected faster than ten thousand; it names each that
    breaks the law.
    """
    params = [
        pytest.param(law, arguments, backend, id="-".join([law.name, spec.name, backend]))
        for law in LAWS
        if law.number == number
        for spec in registry.specs()
        for backend in BACKENDS
        if (arguments := [a for a in _arguments(law, spec) if backend == BACKENDS[0] or _in_float32(a)])
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


def _arguments(law, spec):
    """Those of the law; images of two axes stand for all, where a loss looks at no neighbours."""
    every = spec.neighbours or law.cases is None or law.name in OF_EVERY_SPACE
    return [each for each in law.arguments(spec) if every or len(each[1].space) == 2]


def _in_float32(arguments):
    return any(case.dtype == "float32" for case in arguments[1:])


def _described(case):
    return f"{case} in {case.dtype}"

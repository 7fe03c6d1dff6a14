"""The package's laws and their scenes, over the registry."""

from __future__ import annotations

import pytest

from paddleseg_losses import registry
from paddleseg_losses.testing import LAWS
from paddleseg_losses.testing.scenes import IGNORED as IGNORED
from paddleseg_losses.testing.scenes import SCENES as SCENES
from paddleseg_losses.testing.scenes import Scene as Scene
from paddleseg_losses.testing.scenes import everything as everything
from paddleseg_losses.testing.scenes import fits as fits
from paddleseg_losses.testing.scenes import foreground_only as foreground_only
from paddleseg_losses.testing.scenes import has as has
from paddleseg_losses.testing.scenes import make as make
from paddleseg_losses.testing.scenes import possible as possible
from paddleseg_losses.testing.scenes import takes_weights as takes_weights
from paddleseg_losses.testing.scenes import value_and_gradient as value_and_gradient
from paddleseg_losses.testing.scenes import value_of as value_of
from paddleseg_losses.testing.scenes import weights as weights


def cases(where=lambda spec: True, scenes=SCENES):
    """Every registered loss in every scene whose mode it takes."""
    return [
        pytest.param(spec, scene, id=f"{spec.name}-{scene}")
        for spec in registry.specs()
        if where(spec)
        for scene in scenes
        if fits(spec, scene)
    ]


def losses(where=lambda spec: True):
    """Every registered loss."""
    return [pytest.param(spec, id=spec.name) for spec in registry.specs() if where(spec)]


def hold(number):
    """A test of every registered loss under each law of a number."""
    params = [
        pytest.param(law, case, id="-".join([law.name, case[0].name, *map(str, case[1:])]))
        for law in LAWS
        if law.number == number
        for spec in registry.specs()
        for case in law.cases(spec)
    ]

    @pytest.mark.parametrize(("law", "case"), params)
    def test(law, case):
        law(*case)

    return test

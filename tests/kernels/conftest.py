"""Kernels are tested whatever the environment says about them."""

import pytest

from paddleseg_losses import kernels


@pytest.fixture(autouse=True)
def _native():
    with kernels.using("native"):
        yield

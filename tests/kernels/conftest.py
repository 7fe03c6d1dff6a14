"""Kernels are tested whatever the environment says about them, where there are any."""

import pytest

from paddleseg_losses import kernels


@pytest.fixture
def native():
    """Native code in force."""
    if kernels.status()["library"].startswith("not built"):
        pytest.skip("no C++ compiler was found at installation")
    with kernels.use_kernels("native"):
        yield

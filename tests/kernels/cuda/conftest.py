"""The kernels for CUDA, built for the CPU once for all tests."""

import os

import pytest

from paddleseg_losses import kernels
from tests.kernels.cuda import fake

collect_ignore = ["gpu_check_on_cpu.py"]  # a script for an interpreter with torch


@pytest.fixture(scope="session")
def shim(request):
    """The library that runs the kernels."""
    if not fake.has_compiler():
        pytest.skip("no g++ to build the kernels for the CPU")
    return fake.build(request.config.cache.mkdir("cuda_shim"), *os.environ.get("CUDA_SHIM_FLAGS", "").split())


@pytest.fixture
def card(shim):
    """A card on which all tensors lie."""
    with kernels.use_kernels("auto"), fake.on_card(shim) as driver:
        yield driver

"""What the laws share."""

import pytest

from paddleseg_losses import kernels

from .cases import BACKENDS


@pytest.fixture(params=BACKENDS)
def each_backend(request):
    with kernels.use_kernels(request.param):
        yield

"""What the laws share: those on float32 hold for both paths on a CPU, native and composed."""

import pytest

from paddleseg_losses import kernels

BUILT = not kernels.status()["library"].startswith("not built")


@pytest.fixture(params=["native", "composed"] if BUILT else ["composed"])
def each_path(request):
    with kernels.use_kernels(request.param):
        yield

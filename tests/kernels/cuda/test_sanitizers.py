"""No kernel reads or writes beyond its tensors or its shared memory, or overflows: their tests run with sanitizers."""

import os
import subprocess
import sys
from pathlib import Path

import paddle
import pytest

from tests.kernels.cuda import fake

HERE = Path(__file__).parent
LEFT_OUT = {
    "test_losses", "test_maps_memory", "test_maps_wait_for_nothing",  # the same kernels with the same wrappers
    "test_code", "test_device", "test_gpu_check", "test_ptx_text", "test_sanitizers",  # none, or a script of their own
}  # fmt: skip
FILES = sorted(path for path in HERE.glob("test_*.py") if path.stem not in LEFT_OUT)
BEYOND = """
import sys, paddle
from pathlib import Path
from paddleseg_losses.kernels.cuda import device
from tests.kernels.cuda import fake
with fake.on_card(Path(sys.argv[1])):
    device.launch("sum_parts", 4, 128, 0, paddle.zeros([1, 1, 3]), paddle.zeros([1, 3]), 1, 3)
"""


@pytest.fixture(scope="module")
def sanitized(request):
    """The folder of a build with sanitizers, and the environment in which Python can load it."""
    if sys.platform != "linux" or not fake.has_compiler():
        pytest.skip("no g++ with sanitizers")
    runtimes = (
        subprocess.run(["g++", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout.strip()
        for name in ("libasan.so", "libstdc++.so")
    )
    environment = {
        **os.environ,
        # Twice as fast to compile as -O1.
        "CUDA_SHIM_FLAGS": "-Og -fsanitize=address,undefined -fno-sanitize-recover=all -g1",
        "LD_PRELOAD": " ".join(runtimes),
        "LD_LIBRARY_PATH": str(Path(paddle.__file__).with_name("libs")),  # what Paddle loads later
        "FLAGS_use_system_allocator": "1",  # each tensor is a block of its own
        "ASAN_OPTIONS": "detect_leaks=0:alloc_dealloc_mismatch=0",  # the interpreter's and Paddle's own
    }
    return request.config.cache.mkdir("cuda_shim"), environment


@pytest.mark.slow
def test_a_kernel_that_reads_beyond_is_caught(sanitized):
    folder, environment = sanitized
    library = fake.build(folder, *environment["CUDA_SHIM_FLAGS"].split())
    done = _run(environment, "-W", "ignore", "-c", BEYOND, str(library))
    assert done.returncode != 0
    assert "heap-buffer-overflow" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_kernels_are_clean(sanitized):
    done = _run(sanitized[1], "-m", "pytest", "-q", "-m", "not slow", *map(str, FILES))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def _run(environment, *command):
    root = HERE.parents[2]
    return subprocess.run([sys.executable, *command], env=environment, cwd=root, capture_output=True, text=True)

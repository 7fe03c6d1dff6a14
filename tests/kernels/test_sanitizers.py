"""No kernel reads or writes beyond its arrays, overflows or shifts too far: built anew with sanitizers, and run."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paddleseg_losses.kernels import signatures
from tests.native_build import NativeBuild

NATIVE = signatures.HEADER.parent
FLAGS = ["-std=c++17", "-Og", "-g1", "-fopenmp-simd", "-fno-sanitize-recover=all", "-DNO_TARGET_CLONES", "-I."]
# A trap instead of a message compiles in four fifths of the time; ASan still tells the line (`handle_sigill`).
ADDRESS = ["-fsanitize=address,undefined", "-fsanitize-undefined-trap-on-error"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "runtime", "runs"),
    [
        (ADDRESS, "libasan.so", ["small:1", "small:3", "large:3", "long:3"]),
        (["-fsanitize=thread"], "libtsan.so", ["small:3", "medium:3", "long:3"]),
    ],
    ids=["address", "thread"],
)
def test_kernels_are_clean(flags, runtime, runs, tmp_path, request):
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("no g++ to build the kernels anew")
    sources = sorted(path.relative_to(NATIVE).as_posix() for path in NATIVE.rglob("*.cpp") if path.name != "module.cpp")
    objects, library = request.config.cache.mkdir("sanitized"), tmp_path / "kernels.so"
    NativeBuild(NATIVE, [*FLAGS, *flags], objects, compiler).link(sources, library)
    preload = subprocess.run([compiler, f"-print-file-name={runtime}"], capture_output=True, text=True, check=True)
    environment = {
        "LD_PRELOAD": preload.stdout.strip(),
        "ASAN_OPTIONS": "handle_sigill=1:detect_leaks=0",  # leaks are the interpreter's own
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [
        sys.executable,
        str(Path(__file__).with_name("sanitized.py")),
        str(library),
        signatures.__file__,
        *runs,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "clean\n"

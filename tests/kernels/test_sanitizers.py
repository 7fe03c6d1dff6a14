"""No kernel reads or writes beyond its arrays, overflows or shifts too far: built anew with sanitizers, and run."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paddleseg_losses.kernels import signatures

NATIVE = signatures.HEADER.parent
BUILD = ["-std=c++17", "-O1", "-g", "-fopenmp-simd", "-shared", "-fPIC", "-pthread", "-fno-sanitize-recover=all",
         "-DNO_TARGET_CLONES", f"-I{NATIVE}"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("sanitizer", "runtime"), [("address,undefined", "libasan.so"), ("thread", "libtsan.so")])
def test_kernels_are_clean(tmp_path, sanitizer, runtime):
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("no g++ to build the kernels anew")
    library = tmp_path / "kernels.so"
    sources = [str(path) for path in sorted(NATIVE.rglob("*.cpp")) if path.name != "module.cpp"]
    subprocess.run([compiler, *BUILD, f"-fsanitize={sanitizer}", *sources, "-o", str(library)], check=True)
    preload = subprocess.run([compiler, f"-print-file-name={runtime}"], capture_output=True, text=True, check=True)
    environment = {
        "LD_PRELOAD": preload.stdout.strip(),
        "ASAN_OPTIONS": "detect_leaks=0",  # the interpreter's own
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, str(Path(__file__).with_name("sanitized.py")), str(library), signatures.__file__]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "clean\n"

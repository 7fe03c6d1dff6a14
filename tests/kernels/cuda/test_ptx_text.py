"""The shipped PTX text belongs to its source, and says what arguments kernels take."""

import ctypes
import os
import re
import shutil
import subprocess

import pytest

from paddleseg_losses.kernels.cuda import compile as compiling
from paddleseg_losses.kernels.cuda import ptx_text

SOURCES = compiling.sources()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_text_is_of_this_source(path):
    """`python paddleseg_losses/kernels/cuda/compile.py` makes it anew."""
    text = (compiling.PTX / f"{path.stem}.ptx").read_text(encoding="ascii")
    assert text.startswith(compiling.head(path))
    try:
        made = compiling.ptx(path)
    except ImportError as error:
        pytest.skip(f"its first line alone is compared: {error}")
    assert text == made


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_drivers_of_cuda_11_0_know_the_version(path):
    """They refuse a later one (`compiling.ISA`), whatever the text says below that line."""
    text = ptx_text.text(path.stem).decode("ascii")
    assert re.findall(r"^\.(?:version|target) (\S+)$", text, re.MULTILINE) == ["7.0", "sm_60"]


@pytest.mark.slow
@pytest.mark.parametrize("card", ["sm_75", "sm_100"])
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_an_assembler_finds_nothing_newer_in_it(path, card):
    """A toolkit's `ptxas` reads the text as a driver does, and refuses what its version has not."""
    if shutil.which("ptxas") is None:
        pytest.skip("no CUDA toolkit")
    text = str(compiling.PTX / f"{path.stem}.ptx")
    done = subprocess.run(["ptxas", f"-arch={card}", text, "-o", os.devnull], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout


def test_no_text_is_without_a_source():
    assert {path.stem for path in compiling.PTX.iterdir()} == {path.stem for path in SOURCES}


def test_every_kernel_is_found_in_the_text():
    in_text = sum(path.read_text(encoding="ascii").count(".entry ") for path in compiling.PTX.glob("*.ptx"))
    assert len(ptx_text.kernels()) == in_text > 0


def test_arguments_are_packed_as_the_text_says():
    kernel = ptx_text.kernels()["sum_parts"]
    packed = kernel.pack((4096, None, 1 << 40, -1))
    assert [type(each) for each in packed] == [ctypes.c_int64] * 4
    assert [each.value for each in packed] == [4096, 0, 1 << 40, -1]


def test_wrong_arguments_are_refused():
    kernel = ptx_text.Kernel("k", "m", (ctypes.c_int32, ctypes.c_float, 8))
    struct = type("Pair", (ctypes.Structure,), {"_fields_": [("a", ctypes.c_int32), ("b", ctypes.c_int32)]})
    assert [each.value for each in kernel.pack((3, 0.5, struct()))[:2]] == [3, 0.5]
    with pytest.raises(TypeError, match="takes 3 arguments, not 2"):
        kernel.pack((1, 2))
    with pytest.raises(OverflowError, match="32 bits"):
        kernel.pack((1 << 32, 1.0, struct()))
    with pytest.raises(TypeError, match="struct of 8 bytes"):
        kernel.pack((1, 1.0, 2))
    with pytest.raises(TypeError, match="not a tensor"):
        kernel.pack((type("T", (), {"data_ptr": lambda self: 1})(), 1.0, struct()))

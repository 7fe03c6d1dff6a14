"""The header is the only place that states what the library exports: nothing is missing on either side."""

import re
import shutil
import subprocess

import pytest

from paddleseg_losses import kernels
from paddleseg_losses.kernels import signatures
from tests.unit.test_rooms import NATIVE

SOURCES = "".join(path.read_text(encoding="utf-8") for path in NATIVE.parent.glob("*.py"))


def test_what_is_declared_is_defined_and_the_other_way_round():
    defined = {
        name for path in NATIVE.rglob("*.cpp") for name in re.findall(r"^EXPORT .*?(\w+)\(", path.read_text(), re.M)
    }
    assert defined == signatures.functions().keys()


@pytest.mark.usefixtures("native")
def test_the_library_exports_what_is_declared():
    for name in signatures.functions():
        assert hasattr(kernels.library(), name), name


@pytest.mark.usefixtures("native")
@pytest.mark.skipif(shutil.which("nm") is None, reason="no nm to list the symbols of a library")
def test_the_library_exports_nothing_else():
    listed = subprocess.run(["nm", "-D", "--defined-only", kernels.status()["library"]], capture_output=True, text=True)
    names = {line.split()[-1] for line in listed.stdout.splitlines()}
    plain = {name for name in names if not name.startswith("_")}  # not those of the C++ runtime
    assert plain - {"PyInit__native"} == signatures.functions().keys()


@pytest.mark.parametrize("name", signatures.functions())
def test_python_calls_what_is_declared(name):
    assert f'"{name}"' in SOURCES


def test_the_reader_reads_every_line_of_the_header():
    text = signatures.HEADER.read_text(encoding="utf-8")
    assert len(re.findall(r"^EXPORT", text, re.M)) == len(signatures.functions())
    assert re.findall(r"^struct (\w+)", text, re.M) == list(signatures.structs())
    assert re.findall(r"^enum (\w+)", text, re.M) == list(signatures.enums())

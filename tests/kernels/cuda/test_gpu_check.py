"""`benchmarks/gpu_check.py` as far as it goes without a card: its logic, on the fake driver, where there is torch."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
INTERPRETERS = (sys.executable, ROOT / ".venv-bench" / "bin" / "python")  # `make bench` makes the second


def _with_torch():
    for python in map(str, INTERPRETERS):
        code = "import importlib.util as u; raise SystemExit(u.find_spec('torch') is None)"
        if Path(python).exists() and subprocess.run([python, "-c", code]).returncode == 0:
            return python
    return None


@pytest.mark.slow
def test_it_finds_the_kernels_right(shim):
    python = _with_torch()
    if python is None:
        pytest.skip("no torch, neither here nor in the environment of `make bench`")
    script = Path(__file__).with_name("gpu_check_on_cpu.py")
    done = subprocess.run([python, "-W", "error", str(script), str(shim)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("as expected\n")


def test_the_stand_in_has_what_the_wrappers_ask_paddle_for():
    """Where there is no torch, nothing else would notice."""
    package, stand_in = ROOT / "paddleseg_losses", (ROOT / "benchmarks" / "paddle_on_torch.py").read_text()
    known = {*re.findall(r"paddle\.(\w+)", stand_in), *re.findall(r'"(\w+)"', stand_in)}
    for file in [package / "kernels" / "unfilled.py", *sorted((package / "kernels" / "cuda").glob("*.py"))]:
        nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        asked = {node.attr for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "paddle"}
        assert asked <= known, file

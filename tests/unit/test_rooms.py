"""Every line of code has its room: who may import whom, and where the files of a kernel lie."""

import ast
from pathlib import Path

import pytest

import paddleseg_losses
from benchmarks.kernels import KERNELS

PACKAGE = Path(paddleseg_losses.__file__).parent
NATIVE = PACKAGE / "kernels" / "native"
ROOT = Path(__file__).parents[2]
SHARED = {"module", "map_sums"}  # what makes it an extension, and the way back of several kernels: they have no formula
STEMS = sorted(path.stem for path in NATIVE.glob("*.cpp") if path.stem not in SHARED)
# What a room may import of ours, beside itself. What is imported for type checkers alone does not count.
ROOMS = {
    "errors": set(),
    "shape_advice": set(),
    "other_libraries": set(),
    "registry": {"errors", "other_libraries"},
    "kernels": {"errors"},
    "functional": {"errors", "kernels"},
    "inputs": {"functional"},
    "door": {"errors", "registry", "accepts", "checks", "inputs", "functional", "kernels"},
    "losses": {"errors", "registry", "options", "schedules", "accepts", "door", "inputs", "functional"},
}


def _imported(path):
    """Names of our modules, right below the package, that a file imports."""
    package, found = path.relative_to(PACKAGE).parts[:-1], set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {node for block in ast.walk(tree) if _guards(block) for part in block.body for node in ast.walk(part)}
    for node in set(ast.walk(tree)) - guarded:
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package[: len(package) - node.level + 1]
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found.update([*above, *name.split(".")][0] for name in names)
        elif isinstance(node, ast.ImportFrom):
            found.update(_below(f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            found.update(_below(alias.name) for alias in node.names)
    return found - {""}


def _below(name):
    """The part of a module's full name below our package, or nothing."""
    parts = name.split(".")
    return parts[1] if parts[0] == PACKAGE.name and len(parts) > 1 else ""


def _guards(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_what_it_may(room):
    files = sorted((PACKAGE / room).rglob("*.py")) or [PACKAGE / f"{room}.py"]
    for path in files:
        assert _imported(path) - {room} <= ROOMS[room], path


@pytest.mark.parametrize("stem", STEMS)
def test_a_kernel_has_one_name_everywhere(stem):
    """In C++, in Python around it, in its formula, in its tests and in the benchmark."""
    assert (PACKAGE / "kernels" / f"{stem}.py").is_file()
    assert (PACKAGE / "functional" / f"{stem}.py").is_file()
    assert (ROOT / "tests" / "kernels" / f"test_{stem}.py").is_file()
    assert stem in KERNELS


def test_nothing_is_left_of_a_kernel_that_is_gone():
    assert list(KERNELS) == STEMS

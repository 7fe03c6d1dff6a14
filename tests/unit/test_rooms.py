"""Every line of code has its room: who may import whom, and where the files of a kernel lie."""

import ast
import re
from pathlib import Path

import pytest

import paddleseg_losses
from benchmarks.kernels import KERNELS

PACKAGE = Path(paddleseg_losses.__file__).parent
NATIVE = PACKAGE / "kernels" / "native"
ROOT = Path(__file__).parents[2]
SHARED = {"module", "map_sums"}  # what makes it an extension, and the backward pass of several kernels: no formulas
COMPOSED = {"probabilities": "inputs"}  # where a formula lies that is not in `functional`
STEMS = sorted(path.stem for path in NATIVE.rglob("*.cpp") if path.stem not in SHARED)
# What a room may import of ours, beside itself: only what stands above it here. Imports for type checkers count too.
ROOMS = {
    "i18n": set(),
    "errors": set(),
    "safe_yaml": {"errors"},
    "import_order": set(),
    "pages": {"errors"},
    "scoring": {"errors"},
    "formula": set(),
    "autocast": set(),
    "differentiable": {"autocast"},
    "numeric": {"differentiable"},
    "softmax": {"differentiable", "numeric"},
    "shares": {"differentiable", "numeric", "softmax"},
    "problem": set(),
    "shape_advice": set(),
    "other_libraries": set(),
    "registry": {"errors", "other_libraries"},
    "catalogue": {"errors", "registry"},
    "known_spacing": {"errors"},
    "precomputed_maps": {"errors", "numeric", "known_spacing"},
    "conversion": set(),
    "cached_in_graph": set(),
    "ignored_labels": set(),
    "label_sets": set(),
    "sample_files": set(),
    "resized": {"numeric"},
    "validation": {"errors", "ignored_labels", "label_sets", "numeric", "shape_advice"},
    "kernels": {"errors", "problem", "differentiable"},
    "labelled": {"cached_in_graph", "numeric", "problem"},
    "inputs": {"cached_in_graph", "labelled", "numeric", "softmax", "shares", "problem", "kernels"},
    "functional": {
        "errors",
        "differentiable",
        "numeric",
        "softmax",
        "shares",
        "problem",
        "known_spacing",
        "precomputed_maps",
        "kernels",
        "inputs",
    },
    "given_values": {"conversion", "errors", "ignored_labels", "numeric"},
    "layout": {
        "conversion",
        "errors",
        "given_values",
        "ignored_labels",
        "kernels",
        "label_sets",
        "numeric",
        "problem",
        "registry",
        "shape_advice",
    },
    "preparation": {"errors", "numeric", "problem", "inputs", "kernels", "layout", "validation"},
    "evidence": set(),
    "schedules": {"errors", "registry"},
    "options": {"errors", "other_libraries", "registry", "schedules"},
    "describe": {"errors", "formula", "options", "registry"},
    "losses": {
        "autocast",
        "errors",
        "differentiable",
        "numeric",
        "ignored_labels",
        "label_sets",
        "known_spacing",
        "precomputed_maps",
        "registry",
        "options",
        "schedules",
        "preparation",
        "inputs",
        "functional",
        "resized",
    },
    "transforms": {
        "errors",
        "functional",
        "known_spacing",
        "precomputed_maps",
        "sample_files",
        "options",
        "registry",
        "validation",
    },
    "testing": {"errors", "options", "registry", "losses"},
    "paddleseg": {
        "errors",
        "safe_yaml",
        "other_libraries",
        "options",
        "registry",
        "losses",
        "schedules",
        "transforms",
        "known_spacing",
        "precomputed_maps",
        "sample_files",
        "resized",
    },
    "datasets": {"errors", "registry", "sample_files", "transforms", "paddleseg"},
    "drawing": {"errors", "options", "registry", "losses", "functional", "datasets"},
    "doctor": {"errors", "losses", "catalogue", "paddleseg", "datasets"},
    "start": {"errors", "safe_yaml", "registry", "catalogue", "paddleseg", "datasets", "drawing"},
    "after_training": {"errors", "registry", "scoring", "pages", "paddleseg", "datasets", "drawing"},
    "experiment": {"errors", "registry", "scoring", "pages", "paddleseg", "drawing"},
    "suggestion": {"errors", "registry", "catalogue", "evidence", "paddleseg", "datasets"},
}
EVERYWHERE = {"i18n"}  # every room has texts; it imports nothing of ours
BELOW_THE_COMMAND_LINE = sorted({path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py")} - {"cli"})


def _imported(path):
    """Names of our modules, right below the package, that a file imports."""
    package, imported = path.relative_to(PACKAGE).parts[:-1], set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package[: len(package) - node.level + 1]
            names = [node.module] if node.module else [alias.name for alias in node.names]
            imported.update([*above, *name.split(".")][0] for name in names)
        elif isinstance(node, ast.ImportFrom):
            imported.update(_below(f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            imported.update(_below(alias.name) for alias in node.names)
    return imported - {""}


def _below(name):
    """The part of a module's full name below our package, or nothing."""
    parts = name.split(".")
    return parts[1] if parts[0] == PACKAGE.name and len(parts) > 1 else ""


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_what_it_may(room):
    files = sorted((PACKAGE / room).rglob("*.py")) or [PACKAGE / f"{room}.py"]
    for path in files:
        assert _imported(path) - {room, "_version"} <= ROOMS[room] | EVERYWHERE, path


def test_no_room_imports_upward():
    order = list(ROOMS)
    for room, below in ROOMS.items():
        assert all(order.index(other) < order.index(room) for other in below), room


@pytest.mark.parametrize("name", BELOW_THE_COMMAND_LINE)
def test_nobody_imports_the_command_line(name):
    path = PACKAGE / name
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        assert file.name == "__main__.py" or "cli" not in _imported(file), file


def test_every_room_has_a_rule():
    modules = {path.stem for path in PACKAGE.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert modules - {"__init__", "__main__", "__pycache__", "_version", "py", "cli"} <= set(ROOMS)


@pytest.mark.parametrize("stem", STEMS)
def test_a_kernel_has_one_name_everywhere(stem):
    """In C++, in Python around it, in its formula, in its tests and in the benchmark."""
    assert (PACKAGE / "kernels" / f"{stem}.py").is_file()
    assert (PACKAGE / f"{COMPOSED.get(stem, f'functional/{stem}')}.py").is_file()
    assert (ROOT / "tests" / "kernels" / f"test_{stem}.py").is_file()
    assert stem in KERNELS


def test_nothing_is_left_of_a_kernel_that_is_gone():
    assert list(KERNELS) == STEMS


def test_a_type_of_native_code_has_one_definition():
    """A linker takes any of several destructors of one name."""
    types = [
        (match[1], path.stem)
        for path in NATIVE.rglob("*.hpp")
        for match in re.finditer(r"^(?:struct|class) (\w+)(?!\w*;)", path.read_text(encoding="utf-8"), re.M)
    ]
    assert len(types) > 40
    assert len({name for name, _file in types}) == len(types), sorted(types)

"""What a picture of a loss is made of, as a key: what was computed before is computed anew when its key has changed."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from functools import cache
from pathlib import Path

import paddle

import paddleseg_losses
from paddleseg_losses.losses.base import Loss

PACKAGE = Path(paddleseg_losses.__file__).parent
MEASURED_BY = "paddleseg_losses.drawing.measurements"


def key(loss: Loss, *texts: str, also: tuple[Path, ...] = ()) -> str:
    """Changes with Paddle, with a loss, its options and the code of all it uses, with `texts` and the files `also`."""
    modules = {type(layer).__module__ for layer in loss.sublayers(include_self=True)}
    parts = [code(path) for path in (*sources(*modules, MEASURED_BY), *also)]
    return hashlib.sha256("\n".join([*parts, *texts, repr(loss), paddle.__version__]).encode()).hexdigest()[:16]


def sources(*modules: str) -> list[Path]:
    """The files of the package that some of its modules are made of: theirs, and those of all they import."""
    files: dict[str, Path] = {}
    ahead = list(modules)
    while ahead:
        name = ahead.pop()
        file = getattr(sys.modules.get(name), "__file__", None)
        if name not in files and file and name.startswith("paddleseg_losses."):
            files[name] = Path(file)
            ahead += _imports(name, files[name])
    return sorted([*files.values(), *(PACKAGE / "kernels" / "native").rglob("*.[ch]*")])


@cache
def _imports(name: str, path: Path) -> list[str]:
    """What a module imports from this package; of `from a import b`, b may be a module too."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            modules += [origin, *(f"{origin}.{alias.name}" for alias in node.names)]
    return modules


class _Bare(ast.NodeTransformer):
    """Code without its docstrings: what they say changes no picture."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node


@cache
def code(path: Path) -> str:
    """Of a file, what decides a picture."""
    text = path.read_text(encoding="utf-8")
    return ast.dump(_Bare().visit(ast.parse(text))) if path.suffix == ".py" else text

"""Written by `paddleseg-losses enable`, removed by `paddleseg-losses disable`.

Whenever a Python of this environment imports `paddleseg` or `medicalseg`, the losses of paddleseg_losses are registered
with it. This file runs at every start of Python, so it imports nothing, and nothing that it does may end a program.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing `typing` for it would cost a millisecond
if TYPE_CHECKING:
    from typing import Any


class Finder:
    """Waits for imports of some packages, whichever clone or wheel they come from.

    It stays for good: looking a module up does not import it, and an import that failed may be tried again.
    """

    packages = ("paddleseg", "medicalseg", "nnunet")  # the last is a part of MedicalSeg
    searching = False

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Let the others find it, and step in after it has run."""
        if name not in self.packages or self.searching:
            return None
        self.searching = True
        try:
            spec = _found(name, path, target)
        finally:
            self.searching = False
        loader: Any = spec and spec.loader
        try:
            if not hasattr(loader, "_paddleseg_losses"):
                loader.exec_module = _then_activate(name, loader.exec_module)
                loader._paddleseg_losses = True
        except AttributeError:
            pass  # no loader, or one of a kind that nobody may change
        return spec


def _found(name: str, path: Any, target: Any) -> Any:
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        spec = find(name, path, target) if find else None
        if spec is not None:
            return spec
    return None


def _then_activate(name: str, exec_module: Any) -> Any:
    def run(module: Any) -> None:
        exec_module(module)
        if name == "nnunet" and "medicalseg" not in sys.modules:
            return  # the nnU-Net of PyTorch: nothing of Paddle is imported there
        try:
            from paddleseg_losses.paddleseg.enabling import activate

            activate(name)
        except Exception as error:
            sys.stderr.write(
                "paddleseg_losses is enabled but its losses are not registered (%s: %s). To stop this message run "
                "`paddleseg-losses disable`, or delete %s and the .pth file beside it.\n"
                % (type(error).__name__, error, __file__)
            )

    return run


sys.meta_path.insert(0, Finder())

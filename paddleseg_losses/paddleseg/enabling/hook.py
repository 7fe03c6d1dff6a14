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
    """Waits for the first import of each, whichever clone or wheel it comes from."""

    def __init__(self) -> None:
        self.waiting = {"paddleseg", "medicalseg", "nnunet"}  # the last is a part of MedicalSeg

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Let the others find it, and step in after it has run."""
        if name not in self.waiting:
            return None
        self.waiting.remove(name)
        from importlib.util import find_spec

        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            loader.exec_module = _then_activate(name, spec.loader.exec_module)
        return spec


def _then_activate(name: str, exec_module: Any) -> Any:
    def run(module: Any) -> None:
        exec_module(module)
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

"""The programs and configs of the repository that show a loss at work."""

from __future__ import annotations

import re
from functools import cache

from paddleseg_losses.registry import LossSpec

from .language import DOCS

ROOT = DOCS.parent
FOLDERS = ("examples/*.py", "configs/tasks/*.yml", "configs/recipes/*.yml", "configs/usage/*.yml")
# For losses that none of them uses: the smallest training loop for each kind of problem.
LOOPS = {
    "multiclass": "examples/plain_paddle.py",
    "binary": "examples/binary.py",
    "multilabel": "examples/multilabel.py",
}


def using(name: str) -> list[str]:
    """The files that use a loss, programs first."""
    return [file for file, names in _names().items() if name in names]


def loop_for(spec: LossSpec) -> str:
    """A program in which a loss can take the place of the one that is there."""
    return next(file for mode, file in LOOPS.items() if mode in spec.modes)


@cache
def _names() -> dict[str, set[str]]:
    """The names of losses in each file."""
    files = [path for folder in FOLDERS for path in sorted(ROOT.glob(folder))]
    return {
        path.relative_to(ROOT).as_posix(): set(re.findall(r"\b[A-Z]\w*Loss\b", path.read_text(encoding="utf-8")))
        for path in files
    }

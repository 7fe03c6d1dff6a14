"""The native library of a mutant: only what the changed file is part of is compiled anew."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.native_build import NativeBuild

LIBRARY = Path("paddleseg_losses/kernels/_native.abi3.so")
READ_SETUP = """
import json, runpy, setuptools
def setup(ext_modules, **rest):
    one, = ext_modules
    print(json.dumps([one.extra_compile_args + ["-I" + folder for folder in one.include_dirs], one.sources]))
setuptools.setup = setup
runpy.run_path("setup.py")
"""


class Library:
    """The library of a checkout, with the flags of its setup.py."""

    def __init__(self, checkout: Path, objects: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-c", READ_SETUP], cwd=checkout, capture_output=True, text=True, check=True
        )
        flags, sources = json.loads(done.stdout)
        self.sources = [source for source in sources if Path(source).name != "module.cpp"]  # that one is for pip alone
        self.path, self._build = checkout / LIBRARY, NativeBuild(checkout, flags, objects)

    def build(self) -> None:
        """Bring it up to date."""
        self._build.link(self.sources, self.path)

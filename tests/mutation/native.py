"""The native library of a mutant: only what the changed file is part of is compiled anew."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LIBRARY = Path("paddleseg_losses/kernels/_native.abi3.so")
READ_SETUP = """
import json, runpy, setuptools
def setup(ext_modules, **rest):
    one, = ext_modules
    print(json.dumps([one.extra_compile_args + ["-I" + folder for folder in one.include_dirs], one.sources]))
setuptools.setup = setup
runpy.run_path("setup.py")
"""


class CompileError(Exception):
    """The changed code is no C++."""


class Builder:
    """Builds the library of a checkout with the flags of its setup.py, and keeps each object by what it is made of."""

    def __init__(self, checkout: Path, objects: Path) -> None:
        self.checkout, self.objects = checkout, objects
        objects.mkdir(parents=True, exist_ok=True)
        self.flags, sources = json.loads(self._run(sys.executable, "-c", READ_SETUP))
        self.sources = [source for source in sources if Path(source).name != "module.cpp"]  # for pip alone

    def build(self) -> None:
        """Bring the library up to date."""
        with ThreadPoolExecutor(2) as pool:
            objects = list(pool.map(self._compiled, self.sources))
        self._run("g++", "-shared", "-pthread", *objects, "-o", f"{LIBRARY}.new")
        (self.checkout / f"{LIBRARY}.new").replace(self.checkout / LIBRARY)

    def _compiled(self, source: str) -> str:
        parts = self._run("g++", *self.flags, "-MM", source).replace("\\\n", " ").partition(":")[2].split()
        content = hashlib.sha256("\0".join(self.flags).encode())
        for part in parts:
            content.update((self.checkout / part).read_bytes())
        made = self.objects / f"{content.hexdigest()}.o"
        if not made.exists():
            self._run("g++", "-fPIC", *self.flags, "-c", source, "-o", f"{made}.new")
            Path(f"{made}.new").replace(made)
        return str(made)

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.checkout, capture_output=True, text=True)
        if done.returncode:
            raise CompileError(done.stderr[:2000])
        return done.stdout

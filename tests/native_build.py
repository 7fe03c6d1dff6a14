"""Builds native code for tests: with other flags than an installation, or with a mistake in it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


class CompileError(Exception):
    """What the compiler says."""


class NativeBuild:
    """Compiles sources in parallel; an object is kept by what it is made of, so that nothing is compiled twice."""

    def __init__(self, root: Path, flags: Sequence[str], objects: Path, compiler: str = "g++") -> None:
        self.root, self.flags, self.objects, self.compiler = root, list(flags), objects, compiler
        objects.mkdir(parents=True, exist_ok=True)

    def link(self, sources: Sequence[str], library: Path) -> None:
        """A library of all sources, whose paths are relative to the root."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(self._compiled, sources))
        made = library.with_suffix(".new")
        self._run("-shared", "-pthread", *self.flags, *objects, "-o", str(made))
        made.replace(library)  # a process that has the old one open keeps it

    def _compiled(self, source: str) -> str:
        parts = self._run(*self.flags, "-MM", source).replace("\\\n", " ").partition(":")[2].split()
        content = hashlib.sha256("\0".join([self.compiler, *self.flags]).encode())
        for part in parts:
            content.update((self.root / part).read_bytes())
        made = self.objects / f"{content.hexdigest()}.o"
        if not made.exists():
            partial = made.with_suffix(f".{os.getpid()}")
            self._run("-fPIC", *self.flags, "-c", source, "-o", str(partial))
            partial.replace(made)
        return str(made)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([self.compiler, *arguments], cwd=self.root, capture_output=True, text=True)
        if done.returncode:
            raise CompileError(done.stderr[:3000])
        return done.stdout

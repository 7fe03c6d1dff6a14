"""Makes the PTX text of the sources: `python paddleseg_losses/kernels/cuda/compile.py`.

By NVRTC 11.8 (`pip install nvidia-cuda-nvrtc-cu11==11.8.89`), which needs neither a card nor a driver. For compute
capability 6.0: nothing here needs more, hardly anybody has older cards, and the driver compiles the text for the card
that it finds. Nobody who runs a loss imports it; a script without Paddle can load it from its file.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import re
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

SOURCE, PTX = (Path(__file__).with_name(name) for name in ("source", "ptx"))
VERSION = (11, 8)
TARGET = "compute_60"
OPTIONS = ("--std=c++14",)
# The version of PTX that the text names, that of CUDA 11.0, instead of the compiler's own: a driver refuses a later one
# than it knows, and nothing here is newer.
ISA, _ITS_OWN = "7.0", "7.8"


class CompileError(Exception):
    """What NVRTC says."""


def sources() -> list[Path]:
    """The files that become one PTX file each."""
    return sorted(SOURCE.glob("*.cu"))


def fingerprint(path: Path) -> str:
    """Of a source with all that it includes, and of the options."""
    content = hashlib.sha256("\0".join((TARGET, ISA, *OPTIONS)).encode())
    for part in (path, *sorted(_included(path))):
        content.update(part.read_bytes())
    return content.hexdigest()


def _included(path: Path) -> set[Path]:
    direct = {
        path.with_name(name)
        for name in re.findall(r'^#include "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    return direct.union(*map(_included, direct))


def head(path: Path) -> str:
    """The first line of its PTX text."""
    return f"// {path.name} by compile.py, sha256 {fingerprint(path)}\n"


def ptx(path: Path) -> str:
    """The PTX text of a source."""
    text = Nvrtc().compile(path, TARGET)[0].rstrip(b"\0").decode("ascii")
    return head(path) + text.replace(f".version {_ITS_OWN}\n", f".version {ISA}\n", 1)


class Nvrtc:
    """NVRTC, where it is installed; else ImportError."""

    def __init__(self) -> None:
        self._lib = _library()

    def compile(self, path: Path, target: str, *more: str) -> tuple[bytes, str]:
        """PTX text for a compute_..., or code for an sm_..., and what the compiler says of it."""
        program = ctypes.c_void_p()
        text, name = path.read_bytes(), path.name.encode()
        self._check(self._lib.nvrtcCreateProgram(ctypes.byref(program), text, name, 0, None, None))
        options = [f"--gpu-architecture={target}", f"--include-path={SOURCE}", *OPTIONS, *more]
        array = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        failed = self._lib.nvrtcCompileProgram(program, len(options), array)
        log = self._text(program, "ProgramLog").rstrip(b"\0").decode()
        if failed:
            raise CompileError(log)
        code = self._text(program, "CUBIN" if target.startswith("sm_") else "PTX")
        self._lib.nvrtcDestroyProgram(ctypes.byref(program))
        return code, log

    def _text(self, program: Any, what: str) -> bytes:
        size = ctypes.c_size_t()
        self._check(getattr(self._lib, f"nvrtcGet{what}Size")(program, ctypes.byref(size)))
        room = ctypes.create_string_buffer(size.value)
        self._check(getattr(self._lib, f"nvrtcGet{what}")(program, room))
        return room.raw

    def _check(self, code: int) -> None:
        if code:
            self._lib.nvrtcGetErrorString.restype = ctypes.c_char_p
            raise CompileError(self._lib.nvrtcGetErrorString(code).decode())


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    try:
        package = importlib.util.find_spec("nvidia.cuda_nvrtc")
    except ModuleNotFoundError:
        package = None
    for folder in (package.submodule_search_locations or []) if package else []:
        libraries = sorted([*Path(folder).glob("lib/libnvrtc.so.*"), *Path(folder).glob("bin/nvrtc64_*.dll")])
        if not libraries:
            continue
        library = ctypes.CDLL(str(libraries[0]))
        major, minor = ctypes.c_int(), ctypes.c_int()
        library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
        if (major.value, minor.value) == VERSION:
            return library
    raise ImportError("NVRTC 11.8 is not installed: pip install nvidia-cuda-nvrtc-cu11==11.8.89")


def resources(path: Path, target: str) -> dict[str, dict[str, int]]:
    """Registers, and bytes of stack and of spilled registers, of each kernel on an sm_..., by NVRTC."""
    return _resources(Nvrtc().compile(path, target, "--ptxas-options=-v")[1])


def resources_by_nvcc(path: Path, target: str) -> dict[str, dict[str, int]]:
    """The same by the nvcc of an installed toolkit, which knows newer cards; OSError if there is none."""
    options = ["-cubin", f"-arch={target}", *OPTIONS, "-Xptxas", "-v", "-o", os.devnull]
    done = subprocess.run(["nvcc", *options, str(path)], capture_output=True, text=True)
    if done.returncode:
        raise CompileError(done.stderr)
    return _resources(done.stderr)


def _resources(log: str) -> dict[str, dict[str, int]]:
    used = re.compile(
        r"Function properties for (\w+)\n.*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads"
        r".*?Used (\d+) registers",
        re.DOTALL,
    )
    return {
        name: {"registers": int(registers), "stack": int(stack), "spilled": int(stores) + int(loads)}
        for name, stack, stores, loads, registers in used.findall(log)
    }


def main() -> None:
    """Write all PTX files, and delete what has no source."""
    PTX.mkdir(exist_ok=True)
    for old in PTX.glob("*.ptx"):
        if not (SOURCE / f"{old.stem}.cu").exists():
            old.unlink()
    for path in sources():
        (PTX / f"{path.stem}.ptx").write_text(ptx(path), encoding="ascii", newline="\n")
        print(path.name)


if __name__ == "__main__":
    main()

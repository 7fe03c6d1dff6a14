"""The kernels in the shipped PTX text: their names, and what arguments they take.

It imports nothing of ours, so that a script without Paddle can load it from its file.
"""

from __future__ import annotations

import ctypes
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("ptx")
_NUMBERS: dict[str, Any] = {
    ".u32": ctypes.c_int32,
    ".u64": ctypes.c_int64,
    ".f32": ctypes.c_float,
    ".f64": ctypes.c_double,
}
_ENTRY = re.compile(r"\.visible \.entry (\w+)\((.*?)\)", re.DOTALL)
_PARAMETER = re.compile(r"\.param (?:\.align \d+ )?(\.\w+) \w+?(?:\[(\d+)\])?(?:,|\s*$)", re.MULTILINE)


@dataclass(frozen=True)
class Kernel:
    """A kernel of a PTX file."""

    name: str
    module: str  # the file's name without its ending
    parameters: tuple[Any, ...]  # a type of ctypes, or the size of a struct

    def pack(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arguments in the types that the kernel takes: numbers, structs of ctypes; tensors or None for a pointer."""
        if len(arguments) != len(self.parameters):
            raise TypeError(f"{self.name} takes {len(self.parameters)} arguments, not {len(arguments)}")
        return tuple(self._packed(*pair) for pair in zip(self.parameters, arguments))

    def _packed(self, kind: Any, value: Any) -> Any:
        if isinstance(kind, int):
            if not isinstance(value, ctypes.Structure) or ctypes.sizeof(value) != kind:
                raise TypeError(f"{self.name} takes a struct of {kind} bytes, not {value!r}")
            return value
        if hasattr(value, "data_ptr"):
            value = value.data_ptr()
            if kind is not ctypes.c_int64:
                raise TypeError(f"{self.name} takes a number, not a tensor")
        if value is None:
            value = 0
        if isinstance(value, int) and kind in (ctypes.c_int32, ctypes.c_int64):
            bits = 8 * ctypes.sizeof(kind)
            if not -(1 << (bits - 1)) <= value < 1 << bits:
                raise OverflowError(f"{self.name} takes {bits} bits, not {value}")
        return kind(value)


def text(module: str) -> bytes:
    """A PTX file, as the driver takes it."""
    return (FOLDER / f"{module}.ptx").read_bytes() + b"\0"


def modules() -> list[str]:
    """The names of all PTX files, without their ending."""
    return sorted(path.stem for path in FOLDER.glob("*.ptx"))


def fingerprint(module: str) -> str:
    """Of a PTX file but its first line, which names the sources: of what is computed."""
    return hashlib.sha256(text(module).partition(b"\n")[2]).hexdigest()


@lru_cache(maxsize=1)
def kernels() -> dict[str, Kernel]:
    """All kernels by name."""
    by_name = {}
    for path in sorted(FOLDER.glob("*.ptx")):
        for name, parameters in _ENTRY.findall(path.read_text(encoding="ascii")):
            types = tuple(int(size) if size else _NUMBERS[kind] for kind, size in _PARAMETER.findall(parameters))
            by_name[name] = Kernel(name, path.stem, types)
    return by_name

"""Functions and structs of the native library, read from `native/api.h`, the only place that states them.

It imports nothing of ours, so that a script without Paddle can load it from its file.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

HEADER = Path(__file__).with_name("native") / "api.h"

_TYPES: dict[str, Any] = {
    "int": ctypes.c_int,
    "Status": ctypes.c_int,
    "std::int32_t": ctypes.c_int32,
    "std::int64_t": ctypes.c_int64,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
}


@lru_cache(maxsize=1)
def _header() -> str:
    """The header without comments."""
    return re.sub(r"//.*", "", HEADER.read_text(encoding="utf-8"))


def _type(written: str) -> Any:
    """The type of a parameter or field; any pointer will do where C takes numbers."""
    name = written.replace("const ", "").strip()
    if not name.endswith("*"):
        return _TYPES[name]
    return ctypes.POINTER(structs()[name[:-1]]) if name[:-1] in structs() else ctypes.c_void_p


def _fields(body: str) -> Iterator[tuple[str, Any]]:
    for line in filter(None, map(str.strip, body.split(";"))):
        written, *names = re.split(r"[ ,]+(?=\w+(?:,|$))", line)
        kind = ctypes.c_void_p if written.endswith("*") else _TYPES[written]
        yield from ((name, kind) for name in names)


@lru_cache(maxsize=1)
def structs() -> dict[str, type[ctypes.Structure]]:
    """Structs by name."""
    declared = re.findall(r"struct (\w+) \{(.*?)\n\};", _header(), re.DOTALL)
    return {name: type(name, (ctypes.Structure,), {"_fields_": tuple(_fields(body))}) for name, body in declared}


@lru_cache(maxsize=1)
def enums() -> dict[str, dict[str, int]]:
    """Numbers by name, of each enum."""
    declared = re.findall(r"enum (\w+) : [\w:]+ \{(.*?)\};", _header(), re.DOTALL)
    return {name: {key: int(value) for key, value in re.findall(r"(\w+) = (\d+)", body)} for name, body in declared}


@lru_cache(maxsize=1)
def functions() -> dict[str, tuple[str, tuple[Any, ...]]]:
    """What each function returns, and the types of its arguments."""
    exported = re.findall(r"EXPORT ([\w:]+) (\w+)\((.*?)\);", _header(), re.DOTALL)
    split = re.compile(r"(.*[ *])\w+$")
    return {
        name: (result, tuple(_type(split.sub(r"\1", each.strip())) for each in arguments.split(",")))
        for result, name, arguments in exported
    }


def bind(library: ctypes.CDLL, name: str) -> Any:
    """A function of a library; one that returns a status raises MemoryError if memory ran out."""
    result, arguments = functions()[name]
    native = getattr(library, name)
    native.restype, native.argtypes = _TYPES[result], arguments
    if result == "Status":
        native.errcheck = _refuse_failure
    return native


def _refuse_failure(status: int, native: Any, arguments: Any) -> None:
    if status != 0:
        raise MemoryError(f"paddleseg_losses: no memory left in {native.__name__}")

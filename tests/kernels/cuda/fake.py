"""A driver without a card: it records launches, and runs the same source, compiled for the CPU with `shim.hpp`."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import paddle

from paddleseg_losses.kernels.cuda import compile as compiling
from paddleseg_losses.kernels.cuda import device, ptx_text

HERE = Path(__file__).parent
FLAGS = ("-std=c++17", "-O1", "-fPIC", "-shared", "-ffp-contract=off", "-Wall", "-Werror", "-Wno-unknown-pragmas")
MAIN = """\
#include "shim.hpp"
{includes}
#define KERNEL(NAME) \\
    extern "C" void run_##NAME(const unsigned* sizes, std::size_t bytes, void** arguments) {{ \\
        shim::run(NAME, sizes, bytes, arguments); \\
    }}
{kernels}
extern "C" void set_order(unsigned turns, unsigned block) {{ shim::turn_order = turns, shim::first_block = block; }}
"""


class Launch(NamedTuple):
    """What a driver was asked for."""

    name: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared: int
    types: tuple[str, ...]
    stream: int


def build(folder: Path, *flags: str) -> Path:
    """The library of all kernels; made once of what it is made of."""
    text = MAIN.format(
        includes="\n".join(f'#include "{path.name}"' for path in compiling.sources()),
        kernels="\n".join(f"KERNEL({name})" for name in sorted(ptx_text.kernels())),
    )
    content = hashlib.sha256("\0".join([*FLAGS, *flags, text]).encode())
    for path in [HERE / "shim.hpp", *sorted(compiling.SOURCE.iterdir())]:
        content.update(path.read_bytes())
    library = folder / f"{content.hexdigest()}.so"
    if not library.exists():
        partial = library.with_suffix(f".{os.getpid()}")
        includes = [f"-I{HERE}", f"-I{compiling.SOURCE}"]
        command = ["g++", *FLAGS, *flags, *includes, "-x", "c++", "-", "-o", str(partial)]
        subprocess.run(command, input=text, text=True, check=True)
        partial.replace(library)
    return library


class FakeDriver:
    """Launches at once, on the CPU."""

    def __init__(self, library: Path, turn_order: int = 0) -> None:
        self._library = ctypes.CDLL(str(library))
        self.turn_order, self.launches, self.capturing = turn_order, [], False
        self.first_block = 0  # blocks before it are left out

    def capability(self, device: int) -> tuple[int, int]:
        return (9, 0)

    def is_capturing(self, device: int, stream: int) -> bool:
        return self.capturing

    def launch(self, kernel, grid, block, shared, arguments, device, stream) -> None:
        types = tuple(type(argument).__name__ for argument in arguments)
        self.launches.append(Launch(kernel.name, grid, block, shared, types, stream))
        places = (ctypes.c_void_p * len(arguments))(*map(ctypes.addressof, arguments))
        self._library.set_order(self.turn_order, self.first_block)
        run = getattr(self._library, f"run_{kernel.name}")
        run((ctypes.c_uint * 6)(*grid, *block), ctypes.c_size_t(shared), places)

    @property
    def names(self) -> list[str]:
        """Of the kernels that were launched."""
        return [launch.name for launch in self.launches]


class FakePlatform(device.Platform):
    """Paddle with a card on which every tensor lies."""

    stream_handle, current_index = 7, 0

    def __init__(self, driver: FakeDriver) -> None:
        super().__init__()
        self._fake = driver

    def missing(self) -> None:
        return None

    def driver(self) -> FakeDriver:
        return self._fake

    def index(self, x: Any) -> int | None:
        return 0 if x.place.is_cpu_place() else None

    def count(self) -> int:
        return 1

    def current(self) -> int:
        return self.current_index

    @contextmanager
    def on(self, index: int):
        before, self.current_index = self.current_index, index
        yield
        self.current_index = before

    def stream(self, index: int) -> int:
        return self.stream_handle

    def place(self, index: int) -> Any:
        return paddle.CPUPlace()


@contextmanager
def on_card(library: Path, turn_order: int = 0):
    """Tensors are on a card whose kernels have been tried, and run here; what they launch is recorded."""
    driver = FakeDriver(library, turn_order)
    platform = FakePlatform(driver)
    platform.verdicts[0] = None
    with device.using(platform):
        yield driver


def has_compiler() -> bool:
    """Whether the shim can be built."""
    return shutil.which("g++") is not None

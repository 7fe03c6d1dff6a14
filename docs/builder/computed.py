"""What takes long, computed by all processors, kept in `build/` until its sources change, and counted on the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from .counting import report


def computed(folder: Path, keys: Mapping[str, str], compute: Callable[[str], str], what: str) -> dict[str, str]:
    """A text for each name, from the folder where one of the same key is kept.

    Args:
        folder: where texts are kept.
        keys: for each name, what changes with its sources.
        compute: a function of a module, which makes the text of a name.
        what: is computed, for whoever waits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: folder / f"{name}-{key}.json" for name, key in keys.items()}
    missing = [name for name, path in kept.items() if not path.exists()]
    if missing:
        with ProcessPoolExecutor(min(os.cpu_count() or 1, len(missing)), get_context("spawn")) as pool:
            running = {pool.submit(compute, name): name for name in missing}
            for count, done in enumerate(as_completed(running), 1):
                name = running[done]
                for old in folder.glob(f"{name}-*.json"):
                    old.unlink()
                kept[name].write_text(done.result(), encoding="utf-8")
                report(count, len(missing), f"{what}: {name}")
    return {name: path.read_text(encoding="utf-8") for name, path in kept.items()}

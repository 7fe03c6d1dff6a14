"""The record of a training: a line of JSON for all that happens, written when it happens.

A crash loses at most the line in hand. A training that goes on adds to the same file; what had come after the
checkpoint that it goes on from is passed over when the file is read.
"""

from __future__ import annotations

import json
import math
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from .._version import __version__
from ..errors import ConfigError
from ..i18n import _
from .resuming import unwritable

FILE = "record.jsonl"
START, STEP, EVALUATION, SCORES, PICTURE, END, STOPPED = (
    "start", "step", "evaluation", "scores", "picture", "end", "stopped",
)  # fmt: skip
_PROGRAM = "paddleseg-losses"
_AFTERWARDS = (SCORES, PICTURE, END)  # of a training that has reached its end
Event = dict[str, Any]


class Record:
    """Writes events.

    Args:
        folder: of the training; None writes nothing, for all processes but the first.
        resumed: the checkpoint that it goes on from. If that is in another folder, the record there is continued here.
    """

    def __init__(self, folder: Path | None, resumed: Path | None = None) -> None:
        self.file = folder / FILE if folder else None
        if self.file and resumed and not self.file.exists() and (resumed.parent / FILE).is_file():
            shutil.copyfile(resumed.parent / FILE, self.file)

    def add(self, event: str, **facts: Any) -> None:
        """Write one down, and wait until it is on the disk."""
        if self.file is None:
            return
        entry = {"event": event, "time": datetime.now(timezone.utc).isoformat(timespec="seconds"), **facts}
        line = json.dumps(_plain(entry), ensure_ascii=False, allow_nan=False).encode() + b"\n"
        try:
            with self.file.open("ab+") as file:
                if _is_torn(file):
                    line = b"\n" + line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise unwritable(self.file, error) from error


def read_record(folder: Path) -> list[Event]:
    """What the last training of a folder has recorded, without what it has taken back.

    Raises:
        ConfigError: there is no record.
    """
    file = folder / FILE
    if not file.is_file():
        raise ConfigError(
            _("There is no file {path}.", path=file),
            _("the folder of a training by `paddleseg-losses train`, which writes {name}", name=FILE),
            _("give the --save_dir of a training"),
        )
    events: list[Event] = []
    for entry in _entries(file):
        if entry["event"] == START:
            events = _until(events, entry["iteration"]) if entry.get("resumed") else []
        events.append(entry)
    if not events:
        raise ConfigError(
            _("{path} holds no events of a training.", path=file),
            _("lines of JSON, written by `paddleseg-losses train`"),
            _("give the --save_dir of another training"),
        )
    return events


def about(folder: Path) -> dict[str, Any]:
    """Where a run comes from: its command, versions, and the commit of a folder of configurations."""
    program, *arguments = sys.argv
    return {
        "command": shlex.join([_PROGRAM if program.endswith("__main__.py") else Path(program).name, *arguments]),
        "versions": versions(),
        "platform": platform.platform(),
        "commit": commit(folder),
    }


def versions() -> dict[str, str]:
    """Of everything that decides the numbers."""
    names = ("paddlepaddle", "paddlepaddle-gpu", "paddleseg", "numpy", "scipy")
    installed = {name: version for name in names if (version := _version(name))}
    return {"paddleseg_losses": __version__, **installed, "python": platform.python_version()}


def commit(folder: Path) -> str | None:
    """The commit that git has checked out there, with a + if files have changed since; None outside of git."""
    head = _git(folder, "rev-parse", "HEAD")
    if not head:
        return None
    changed = _git(folder, "-c", "core.fsmonitor=false", "status", "--porcelain", "--untracked-files=no")
    return f"{head}+" if changed else head


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _is_torn(file: Any) -> bool:
    """Whether the last line has no end: the process that wrote it was killed."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) != b"\n")


def _entries(file: Path) -> Iterable[Event]:
    for line in file.read_bytes().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:  # torn
            continue
        if isinstance(entry, dict) and isinstance(entry.get("event"), str) and _is_complete(entry):
            yield entry


def _is_complete(entry: Event) -> bool:
    """Every event but those about the whole training says when it was."""
    return entry["event"] in _AFTERWARDS or isinstance(entry.get("iteration"), int)


def _until(events: list[Event], iteration: int) -> list[Event]:
    """What stays of a training that goes on after an iteration."""
    kept = [each for each in events if each["event"] not in _AFTERWARDS]
    return [each for each in kept if each["event"] in (START, STOPPED) or each["iteration"] <= iteration]


def _plain(value: Any) -> Any:
    """What JSON can hold: other numbers become null, other things their words."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int)) else str(value)

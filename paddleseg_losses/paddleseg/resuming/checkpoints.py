"""Checkpoints that are whole or not there.

Every file is written aside, flushed to the disk and renamed. The last one of a folder is a note of what belongs to it;
a folder without the note was not finished, or comes from another trainer.
"""

from __future__ import annotations

import functools
import json
import os
import re
import secrets
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paddle

from ...errors import ConfigError, DataError
from ...i18n import Text, _
from ...i18n.foreign import recognized
from ..shims import Swap
from .reading import read

NOTE = "checkpoint.json"
SCALER, EMA, OPTIMIZER, WEIGHTS = "scaler.pdstates", "ema_model.pdparams", "model.pdopt", "model.pdparams"
_BEST = ("best_model", "ema_best_model")
_NAME = re.compile(r"iter_(\d+)")
_A_FOLDER = _("a checkpoint folder such as output/iter_1000")


class Writer:
    """Stands in for `paddle.save` during a training.

    Args:
        save_dir: the folder of the training.
        seed: what the note says of it.
        last: the name of the last file that PaddleSeg saves in a folder of an iteration.
        finishing: called when a checkpoint is about to be whole.
        outdone: whether the best model of before is better than the one that is about to be saved as the best.
        training: what tells its checkpoints from those of an earlier training in the same folder; that of the
            checkpoint it goes on from, or a new one.
        resumed: the folder it goes on from.
    """

    def __init__(
        self,
        save_dir: Path,
        seed: int,
        last: str,
        finishing: Callable[[], None] = lambda: None,
        outdone: Callable[[bool], bool] = lambda ema: False,
        training: str | None = None,
        resumed: Path | None = None,
    ) -> None:
        self.save_dir, self.seed, self.last = save_dir, seed, last
        self.finishing, self.outdone = finishing, outdone
        self.training, self._last = training or secrets.token_hex(8), resumed
        self.scalers: list[Any] = []

    def newest(self) -> Path | None:
        """The folder to go on from, if there is one: never one of an earlier training, whatever its iteration."""
        return self._last if self._last and self._last.is_dir() else None

    def swaps(self, scaler_state: Any = None) -> list[Swap]:
        """For the time of a training; the state is that of a scaler to go on with."""
        save, scaler, scalers = paddle.save, paddle.amp.GradScaler, self.scalers

        class Scaler(scaler):  # type: ignore[misc,valid-type]
            """`train()` makes it itself, and does not save it."""

            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                if scaler_state:
                    self.load_state_dict(scaler_state)
                scalers.append(self)

        return [(paddle, "save", self._saving(save)), (paddle.amp, "GradScaler", Scaler)]

    def _saving(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def save(obj: Any, path: Any, *args: Any, **kwargs: Any) -> None:
            if not isinstance(path, (str, os.PathLike)):
                original(obj, path, *args, **kwargs)
                return
            file = Path(path)
            if file.parent.name in _BEST and file.is_file() and self.outdone(file.parent.name != _BEST[0]):
                return
            iteration = self._iteration(file)
            if iteration is not None and file.name == WEIGHTS:
                (file.parent / NOTE).unlink(missing_ok=True)  # until all of it is new
            with self._undone_if_impossible(file, iteration is not None):
                with aside(file) as part:
                    original(obj, str(part), *args, **kwargs)
                if iteration is not None and file.name == self.last:
                    self._finish(file.parent, iteration, original)

        return save

    def _iteration(self, file: Path) -> int | None:
        name = _NAME.fullmatch(file.parent.name)
        return int(name[1]) if name and file.parent.parent.resolve() == self.save_dir.resolve() else None

    def _finish(self, folder: Path, iteration: int, save: Callable[..., Any]) -> None:
        for state in filter(None, (scaler.state_dict() for scaler in self.scalers)):  # on a CPU it scales nothing
            with aside(folder / SCALER) as part:
                save(state, str(part))
        self.finishing()
        names = [name for name in (WEIGHTS, OPTIMIZER, EMA, SCALER) if (folder / name).is_file()]
        files = {name: _fingerprint(folder / name) for name in names}
        facts = {"iteration": iteration, "seed": self.seed, "training": self.training, "files": files}
        write_text(folder / NOTE, json.dumps(facts, indent=1) + "\n")
        self._last = folder

    @contextmanager
    def _undone_if_impossible(self, file: Path, whole_folder: bool) -> Iterator[None]:
        """A full disk must not leave half a checkpoint as the newest."""
        try:
            yield
        except (OSError, DataError) as error:
            if whole_folder:
                shutil.rmtree(file.parent, ignore_errors=True)
            if isinstance(error, DataError):  # of what is written with the last file
                raise
            raise unwritable(file, error) from error


def unwritable(file: Path, error: OSError) -> DataError:
    """The error for a file that cannot be written."""
    return DataError(
        _("{path} cannot be written ({error}).", path=file, error=recognized(str(error.strerror or error))),
        _("a folder that you may write to, on a disk with room"),
        _("make room, or give another --save_dir"),
    )


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A file to write to, that takes the place of another when all of it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """A small file that is there as a whole, or as it was before."""
    with aside(path) as part:
        part.write_text(text, encoding="utf-8")


def _fingerprint(path: Path) -> list[int]:
    """Size and checksum."""
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return [path.stat().st_size, checksum]


def verified(folder: str | Path) -> dict[str, Any]:
    """What is known about a checkpoint, at least its iteration; or a ConfigError that says what is wrong with it."""
    folder = Path(os.path.normpath(folder))
    name = _NAME.fullmatch(folder.name) or re.fullmatch(r".*_(\d+)", folder.name)
    if not folder.is_dir():
        raise _no_checkpoint(_("There is no folder {folder}.", folder=folder), folder)
    if name is None:
        raise _no_checkpoint(_("The name of {folder} does not end in an iteration.", folder=folder), folder)
    for file in (folder / WEIGHTS, folder / OPTIMIZER):
        if not file.is_file():
            raise _no_checkpoint(_("{file} is missing: the checkpoint was not finished.", file=file), folder)
    facts = _noted(folder) if (folder / NOTE).is_file() else _looked_at(folder)
    if facts["iteration"] != int(name[1]):
        found = _(
            "{folder} holds the state of iteration {found}, not of {named}.",
            folder=folder, found=facts["iteration"], named=int(name[1]),
        )  # fmt: skip
        raise _no_checkpoint(found, folder)
    for file, fingerprint in facts.get("files", {}).items():
        if not (folder / file).is_file() or _fingerprint(folder / file) != fingerprint:
            raise _changed(folder / file)
    return facts


def _noted(folder: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        training = str(facts.get("training", ""))  # versions before did not write it
        known = {"iteration": int(facts["iteration"]), "seed": int(facts["seed"]), "files": dict(facts["files"])}
        return {**known, "training": training}
    except (ValueError, KeyError, TypeError):
        raise _changed(folder / NOTE) from None


def _looked_at(folder: Path) -> dict[str, Any]:
    """A checkpoint of another trainer: its files are read, and the optimizer's state knows its steps."""
    read(folder / WEIGHTS)
    scheduler = read(folder / OPTIMIZER).get("LR_Scheduler") or {}
    return {"iteration": scheduler.get("last_epoch", int(folder.name.rpartition("_")[2]))}


def _changed(file: Path) -> ConfigError:
    return _no_checkpoint(_("{file} is not the file that was saved with this checkpoint.", file=file), file.parent)


def _no_checkpoint(found: Text, folder: Path) -> ConfigError:
    other = newest(folder.parent, besides=folder)
    return ConfigError(
        found,
        _A_FOLDER,
        _("resume from {folder}, the newest that is whole", folder=other)
        if other
        else _("give such a folder, or begin anew without --resume_model"),
    )


def newest(save_dir: Path, besides: Path | None = None) -> Path | None:
    """The last checkpoint that was finished, if there is one, of the training that wrote to the folder last."""
    folders = [folder for folder in save_dir.glob("iter_*") if _NAME.fullmatch(folder.name) and folder != besides]
    finished: list[tuple[int, int, str, Path]] = []
    for folder in folders:
        with suppress(OSError, ConfigError):
            written, facts = (folder / NOTE).stat().st_mtime_ns, _noted(folder)
            finished.append((written, int(folder.name.partition("_")[2]), facts["training"], folder))
    if not finished:
        return None
    training = max(finished)[2]
    return max((iteration, folder) for _written, iteration, its, folder in finished if its == training)[1]

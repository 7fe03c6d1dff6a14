"""A folder that a dataset is written into: whole or not at all, and never over something else."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import DataError, MissingDependencyError
from ..i18n import Text, _


def write_once(out: str | Path, facts: Mapping[str, object], marker: str, write: Callable[[Path], None]) -> Path:
    """Make a dataset, or find it finished from an earlier call.

    Args:
        out: the folder. It appears complete or not at all.
        facts: what decides the content; kept in the folder.
        marker: the file that keeps them.
        write: fills a new folder.

    Returns:
        The folder's full path.

    Raises:
        DataError: `out` holds anything else than this dataset.
    """
    out = Path(out).expanduser().resolve()
    if not _is_finished(out, facts, marker):
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
            draft = Path(scratch) / out.name
            write(draft)
            (draft / marker).write_text(json.dumps(facts) + "\n", encoding="utf-8")
            if out.exists():
                out.rmdir()  # empty, but Windows cannot rename onto it
            draft.rename(out)
    return out


def new_images(root: Path) -> Any:
    """Make the folders of images and masks; gives Pillow's `Image`, to fill them.

    Raises:
        MissingDependencyError: Pillow is missing.
    """
    image = pillow(_("Pillow, to write images"), 'pip install "paddleseg-losses[demo]"')
    for name in ("images", "annotations"):
        (root / name).mkdir(parents=True)
    return image


def pillow(purpose: Text, cure: str) -> Any:
    """Pillow's `Image`.

    Raises:
        MissingDependencyError: Pillow is missing.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError(
            _("{package} cannot be imported ({error}).", package="Pillow", error=error), purpose, cure
        ) from error
    return Image


def write_lists(root: Path, parts: Mapping[str, Iterable[str]]) -> None:
    """The lists of PaddleSeg's `Dataset`: `train.txt` and so on, an image and its mask on each line."""
    for part, names in parts.items():
        lines = (f"images/{name} annotations/{name}\n" for name in names)
        (root / f"{part}.txt").write_text("".join(lines), encoding="utf-8")


def write_labels(root: Path, names: Iterable[str]) -> None:
    """`labels.txt`: the names of the classes."""
    (root / "labels.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def length(root: Path, part: str) -> int:
    """The number of lines in a list."""
    return len((root / f"{part}.txt").read_text("utf-8").splitlines())


def _is_finished(out: Path, facts: Mapping[str, object], marker: str) -> bool:
    """Whether `out` already holds the dataset; raises if it holds anything else."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    file = out / marker
    content = file.read_text(encoding="utf-8").strip() if file.is_file() else ""
    if content == json.dumps(facts):
        return True
    raise DataError(
        _("{folder} already contains {content}.", folder=out, content=content or _("other files")),
        _("an empty folder, or the finished dataset {facts}", facts=json.dumps(facts)),
        _("choose another folder, or move this one"),
    )

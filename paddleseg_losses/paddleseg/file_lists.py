"""Lists of files, an image and its mask on each line, and what PaddleSeg would misread in them.

We read what people's editors write: byte-order marks, empty lines, backslashes, GBK. PaddleSeg does not.
"""

from __future__ import annotations

import codecs
import io
import locale
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..i18n import Text, _, plural
from ..i18n.foreign import recognized
from ..safe_yaml import require_file
from .unreadable import explained

LISTED = ("Dataset", "SegDataset")  # PaddleSeg's own datasets that read a list of files and nothing else
_THREADS = 16  # that ask for files: on a network drive each answer takes a while


@dataclass(frozen=True)
class Entry:
    """One line of a list."""

    line: int
    image: str
    mask: str


@dataclass(frozen=True)
class FileList:
    """What a list says, and what PaddleSeg would trip over, though we do not."""

    path: Path
    entries: list[Entry]
    defects: list[DataError]


def decoded(raw: bytes) -> str:
    """Text of a file, with or without a byte-order mark, in UTF-8, UTF-16 or GBK."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def lines_of(path: Path) -> list[str]:
    """Lines of a text file, however it is encoded, without blanks at their ends."""
    return [line.strip() for line in io.StringIO(decoded(path.read_bytes()), newline=None)]


def read_list(path: Path, separator: str = " ", root: Path | None = None) -> FileList:
    """Read a list.

    Args:
        path: of the list.
        separator: what separates image and mask.
        root: folder of the paths; with it, names with backslashes are read as the files that they mean.

    Raises:
        DataError: it is not there, or a line is not an image and its mask.
    """
    raw = _bytes(path)
    defects = list(_encoding_defects(path, raw))
    entries: list[Entry] = []
    empty: list[int] = []
    for number, line in enumerate(io.StringIO(decoded(raw), newline=None), 1):
        if line.strip():
            entries.append(Entry(number, *_columns(path, number, line.strip(), separator)))
        else:
            empty.append(number)
    if not entries:
        raise DataError(
            _("{path} lists no masks.", path=path), _("an image and its mask on each line"), _("choose another list")
        )
    if empty:
        defects.append(_empty_lines(path, empty))
    mended = [_with_slashes(entry, root) for entry in entries]
    changed = [old for old, new in zip(entries, mended) if new is not old]
    if changed:
        defects.append(_backslashes(path, changed))
    return FileList(path, mended, defects)


def require_readable(sections: Iterable[tuple[str, Any]]) -> None:
    """Refuse the lists of a configuration that PaddleSeg cannot read, and those that name files that are not there.

    Args:
        sections: 'train' or 'val', and the dataset's section.
    """
    for part, section in sections:
        listing, root = (section.get(key) for key in (f"{part}_path", "dataset_root"))
        if section.get("type") not in LISTED or not isinstance(listing, str) or not isinstance(root, str):
            continue
        if not (Path(listing).exists() and Path(root).is_dir()):
            continue  # PaddleSeg says that itself
        lines = read_list(Path(listing), section.get("separator", " "), Path(root))
        for defect in lines.defects:
            raise defect
        for error in missing_files(lines, Path(root)):
            raise error


def missing_files(lines: FileList, root: Path) -> Iterator[DataError]:
    """One error that names the first of the files that are not there, if any."""
    names = [(entry, name) for entry in lines.entries for name in (entry.image, entry.mask)]
    with ThreadPoolExecutor(_THREADS) as pool:
        there = list(pool.map(lambda pair: (root / pair[1]).is_file(), names))
    absent = [pair for pair, exists in zip(names, there) if not exists]
    if absent:
        entry, name = absent[0]
        yield DataError(
            plural(
                "{list}, line {line}: there is no file {file}.",
                "{list}, line {line}: there is no file {file}; {count} files of the list are missing.",
                len(absent),
                list=lines.path,
                line=entry.line,
                file=root / name,
            ),
            _("files below {root}", root=root),
            _("correct or remove the line, or set dataset_root to the folder that the paths are relative to"),
        )


def _bytes(path: Path) -> bytes:
    expected = _("a file list such as train.txt, or a YAML configuration")
    with explained(path, DataError, expected, "*.*", "*.txt", _("give the list that names the masks")):
        try:
            require_file(path)
            return path.read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            raise
        except OSError as error:
            raise DataError(
                _("{path} cannot be read: {error}.", path=path, error=recognized(str(error))),
                _("a file list in UTF-8"),
                _("save it again"),
            ) from None


def _columns(path: Path, number: int, line: str, separator: str) -> list[str]:
    columns = line.split(separator)
    if len(columns) == 2 and all(columns):
        return columns
    raise DataError(
        plural(
            "{path}, line {number}: {line!r} has {count} column.",
            "{path}, line {number}: {line!r} has {count} columns.",
            len(columns),
            path=path,
            number=number,
            line=line[:80],
        ),
        _("an image and its mask, separated by {separator!r}", separator=separator),
        _column_advice(line, separator),
    )


def _column_advice(line: str, separator: str) -> Text:
    for other, shown in (("\t", '"\\t"'), (",", '","'), (";", '";"'), (" ", '" "')):
        parts = line.split(other)
        if other != separator and len(parts) == 2 and all(part.strip() for part in parts):
            return _("set separator: {other} in the dataset's section (--separator of the command)", other=shown)
    if separator == " " and len(line.split()) == 2:
        return _("leave one blank between the two")
    if separator == " " and len(line.split()) > 2:
        return _(
            "if names contain blanks, write a tab between image and mask in every line, and set separator: {other} "
            "in the dataset's section (--separator of the command)",
            other='"\\t"',
        )
    return _("give the separator with --separator, or correct the line")


def _encoding_defects(path: Path, raw: bytes) -> Iterator[DataError]:
    """PaddleSeg reads a list in the encoding of the system, and a byte-order mark as a part of the first name."""
    encoding = locale.getpreferredencoding(False)
    marks = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if raw.startswith(marks):
        found = _(
            "{path}, line 1: the file begins with a byte-order mark, which PaddleSeg reads as part of the first name.",
            path=path,
        )
    else:
        try:
            if raw.decode(encoding) == decoded(raw):
                return
        except UnicodeDecodeError:
            pass
        lines = enumerate(raw.splitlines(), 1)
        number = next((n for n, line in lines if _read_as(encoding, line) != decoded(line)), 1)
        found = _(
            "{path}, line {number}: the file is not in {encoding}, as PaddleSeg reads it on this system.",
            path=path,
            number=number,
            encoding=encoding,
        )
    yield DataError(
        found,
        _("a file list in {encoding} without a byte-order mark", encoding=encoding),
        _("save it again in this encoding"),
    )


def _read_as(encoding: str, raw: bytes) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _empty_lines(path: Path, numbers: list[int]) -> DataError:
    shown = ", ".join(map(str, numbers[:10])) + (", ..." if len(numbers) > 10 else "")
    return DataError(
        plural(
            "{path}, line {numbers}: the line is empty, and PaddleSeg refuses the list.",
            "{path}, lines {numbers}: the lines are empty, and PaddleSeg refuses the list.",
            len(numbers),
            path=path,
            numbers=shown,
        ),
        _("an image and its mask on each line"),
        _("delete the empty lines"),
    )


def _with_slashes(entry: Entry, root: Path | None) -> Entry:
    """A line written on Windows, where its files are found with slashes only."""
    if root is None or "\\" not in entry.image + entry.mask:
        return entry
    names = [name if (root / name).exists() else name.replace("\\", "/") for name in (entry.image, entry.mask)]
    return entry if names == [entry.image, entry.mask] else Entry(entry.line, *names)


def _backslashes(path: Path, entries: list[Entry]) -> DataError:
    first = entries[0]
    return DataError(
        plural(
            "{path}, line {number}: {name} has a backslash, which is part of a name on this system.",
            "{path}, line {number} and others: {name} has a backslash, which is part of a name on this system.",
            len(entries),
            path=path,
            number=first.line,
            name=first.image if "\\" in first.image else first.mask,
        ),
        _("paths with slashes"),
        _("replace every backslash in the list by a slash"),
    )

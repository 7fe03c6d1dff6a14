"""What is said of a file that the user has named, but that is not there or is a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import LossError
from ..i18n import Text, _
from ..registry import suggest


@contextmanager
def explained(
    path: Path, error: type[LossError], expected: Text, near: str, inside: str, cure: Text, name: Text = ""
) -> Iterator[None]:
    """While a file is read.

    Args:
        path: of the file.
        error: what is raised instead.
        expected: of the file.
        near: pattern of the files beside it that may have been meant.
        inside: pattern of those in it, if it is a folder.
        cure: for a folder that has none.
        name: what the file is called, its path by default.
    """
    try:
        yield
    except FileNotFoundError:
        files_by_stem = {file.stem: file for file in path.parent.glob(near)} if path.parent.is_dir() else {}
        stem = suggest(path.stem, list(files_by_stem))
        raise error(
            _("There is no file {path}.", path=name or path),
            expected,
            _("did you mean {near}?", near=files_by_stem[stem])
            if stem
            else _("look in {folder}", folder=path.parent.resolve()),
        ) from None
    except IsADirectoryError:
        files = ", ".join(str(file) for file in sorted(path.glob(inside))[:5])
        raise error(
            _("{path} is a folder.", path=name or path),
            expected,
            _("give one of {files}", files=files) if files else cure,
        ) from None

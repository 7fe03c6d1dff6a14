"""Lists of files as people's editors write them: read, or refused with the file, the line and what to do."""

import locale

import numpy as np
import pytest

pytest.importorskip("PIL", reason="Pillow is not installed")

from PIL import Image

from paddleseg_losses.errors import DataError
from paddleseg_losses.paddleseg.file_lists import lines_of, read_list, require_readable

PLAIN = "a/image 0.png\ta/label 0.png\na/image 1.png\ta/label 1.png\n"


def _files(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros([2, 3], np.uint8)).save(folder / name)


def _as_paddleseg(path, separator=" "):
    """What `paddleseg.datasets.Dataset` makes of a list."""
    rows = []
    with open(path, encoding=locale.getpreferredencoding(False)) as file:
        for line in file:
            items = line.strip().split(separator)
            if len(items) != 2:
                raise ValueError("File list format incorrect!")
            rows.append(tuple(items))
    return rows


UTF8 = "图0.png 标0.png\n图1.png 标1.png\n"
# What is written, what it means, and what mends it by the words of the error.
DEFECTS = {
    "mark": (UTF8.encode("utf-8-sig"), "line 1: the file begins with a byte-order mark", lambda raw: raw[3:]),
    "UTF-16": (UTF8.encode("utf-16"), "byte-order mark", lambda raw: raw.decode("utf-16").encode()),
    "GBK": (UTF8.encode("gbk"), "line 1: the file is not in UTF-8", lambda raw: raw.decode("gbk").encode()),
    "empty lines": (
        UTF8.replace("\n", "\n \n").encode(),
        "lines 2, 4: the lines are empty",
        lambda raw: raw.replace(b"\n \n", b"\n"),
    ),
    "an empty line in the end": (UTF8.encode() + b"\r\n", "line 3: the line is empty", lambda raw: raw[:-2]),
    "backslashes": (
        UTF8.replace("图", "x\\图").encode(),
        "line 1 and others: x\\图0.png has a backslash",
        lambda raw: raw.replace(b"\\", b"/"),
    ),
}


@pytest.mark.parametrize("case", DEFECTS)
def test_defects_are_read_named_and_mended_by_what_is_said(case, tmp_path):
    raw, said, mend = DEFECTS[case]
    where = "x/" if case == "backslashes" else ""
    _files(tmp_path, *(f"{where}图{i}.png" for i in "01"), *(f"标{i}.png" for i in "01"))
    listing = tmp_path / "train.txt"
    listing.write_bytes(raw)
    listed = read_list(listing, root=tmp_path)
    pairs = [(f"{where}图{i}.png", f"标{i}.png") for i in "01"]
    assert [(entry.image, entry.mask) for entry in listed.entries] == pairs
    (defect,) = listed.defects
    assert str(listing) in str(defect.found)
    assert said in str(defect.found)
    section = {"type": "Dataset", "dataset_root": str(tmp_path), "train_path": str(listing)}
    with pytest.raises(DataError, match="what to do"):
        require_readable([("train", section)])
    listing.write_bytes(mend(raw))
    require_readable([("train", section)])
    assert _as_paddleseg(listing) == pairs


COLUMNS = {
    "blanks in names": ("image 0.png label 0.png", " ", "write a tab", PLAIN.splitlines()[0], "\t"),
    "two blanks": ("a.png  b.png", " ", "leave one blank", "a.png b.png", " "),
    "a tab": ("a.png\tb.png", " ", 'separator: "\\t"', "a.png\tb.png", "\t"),
    "a comma": ("a.png,b.png", " ", 'separator: ","', "a.png,b.png", ","),
    "a blank": ("a.png b.png", ",", 'separator: " "', "a.png b.png", " "),
    "nothing behind": ("a.png,", ",", "correct the line", "a.png,b.png", ","),
}


@pytest.mark.parametrize("case", COLUMNS)
def test_lines_that_are_no_pair(case, tmp_path):
    line, separator, cure, cured, other = COLUMNS[case]
    listing = tmp_path / "train.txt"
    listing.write_text(f"{cured}\n{line}\n" if other == separator else f"{line}\n")
    with pytest.raises(DataError, match=r"train.txt, line \d") as caught:
        read_list(listing, separator)
    assert cure in str(caught.value.cure)
    listing.write_text(f"{cured}\n")
    assert len(_as_paddleseg(listing, other)[0]) == 2
    assert len(read_list(listing, other).entries) == 1


def test_files_that_are_not_there(tmp_path):
    _files(tmp_path, "a.png", "b.png")
    listing = tmp_path / "val.txt"
    listing.write_text("a.png b.png\na.png c.png\nd.png b.png\n")
    section = {"type": "Dataset", "dataset_root": str(tmp_path), "val_path": str(listing)}
    with pytest.raises(DataError, match=r"val.txt, line 2: there is no file .*c.png; 2 files of the list are missing"):
        require_readable([("val", section)])
    listing.write_text("a.png b.png\n")
    require_readable([("val", section)])


def test_names_of_classes_in_any_encoding(tmp_path):
    for encoding in ("utf-8", "utf-8-sig", "gbk", "utf-16"):
        (tmp_path / "labels.txt").write_bytes("背景\r\n肿瘤\r\n".encode(encoding))
        assert lines_of(tmp_path / "labels.txt") == ["背景", "肿瘤"]

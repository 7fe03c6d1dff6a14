"""Volumes as people have them on disk: paired, split by subject, cut; damaged ones are named."""

import gzip
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from paddleseg_losses.cli import main
from paddleseg_losses.datasets.nifti import NFBS, Slices, find_pairs, make_nifti_dataset, split_subjects
from paddleseg_losses.errors import DataError, MissingDependencyError

nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed")
SMALL = Slices(size=16, step=2, field=20.0)


def _save(path, values, affine=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4) if affine is None else affine), path)
    return path


def _head(seed=0, shape=(20, 18, 12)):
    """A bright ball that is the brain, in a darker one that is the head; the front is brightest."""
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    radius = np.sqrt(x**2 + y**2 + z**2)
    image = 200.0 * (radius < 0.6) + 50.0 * (radius < 0.9) + 20 * y + np.random.default_rng(seed).normal(size=shape)
    return image.astype(np.float32), (radius < 0.6).astype(np.uint8)


@pytest.fixture
def repository(tmp_path):
    """The layout of the NFBS repository: a folder a subject, with the brain beside image and mask."""
    root = tmp_path / "NFBS_Dataset"
    for i in range(5):
        image, mask = _head(i)
        stem = root / f"A0000{i}" / f"sub-A0000{i}_ses-NFB3"
        for ending, values in (("T1w", image), ("T1w_brain", image * mask), ("T1w_brainmask", mask)):
            _save(stem.with_name(f"{stem.name}_{ending}.nii.gz"), values)
    return root


def _mask_of(root, i):
    return next((root / f"A0000{i}").glob("*brainmask.nii.gz"))


def test_the_repository_is_cut_and_split_by_subject(repository, tmp_path):
    made = make_nifti_dataset(tmp_path / "out", repository, *NFBS, ["background", "brain"], SMALL)
    assert sorted(map(len, made.subjects.values())) == [1, 1, 3]
    names = {part: {line.split("_ses")[0] for line in (made.root / f"{part}.txt").read_text().splitlines()}
             for part in ("train", "val", "test")}  # fmt: skip
    assert sum(map(len, names.values())) == 5  # nobody is in two lists
    image, mask = (made.root / path for path in (made.root / "train.txt").read_text().split()[:2])
    image, mask = (np.asarray(Image.open(path)) for path in (image, mask))
    assert image.shape == mask.shape == (16, 16)
    assert set(np.unique(mask)) == {0, 1}
    assert image[mask == 1].mean() > image[mask == 0].mean() + 50


def test_the_front_is_up_whatever_the_orientation_of_the_file(tmp_path):
    image, mask = _head()
    for i, flip in enumerate((1, -1, 1)):
        affine = np.diag([1.0, flip, 1.0, 1.0])
        for ending, values in (("", image), ("_mask", mask)):
            _save(tmp_path / "in" / f"s{i}{ending}.nii.gz", values[:, ::flip].copy(), affine)
    made = make_nifti_dataset(tmp_path / "out", tmp_path / "in", slices=SMALL)
    for file in (made.root / "images").glob("*_006.png"):
        slice_ = np.asarray(Image.open(file)).astype(float)
        assert slice_[:4].sum() > slice_[-4:].sum()


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (["a_mask.nii.gz", "a.nii.gz"], ["a"]),
        (["labels/a.nii.gz", "images/a_0000.nii.gz"], ["a"]),  # nnU-Net
        (["p1/p1_seg.nii.gz", "p1/p1_t1.nii.gz"], ["p1"]),  # BraTS
    ],
)
def test_usual_names_are_understood(tmp_path, names, pairs):
    for name in names:
        _save(tmp_path / name, np.zeros((2, 2, 2), np.uint8))
    assert [pair.name for pair in find_pairs(tmp_path)] == pairs


def _cut(mask):
    content = mask.read_bytes()
    mask.write_bytes(content[: len(content) // 2])


# How the mask of a subject is spoilt, and what is said of it.
DAMAGE = {
    "missing": (lambda mask, labels: mask.unlink(), "there is no such file"),
    "shape": (lambda mask, labels: _save(mask, labels[:-1]), "its shape"),
    "affine": (lambda mask, labels: _save(mask, labels, np.diag([2.0, 1, 1, 1])), "its affine"),
    "axes": (lambda mask, labels: _save(mask, np.stack([labels, labels], -1)), "not three axes"),
    "empty": (lambda mask, labels: _save(mask, labels * 0), "0 everywhere"),
    "values": (lambda mask, labels: _save(mask, labels.astype(np.float32) * 0.5), "not class indices"),
    "truncated": (lambda mask, labels: _cut(mask), "cannot be read"),
    "not gzip": (lambda mask, labels: mask.write_bytes(b"hello"), "cannot be read"),
    "header alone": (
        lambda mask, labels: mask.write_bytes(gzip.compress(gzip.decompress(mask.read_bytes())[:360])),
        "cannot be read",
    ),
}


def _spoil(repository, how):
    DAMAGE[how][0](_mask_of(repository, 1), _head(1)[1])


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_named_and_nothing_is_written(repository, tmp_path, how):
    _spoil(repository, how)
    with pytest.raises(DataError, match=f"A00001.*{DAMAGE[how][1]}"):
        make_nifti_dataset(tmp_path / "out", repository, *NFBS, slices=SMALL)
    assert not (tmp_path / "out").exists()


def test_damaged_volumes_can_be_left_out(repository, tmp_path):
    _spoil(repository, "empty")
    arguments = [
        "data",
        "nfbs",
        "--root",
        str(repository),
        "--out",
        str(tmp_path / "out"),
        "--size",
        "16",
        "--skip_damaged",
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "left out" in result.stderr
    assert not list((tmp_path / "out" / "images").glob("*A00001*"))


def test_damage_is_a_sentence_on_the_command_line(repository, tmp_path):
    _spoil(repository, "truncated")
    result = CliRunner().invoke(main, ["data", "nfbs", "--root", str(repository), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "error: 1 of 5 volumes cannot be used" in result.stderr
    assert "Traceback" not in result.stderr


def test_mended_volumes_are_read_anew(repository, tmp_path):
    def make(names):
        return make_nifti_dataset(tmp_path / "out", repository, *NFBS, names, SMALL)

    make(["background", "brain"])
    make(["background", "brain"])  # found again
    _save(_mask_of(repository, 2), _head(2)[1] * 2)
    with pytest.raises(DataError, match="already contains"):
        make(["background", "brain"])


def test_blanks_in_names_do_not_end_a_name_in_a_list(tmp_path):
    for i in range(3):
        image, mask = _head(i)
        for ending, values in (("", image), ("_mask", mask)):
            _save(tmp_path / "in" / f"sub {i}{ending}.nii.gz", values)
    made = make_nifti_dataset(tmp_path / "out", tmp_path / "in", slices=SMALL)
    lines = (made.root / "train.txt").read_text().splitlines()
    assert all((made.root / path).is_file() for line in lines for path in line.split(" "))


def test_without_pillow_nothing_is_written(repository, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingDependencyError, match="Pillow, to write images"):
        make_nifti_dataset(tmp_path / "out", repository, *NFBS, slices=SMALL)
    assert not (tmp_path / "out").exists()


def test_too_few_subjects():
    with pytest.raises(DataError, match="at least three"):
        split_subjects(["a", "b"], SMALL)


def test_folders_without_volumes(tmp_path):
    with pytest.raises(DataError, match="0 NIfTI files"):
        find_pairs(tmp_path)
    with pytest.raises(DataError, match="no folder"):
        find_pairs(tmp_path / "nowhere")


def test_two_images_of_one_name(tmp_path):
    for folder in "ab":
        _save(tmp_path / folder / "s.nii.gz", np.zeros((2, 2, 2), np.uint8))
    _save(tmp_path / "a" / "s_mask.nii.gz", np.zeros((2, 2, 2), np.uint8))
    with pytest.raises(DataError, match="both images of s"):
        find_pairs(tmp_path)

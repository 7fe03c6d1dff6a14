"""`data`: datasets to try things on, and volumes cut into slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import click

from ..i18n import _, listed
from . import screen
from .command import LocalizedCommand, LocalizedGroup, option

Decorator = Callable[[Any], Any]


@click.group(
    cls=LocalizedGroup,
    example="paddleseg-losses data mni --out data/mni",
    brief="Make a dataset: small ones to try things on, or slices of your volumes.",
)
def data() -> None:
    """Make a dataset in the layout of PaddleSeg: small ones to try things on, or slices of your own volumes."""


def _command(example: str) -> Decorator:
    return data.command(cls=LocalizedCommand, example=f"paddleseg-losses data {example}")


_out = option("--out", required=True, type=click.Path(file_okay=False), help="Folder to write the dataset into.")
_root = option("--root", required=True, type=click.Path(), help="Folder with the volumes.")


def _size(default: int) -> Decorator:
    return option("--size", type=click.IntRange(16), default=default, show_default=True,
                  help="Height and width of an image in pixels.")  # fmt: skip


@_command("mni --out data/mni")
@_out
@_size(128)
def mni(out: str, size: int) -> None:
    """Slices of a real brain MRI with four tissue classes, from the template that nilearn carries."""
    from ..datasets.mni import make_mni_dataset

    _report(make_mni_dataset(out, size).root)


@_command("heads --out data/heads")
@_out
@_size(64)
def heads(out: str, size: int) -> None:
    """Skull stripping: slices of one real head to train on, of another to test on, from two packages."""
    from ..datasets.heads import make_heads_dataset

    _report(make_heads_dataset(out, size))


@_command("parcels --out data/parcels")
@_out
@_size(96)
def parcels(out: str, size: int) -> None:
    """Forty-eight regions of the cortex, most of them absent from most slices, from two packages."""
    from ..datasets.heads import make_parcels_dataset

    _report(make_parcels_dataset(out, size))


_noise = option("--label_noise", type=float, default=0.0, show_default=True,
                help="Share of the training objects without a label.")  # fmt: skip
_empty = option("--empty", type=float, default=0.0, show_default=True, help="Share of the images without an object.")
_seed = option("--seed", type=int, default=0, show_default=True, help="Random seed.")


@_command("discs --share 0.01 --out data/discs")
@_out
@_size(64)
@option("--share", type=float, default=0.03, show_default=True, help="Share of the pixels that belong to discs.")
@option("--classes", type=click.IntRange(1), default=1, show_default=True, help="Kinds of discs.")
@option("--ragged", type=float, default=0.0, show_default=True, help="How far borders wander, over the radius.")
@_noise
@_empty
@_seed
def discs(out: str, **scene: Any) -> None:
    """Drawn discs, with a dial for size, number of classes, ragged borders and wrong labels."""
    from ..datasets.synthetic import Discs, make_synthetic_dataset

    _report(make_synthetic_dataset(out, Discs(**scene)))


@_command("tree --width 2 --out data/tree")
@_out
@_size(64)
@option("--width", type=float, default=1.5, show_default=True, help="Width of the branches in pixels.")
@_noise
@_empty
@_seed
def tree(out: str, **scene: Any) -> None:
    """A drawn tree, such as a vessel or a crack, with a dial for its width and wrong labels."""
    from ..datasets.synthetic import Tree, make_synthetic_dataset

    _report(make_synthetic_dataset(out, Tree(**scene)))


def _slicing(function: Callable[..., None]) -> Callable[..., None]:
    """The options of volumes that are cut into slices."""
    for each in reversed(
        (
            _root,
            _out,
            _size(128),
            option("--step", type=click.IntRange(1), default=4, show_default=True, help="Take every n-th slice."),
            option("--field", type=float, default=240.0, show_default=True,
                   help="Height and width of a slice in millimetres."),
            option("--val", type=click.FloatRange(0, 1), default=0.2, show_default=True,
                   help="Share of the subjects to validate on."),
            option("--test", type=click.FloatRange(0, 1), default=0.2, show_default=True,
                   help="Share of the subjects to test on."),
            _seed,
            option("--skip_damaged", is_flag=True, help="Leave damaged volumes out, with a warning."),
        )
    ):  # fmt: skip
        function = each(function)
    return function


@_command("nfbs --root NFBS_Dataset --out data/nfbs")
@_slicing
def nfbs(root: str, out: str, skip_damaged: bool, **slices: Any) -> None:
    """Slices of the NFBS skull-stripping repository, a folder a subject, split by subject."""
    from ..datasets.nifti import NFBS

    _cut(root, out, *NFBS, ["background", "brain"], skip_damaged, slices)


@_command("nifti --root volumes --mask_suffix _mask.nii.gz --image_suffix .nii.gz --out data/slices")
@_slicing
@option("--mask_suffix", help="How names of masks end; the usual ones are tried.")
@option("--image_suffix", help="What the image of the same subject has in its place.")
@option("--class_name", "classes", multiple=True, help="Name of a class, the background first; repeatable.")
def nifti(root: str, out: str, mask_suffix: str | None, image_suffix: str | None, classes: tuple[str, ...],
          skip_damaged: bool, **slices: Any) -> None:  # fmt: skip
    """Slices of any folder of NIfTI images and masks, split by subject."""
    _cut(root, out, mask_suffix, image_suffix, classes, skip_damaged, slices)


def _cut(root: str, out: str, mask: str | None, image: str | None, classes: Any, skip: bool, slices: Any) -> None:
    from ..datasets.nifti import Slices, make_nifti_dataset

    made = make_nifti_dataset(out, root, mask, image, classes, Slices(**slices), skip)
    for problem in made.left_out:
        screen.warn(_("left out: {problem}", problem=problem))
    _report(made.root, {"subjects": made.subjects})


def _report(root: Path, more: dict[str, Any] | None = None) -> None:
    """What has been made."""
    lists = [part for part in ("train", "val", "test") if (root / f"{part}.txt").is_file()]
    counts = {part: len((root / f"{part}.txt").read_text(encoding="utf-8").splitlines()) for part in lists}
    classes = (root / "labels.txt").read_text(encoding="utf-8").splitlines()
    if screen.wants_json():
        return screen.print_json({"root": str(root), **counts, "classes": classes, **(more or {})})
    parts = listed(f"{count} {part}" for part, count in counts.items())
    click.echo(_("{root}: images {parts}; classes {classes}", root=root, parts=parts, classes=len(classes)))
    return None

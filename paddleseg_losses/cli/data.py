"""`data`: small datasets to try things on."""

from __future__ import annotations

import click

from ..i18n import _
from . import screen
from .command import LocalizedCommand, LocalizedGroup, option


@click.group(
    cls=LocalizedGroup,
    example="paddleseg-losses data mni --out data/mni",
    brief="Make a small dataset.",
)
def data() -> None:
    """Make a small dataset to try things on."""


@data.command(
    cls=LocalizedCommand,
    example="paddleseg-losses data mni --out data/mni",
)
@option(
    "--out",
    required=True,
    type=click.Path(file_okay=False),
    help="Folder to write the dataset into.",
)
def mni(out: str) -> None:
    """Slices of a real brain MRI with four tissue classes, from the template that nilearn carries."""
    from ..datasets.mni import make_mni_dataset

    dataset = make_mni_dataset(out)
    if screen.wants_json():
        return screen.print_json(
            {"root": str(dataset.root), "train": dataset.train, "val": dataset.val, "classes": dataset.class_names}
        )
    classes = len(dataset.class_names)
    click.echo(
        _(
            "{root}: {train} slices to train on, {val} to validate on, {classes} classes",
            root=dataset.root,
            train=dataset.train,
            val=dataset.val,
            classes=classes,
        )
    )
    return None

"""`data`: small datasets to try things on."""

from __future__ import annotations

from ..i18n import _

import click

from . import screen
from .command import Bilingual, Group, option
from .language import say


@click.group(
    cls=Group,
    example="paddleseg-losses data mni --out data/mni",
    brief="Make a small dataset.",
)
def data() -> None:
    """Make a small dataset to try things on."""


@data.command(
    cls=Bilingual,
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

    made = make_mni_dataset(out)
    if screen.wants_json():
        return screen.put_json(
            {"root": str(made.root), "train": made.train, "val": made.val, "classes": made.class_names}
        )
    classes = len(made.class_names)
    click.echo(
        _(
            "{root}: {train} slices to train on, {val} to validate on, {classes} classes",
            root=made.root,
            train=made.train,
            val=made.val,
            classes=classes,
        )
    )
    return None

"""`data`: small datasets to try things on."""

from __future__ import annotations

import click

from .help import example


@click.group(short_help="Make a small dataset.", epilog=example("paddleseg-losses data mni --out data/mni"))
def data() -> None:
    """Make a small dataset to try things on."""


@data.command(epilog=example("paddleseg-losses data mni --out data/mni"))
@click.option("--out", required=True, type=click.Path(file_okay=False), help="Folder to write the dataset into.")
def mni(out: str) -> None:
    """Slices of a real brain MRI with four tissue classes, from the template that nilearn carries."""
    from ..integrations.mni import make_mni_dataset

    made = make_mni_dataset(out)
    click.echo(
        f"{made.root}: {made.train} slices to train on, {made.val} to validate on, {len(made.class_names)} classes"
    )

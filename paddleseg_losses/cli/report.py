"""`report`: a page about a training, from its record."""

from __future__ import annotations

from pathlib import Path

import click

from ..i18n import _
from . import screen
from .command import argument, command


@command(
    brief="Make a page about a training.",
    example="paddleseg-losses report output",
)
@argument("folder", type=click.Path(), metavar="DIR")
def report(folder: str) -> None:
    """Write report.html into the save_dir of a training: curves, scores, pictures, versions, configuration.

    The page opens without a server, with all pictures in it, in the language of the run. It can be made while the
    training runs, and after a crash.
    """
    from ..after_training import write_report

    page, facts = write_report(Path(folder))
    if screen.wants_json():
        screen.print_json({"page": str(page), **facts})
    else:
        click.echo(_("page: {page}", page=page))

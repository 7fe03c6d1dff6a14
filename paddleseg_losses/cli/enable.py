"""`enable` and `disable`: whether PaddleSeg finds our losses without our commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..i18n import Text, _
from . import screen
from .command import command

if TYPE_CHECKING:
    from ..paddleseg.enabling import Change


@command(
    brief="Make our losses available in plain PaddleSeg.",
    example="paddleseg-losses enable",
)
def enable() -> None:
    """Make our losses available in plain `python tools/train.py` and `paddle.distributed.launch tools/train.py`.

    Writes two small files into the site-packages of this environment. `paddleseg-losses disable` removes them.
    """
    from ..paddleseg.enabling import enable as write

    change = write()
    _report(
        change,
        _("Enabled:") if change.changed else _("It was enabled already:"),
        _(
            "Where PaddleSeg is installed too, a script of a clone finds the clone with PYTHONPATH=. python "
            "tools/train.py\nTo undo it: paddleseg-losses disable"
        ),
    )


@command(
    brief="Undo `enable`.",
    example="paddleseg-losses disable",
)
def disable() -> None:
    """Undo `enable`: remove the two files that it wrote."""
    from ..paddleseg.enabling import disable as remove

    change = remove()
    _report(change, _("Disabled; removed:") if change.changed else _("It was not enabled."))


def _report(change: Change, headline: Text, hint: Text = "") -> None:
    if screen.wants_json():
        files = [str(file) for file in change.files]
        return screen.print_json({"enabled": change.enabled, "changed": change.changed, "files": files})
    screen.print(screen.text(headline))
    for file in change.files:
        screen.print(screen.text(str(file), indent=2))
    if hint:
        screen.print(screen.text(hint))
    return None

"""`enable` and `disable`: whether a plain PaddleSeg knows our losses."""

from __future__ import annotations

from ..i18n import _

from typing import TYPE_CHECKING

from . import screen
from .command import command
from .language import say

if TYPE_CHECKING:
    from ..paddleseg.enabling import Change


@command(
    brief="Let a plain PaddleSeg know our losses.",
    example="paddleseg-losses enable",
)
def enable() -> None:
    """Let a plain `python tools/train.py` and `paddle.distributed.launch tools/train.py` know our losses.

    Writes two small files beside the packages of this environment. Off until you ask for it; `paddleseg-losses
    disable` undoes it.
    """
    from ..paddleseg.enabling import enable as write

    done = write()
    _tell(
        done,
        _("Enabled") if done.changed else _("It was enabled already"),
        _("To undo it: paddleseg-losses disable"),
    )


@command(
    brief="Undo `enable`.",
    example="paddleseg-losses disable",
)
def disable() -> None:
    """Undo `enable`: remove the two files that it wrote."""
    from ..paddleseg.enabling import disable as remove

    done = remove()
    _tell(done, _("Disabled; removed") if done.changed else _("It was not enabled"))


def _tell(done: Change, headline: str, hint: str = "") -> None:
    if screen.wants_json():
        files = [str(file) for file in done.files]
        return screen.put_json({"enabled": done.enabled, "changed": done.changed, "files": files})
    screen.put(screen.plain(headline + (_(":") if done.files else _("."))))
    for file in done.files:
        screen.put(screen.plain(str(file), indent=2))
    if hint:
        screen.put(screen.plain(hint))
    return None

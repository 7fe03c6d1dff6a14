"""`enable` and `disable`: whether a plain PaddleSeg knows our losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import screen
from .command import command
from .language import say

if TYPE_CHECKING:
    from ..paddleseg.enabling import Change


@command(
    brief=("Let a plain PaddleSeg know our losses.", "让 PaddleSeg 直接认识本包的损失。"),
    example="paddleseg-losses enable",
    zh="""启用后，在本环境中直接运行 python tools/train.py 或 paddle.distributed.launch tools/train.py，
    也能使用本包的损失名称。

    只在包目录中写入两个小文件；默认不启用，用 paddleseg-losses disable 撤销。
    """,
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
        say("Enabled", "已启用") if done.changed else say("It was enabled already", "此前已启用"),
        say("To undo it: paddleseg-losses disable", "撤销：paddleseg-losses disable"),
    )


@command(
    brief=("Undo `enable`.", "撤销 enable。"),
    example="paddleseg-losses disable",
    zh="撤销 enable：删除它写入的两个文件。",
)
def disable() -> None:
    """Undo `enable`: remove the two files that it wrote."""
    from ..paddleseg.enabling import disable as remove

    done = remove()
    _tell(
        done, say("Disabled; removed", "已停用；已删除") if done.changed else say("It was not enabled", "此前并未启用")
    )


def _tell(done: Change, headline: str, hint: str = "") -> None:
    if screen.wants_json():
        files = [str(file) for file in done.files]
        return screen.put_json({"enabled": done.enabled, "changed": done.changed, "files": files})
    screen.put(screen.plain(headline + (say(":", "：") if done.files else say(".", "。"))))
    for file in done.files:
        screen.put(screen.plain(str(file), indent=2))
    if hint:
        screen.put(screen.plain(hint))
    return None

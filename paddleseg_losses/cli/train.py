"""`train`: PaddleSeg's trainer, with the flags of its `tools/train.py`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from ..i18n import _
from ..paddleseg.flags import Flags
from . import screen
from .command import LocalizedOption
from .flags import FlagsCommand, ManyOption
from .language import continued

if TYPE_CHECKING:
    from ..after_training.pictures import Picture
    from ..paddleseg.session import Result

_FIELDS = {field.name: field for field in dataclasses.fields(Flags)}


def _option(field: dataclasses.Field[Any]) -> LocalizedOption:
    facts, default = field.metadata, field.default
    required = default is dataclasses.MISSING
    kwargs: dict[str, Any] = {"help": facts["help"], "required": required}
    if isinstance(default, bool):
        kwargs["is_flag"] = True
    elif facts.get("many"):
        return ManyOption([f"--{field.name}"], type=facts["of"], **kwargs)
    else:
        kwargs["type"] = _type(facts)
        if default is not None and not required:
            kwargs.update(default=default, show_default=True)
    return LocalizedOption([f"--{field.name}"], **kwargs)


def _type(facts: Mapping[str, Any]) -> Any:
    if "choices" in facts:
        return click.Choice(facts["choices"])
    return click.IntRange(facts["low"]) if "low" in facts else facts.get("of")


def _train(override: tuple[str, ...], **flags: Any) -> None:
    """Train and evaluate the configuration in a PaddleSeg YAML file; PaddleSeg's wheel is enough.

    The flags are those of PaddleSeg's tools/train.py. The checkpoints, train.log and metrics.json are written to
    save_dir, with record.jsonl, of which `paddleseg-losses report` makes a page, and pictures of the best and worst of
    a few validation images.
    """
    from ..datasets.white_masks import require_foreground
    from ..paddleseg.trainer import train as run_training
    from .progress import display

    require_foreground(flags["config"])
    result = run_training(override=override, display=display(), **flags)
    pictures = _pictures(result)
    if screen.wants_json():
        files = [str(picture.file) for picture in pictures]
        return screen.print_json({"save_dir": str(result.save_dir), **result.as_dict(), "pictures": files})
    if result.scores:
        images = result.scores.images
        title = _("{checkpoint} on {images} validation images:", checkpoint=result.checkpoint, images=images)
        click.echo(f"\n{title}\n\n{result.scores}")
    log, numbers = result.save_dir / "train.log", result.save_dir / "metrics.json"
    click.echo(_("\nlog: {log}    numbers: {numbers}", log=log, numbers=numbers))
    if pictures:
        click.echo(_("pictures: {folder}", folder=pictures[0].file.parent))
    click.echo(_("page: {command}", command=continued(f"paddleseg-losses report {result.save_dir}")))
    return None


def _pictures(result: Result) -> list[Picture]:
    """The last thing a training does: what goes wrong here must not make it look failed."""
    from ..after_training import leave_pictures

    try:
        return leave_pictures(result)
    except Exception as error:
        screen.warn(_("no pictures of validation images: {error}", error=error))
        return []


train = FlagsCommand(
    "train",
    callback=_train,
    help=_train.__doc__,
    brief="Train and evaluate with PaddleSeg.",
    example="paddleseg-losses train --config my_config.yml --do_eval --save_dir output",
    params=[
        *(_option(field) for field in _FIELDS.values()),
        LocalizedOption(
            ["--override"],
            multiple=True,
            metavar="NAME",
            help="PaddleSeg loss to replace with ours; repeatable, or `all`.",
        ),
    ],
)

"""`train`: PaddleSeg's trainer, with the flags of its `tools/train.py`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import click

from ..i18n import _
from ..paddleseg.flags import Flags
from . import screen
from .command import LocalizedCommand, LocalizedOption

_FIELDS = {field.name: field for field in dataclasses.fields(Flags)}
_MANY = [f"--{name}" for name, field in _FIELDS.items() if field.metadata.get("many")]


class TrainCommand(LocalizedCommand):
    """Reads `--opts a=1 b=2` as PaddleSeg's argparse does; click wants the option before every value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each of its values."""
        spread: list[str] = []
        option = None
        for arg, after in zip(args, [*args[1:], "-"]):
            if arg.startswith("-"):
                option = arg if arg in _MANY else None
                if option and after.startswith("-"):
                    raise click.BadOptionUsage(arg, str(_("{option} needs a value.", option=arg)), ctx)
                spread += [] if option else [arg]
            else:
                spread += [option, arg] if option else [arg]
        return super().parse_args(ctx, spread)


def _option(field: dataclasses.Field[Any]) -> LocalizedOption:
    facts, default = field.metadata, field.default
    required = default is dataclasses.MISSING
    kwargs: dict[str, Any] = {"help": facts["help"], "required": required}
    if isinstance(default, bool):
        kwargs["is_flag"] = True
    elif facts.get("many"):
        kwargs.update(multiple=True, type=facts["of"])
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
    save_dir.
    """
    from ..paddleseg.trainer import train as run_training
    from .progress import display

    result = run_training(override=override, display=display(), **flags)
    if screen.wants_json():
        return screen.print_json({"save_dir": str(result.save_dir), **result.as_dict()})
    if result.scores:
        images = result.scores.images
        title = _("{checkpoint} on {images} validation images:", checkpoint=result.checkpoint, images=images)
        click.echo(f"\n{title}\n\n{result.scores}")
    log, numbers = result.save_dir / "train.log", result.save_dir / "metrics.json"
    click.echo(_("\nlog: {log}    numbers: {numbers}", log=log, numbers=numbers))
    return None


train = TrainCommand(
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

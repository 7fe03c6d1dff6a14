"""`train`: PaddleSeg's trainer, with the flags of its `tools/train.py`."""

from __future__ import annotations

from ..i18n import _

import dataclasses
from collections.abc import Mapping
from typing import Any

import click

from ..paddleseg.flags import Flags
from . import screen
from .command import Bilingual, Option
from .language import say
from .phrases import translated

_FIELDS = {field.name: field for field in dataclasses.fields(Flags)}
_MANY = [f"--{name}" for name, field in _FIELDS.items() if field.metadata.get("many")]


class TrainCommand(Bilingual):
    """Reads `--opts a=1 b=2` as PaddleSeg's argparse does; click wants the option before every value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each of its values."""
        spread: list[str] = []
        option = None
        for arg, after in zip(args, [*args[1:], "-"]):
            if arg.startswith("-"):
                option = arg if arg in _MANY else None
                if option and after.startswith("-"):
                    raise click.BadOptionUsage(arg, _("{arg} needs a value.", arg=arg), ctx)
                spread += [] if option else [arg]
            else:
                spread += [option, arg] if option else [arg]
        return super().parse_args(ctx, spread)


def _option(field: dataclasses.Field[Any]) -> Option:
    facts, default = field.metadata, field.default
    required = default is dataclasses.MISSING
    kwargs: dict[str, Any] = {"help": facts["help"], "zh": facts["zh"], "required": required}
    if isinstance(default, bool):
        kwargs["is_flag"] = True
    elif facts.get("many"):
        kwargs.update(multiple=True, type=facts["of"])
    else:
        kwargs["type"] = _type(facts)
        if default is not None and not required:
            kwargs.update(default=default, show_default=True)
    return Option([f"--{field.name}"], **kwargs)


def _type(facts: Mapping[str, Any]) -> Any:
    if "choices" in facts:
        return click.Choice(facts["choices"])
    return click.IntRange(facts["low"]) if "low" in facts else facts.get("of")


def _train(override: tuple[str, ...], **flags: Any) -> None:
    """Train and evaluate what a PaddleSeg YAML file describes, with nothing but PaddleSeg's wheel.

    The flags are those of PaddleSeg's tools/train.py. Afterwards the save_dir holds the checkpoints, train.log and
    metrics.json.
    """
    from ..paddleseg.trainer import train as run_training
    from .progress import display

    result = run_training(override=override, display=display(), **flags)
    if screen.wants_json():
        return screen.put_json({"save_dir": str(result.save_dir), **result.as_dict()})
    if result.scores:
        images = result.scores.images
        title = _("{checkpoint} on {images} validation images:", checkpoint=result.checkpoint, images=images)
        click.echo(f"\n{title}\n\n{result.scores.table(translated)}")
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
        Option(
            ["--override"],
            multiple=True,
            metavar="NAME",
            help="A loss of PaddleSeg to replace by ours, or all.",
        ),
    ],
)

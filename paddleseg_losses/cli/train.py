"""`train`: PaddleSeg's trainer, with the flags of its `tools/train.py`."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from ..integrations.flags import Flags
from .help import example

_FIELDS = {field.name: field for field in dataclasses.fields(Flags)}
_MANY = [f"--{name}" for name, field in _FIELDS.items() if field.metadata.get("many")]


class TrainCommand(click.Command):
    """Reads `--opts a=1 b=2` as PaddleSeg's argparse does; click wants the option before every value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each of its values."""
        spread: list[str] = []
        option = None
        for arg, after in zip(args, [*args[1:], "-"]):
            if arg.startswith("-"):
                option = arg if arg in _MANY else None
                if option and after.startswith("-"):
                    raise click.BadOptionUsage(arg, f"{arg} needs a value.", ctx)
                spread += [] if option else [arg]
            else:
                spread += [option, arg] if option else [arg]
        return super().parse_args(ctx, spread)


def _option(field: dataclasses.Field[Any]) -> click.Option:
    facts, default = field.metadata, field.default
    required = default is dataclasses.MISSING
    kwargs: dict[str, Any] = {"help": facts["help"], "required": required}
    if isinstance(default, bool):
        kwargs["is_flag"] = True
    elif facts.get("many"):
        kwargs.update(multiple=True, type=facts["of"])
    else:
        kwargs["type"] = click.Choice(facts["choices"]) if "choices" in facts else facts.get("of")
        if default is not None and not required:
            kwargs.update(default=default, show_default=True)
    return click.Option([f"--{field.name}"], **kwargs)


def _train(override: tuple[str, ...], **flags: Any) -> None:
    """Train and evaluate what a PaddleSeg YAML file describes, with nothing but PaddleSeg's wheel.

    The flags are those of PaddleSeg's tools/train.py. Afterwards the save_dir holds the checkpoints, train.log and
    metrics.json.
    """
    from ..integrations.trainer import train as run_training
    from .progress import display

    result = run_training(override=override, display=display(), **flags)
    if result.scores:
        click.echo(f"\n{result.checkpoint} on {result.scores.images} validation images:\n\n{result.scores}")
    click.echo(f"\nlog: {result.save_dir / 'train.log'}    numbers: {result.save_dir / 'metrics.json'}")


train = TrainCommand(
    "train",
    callback=_train,
    help=_train.__doc__,
    short_help="Train and evaluate with PaddleSeg.",
    epilog=example("paddleseg-losses train --config my_config.yml --do_eval --save_dir output"),
    params=[
        *(_option(field) for field in _FIELDS.values()),
        click.Option(
            ["--override"], multiple=True, metavar="NAME", help="A loss of PaddleSeg to replace by ours, or all."
        ),
    ],
)

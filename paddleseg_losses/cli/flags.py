"""Flags that are written as PaddleSeg's tools take them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable

import click

from ..i18n import _
from .command import LocalizedCommand, LocalizedOption, option

if TYPE_CHECKING:
    from ..paddleseg.inference import Inference

_NUMBER = re.compile(r"-\d")
DEVICES = ("cpu", "gpu", "xpu", "npu", "mlu")


class ManyOption(LocalizedOption):
    """An option that takes several values behind one name."""

    def __init__(self, names: Sequence[str], **facts: Any) -> None:
        super().__init__(names, multiple=True, **facts)


class FlagsCommand(LocalizedCommand):
    """Reads `--opts a=1 b=2` as PaddleSeg's argparse does; click needs the option before every value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each of its values."""
        many = {name for param in self.params if isinstance(param, ManyOption) for name in param.opts}
        spread: list[str] = []
        option = None
        for arg, after in zip(args, [*args[1:], "-"]):
            if _is_name(arg):
                option = arg if arg in many else None
                if option and _is_name(after):
                    raise click.BadOptionUsage(arg, str(_("{option} needs a value.", option=arg)), ctx)
                spread += [] if option else [arg]
            else:
                spread += [option, arg] if option else [arg]
        return super().parse_args(ctx, spread)


def _is_name(arg: str) -> bool:
    return arg.startswith("-") and not _NUMBER.match(arg)


def command(name: str | None = None, **facts: Any) -> Callable[[Any], Any]:
    """Click's `command`, with our class."""
    return click.command(name, cls=FlagsCommand, **facts)


def many(*names: str, **facts: Any) -> Callable[[Any], Any]:
    """Click's `option`, for several values."""
    return click.option(*names, cls=ManyOption, **facts)


def restoring(function: Any) -> Any:
    """The options of a command that works with a trained model."""
    for decorate in reversed((
        option("--config", required=True, type=click.Path(), help="YAML file that the model was trained with."),
        option("--model_path", required=True, type=click.Path(), help="Weights: model.pdparams, or its folder."),
        option("--device", type=click.Choice(DEVICES), 
               help="Device (default: GPU if this Paddle supports one, else CPU)."),
        many("--opts", help="Override other values of the file: --opts val_dataset.val_path=test.txt ..."),
        option("--use_multilabel", is_flag=True, help="The classes are not mutually exclusive."),
    )):  # fmt: skip
        function = decorate(function)
    return function


def predicting(function: Any) -> Any:
    """The options of scales, flips and windows."""
    for decorate in reversed((
        many("--scales", type=float, help="Sizes of the image to average over: --scales 0.75 1.0 1.25."),
        option("--flip_horizontal", is_flag=True, help="Average over the mirrored image too."),
        option("--flip_vertical", is_flag=True, help="Average over the image upside down too."),
        option("--is_slide", is_flag=True, help="Predict window by window."),
        option("--crop_size", type=int, nargs=2, help="Width and height of a window."),
        option("--stride", type=int, nargs=2, help="Steps between windows, in width and height."),
    )):  # fmt: skip
        function = decorate(function)
    return function


def inference(test_config: Any, augment: bool, use_multilabel: bool, **given: Any) -> Inference:
    """How to predict, from the flags and the file; scales and flips count only where augmentation is asked for."""
    from ..paddleseg.inference import Inference

    if not augment:
        given = {name: given[name] for name in ("is_slide", "crop_size", "stride")}
    return Inference.of(test_config, augment=augment, use_multilabel=use_multilabel, **given)

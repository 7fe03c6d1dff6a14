"""`doctor`: what a colleague would say after a look at one batch."""

from __future__ import annotations

from ..i18n import _

import dataclasses
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from . import screen
from .command import command, option
from .language import say
from .phrases import commented, translated
from .program import PROBLEM

if TYPE_CHECKING:
    from ..doctor import Advice, Diagnosis


@command(
    brief="Look at one real batch before a long training.",
    example="paddleseg-losses doctor --config my_config.yml",
)
@option("--config", type=click.Path(), help="PaddleSeg's YAML file.")
@option(
    "--kernels",
    is_flag=True,
    help="Say whether native kernels are used on a CPU, and why not.",
)
@option(
    "--batch_size",
    type=click.IntRange(1),
    help="Images of the batch, instead of the file's.",
)
@option("--masks", type=click.IntRange(1), default=200, show_default=True, help="Masks to look at.")
@option("--seed", type=int, default=0, show_default=True, help="Seed of the random numbers.")
@option(
    "--override",
    multiple=True,
    metavar="NAME",
    help="A loss of PaddleSeg to replace by ours, or all.",
)
def doctor(
    config: str | None, kernels: bool, batch_size: int | None, masks: int, seed: int, override: tuple[str, ...]
) -> None:
    """Take one real batch through a configuration's data, model and losses, and say what a colleague would.

    It looks at label values and class shares, a class that never occurs, RGB masks and masks of 0 and 255,
    num_classes against the labels, outputs against coef, the gradient share of every term, NaN and half precision,
    distance losses on images without a boundary, the optimizer. Each warning says what to change, in YAML.

    Exits with 1 if there is a warning. With --kernels: if the composed path is used although nobody asked for it.
    """
    if kernels:
        _kernels()
        return
    if config is None:
        raise click.UsageError(_("Give --config FILE or --kernels."))
    from ..doctor import examine

    diagnosis = examine(config, override, batch_size, masks, seed)
    if screen.wants_json():
        screen.put_json(_as_dict(diagnosis))
    else:
        _print(diagnosis)
    if not diagnosis.well:
        raise Exit(PROBLEM)


def _kernels() -> None:
    from ..kernels import status

    found = status()
    if screen.wants_json():
        screen.put_json(found)
    else:
        words = {
            "active": _("path on a CPU"),
            "mode": "PADDLESEG_LOSSES_KERNELS",
            "library": _("library"),
            "threads": _("threads"),
        }
        rows = [[word, found[key]] for key, word in words.items()]
        screen.put(screen.table([_("what"), _("found")], rows, fixed=1))
    if found["active"] == "composed" and found["mode"] != "composed":
        raise Exit(PROBLEM)


def _as_dict(diagnosis: Diagnosis) -> dict[str, Any]:
    found = dataclasses.asdict(diagnosis)
    found.update(config=str(diagnosis.config), well=diagnosis.well)
    found["advice"] = [
        {"code": item.code, "warning": _warning(item), "yaml": commented(item.yaml)} for item in diagnosis.advice
    ]
    return found


def _print(diagnosis: Diagnosis) -> None:
    from rich.text import Text

    if diagnosis.mistakes:
        _mistakes(diagnosis)
        return
    _masks(diagnosis)
    if diagnosis.batch:
        _terms(diagnosis)
    count = len(diagnosis.advice)
    if not count:
        screen.put(Text(_("\nNothing to complain about."), style="bold green"))
        return
    screen.put(Text(_("\n{count} warning(s)", count=count), style="bold yellow"))
    for number, item in enumerate(diagnosis.advice, 1):
        _advice(number, item)


def _mistakes(diagnosis: Diagnosis) -> None:
    from rich.text import Text

    count = len(diagnosis.mistakes)
    screen.put(
        Text(
            _("{config}: {count} mistake(s); mend them first", config=diagnosis.config, count=count),
            style="bold red",
        )
    )
    for number, finding in enumerate(diagnosis.mistakes, 1):
        where = f"{finding.where}: " if finding.where else ""
        screen.put(
            screen.plain(f"{number}. {where}{translated(finding.found)}"),
            screen.plain(translated(finding.cure), 3, "green"),
        )
    if diagnosis.corrected:
        screen.put(screen.heading(_("Corrected:")), screen.yaml(commented(diagnosis.corrected)))


def _masks(diagnosis: Diagnosis) -> None:
    columns = [_("class"), _("name"), _("share"), _("masks")]
    rows = [[fact.index, fact.name, f"{fact.share:.3%}", fact.masks] for fact in diagnosis.classes]
    if diagnosis.batch:
        columns.append(_("in the batch"))
        for row, fact in zip(rows, diagnosis.classes):
            row.append("" if fact.batch is None else f"{fact.batch:.3%}")
    screen.put(
        screen.heading(_("Labels ({masks} of {all_masks} masks)", masks=diagnosis.masks, all_masks=diagnosis.all_masks))
    )
    if diagnosis.masks:
        screen.put(screen.table(columns, rows, fixed=5, right=[2, 3, 4]))


def _terms(diagnosis: Diagnosis) -> None:
    if not diagnosis.terms:
        return
    shape = " x ".join(map(str, diagnosis.batch))
    screen.put(
        screen.heading(
            _(
                "Losses on one batch of {shape}, {heads} output(s) of the model, before any training",
                shape=shape,
                heads=diagnosis.heads,
            )
        )
    )
    columns = (
        _("term"), _("output"), _("weight"), _("value"),
        _("gradient"), _("share of it"),
    )  # fmt: skip
    rows = [
        (t.name, t.head, f"{t.weight:.4g}", f"{t.value:.4f}", f"{t.gradient:.3g}", f"{t.share:.1%}")
        for t in diagnosis.terms
    ]
    screen.put(screen.table(columns, rows, fixed=6, right=[1, 2, 3, 4, 5]))


def _advice(number: int, item: Advice) -> None:
    screen.put(screen.heading(f"{number}. {_warning(item)}"), screen.yaml(commented(item.yaml), indent=3))


def _warning(item: Advice) -> str:
    """What a loss itself said is English in both."""
    return translated(say(item.en, item.zh))

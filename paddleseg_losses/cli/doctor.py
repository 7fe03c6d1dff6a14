"""`doctor`: common problems, found on one real batch."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from ..i18n import Text, _, in_context, plural
from . import screen
from .command import command, option
from .program import PROBLEM

if TYPE_CHECKING:
    from ..doctor import Diagnosis


@command(
    brief="Check one real batch before a long training.",
    example="paddleseg-losses doctor --config my_config.yml",
)
@option("--config", type=click.Path(), help="PaddleSeg YAML file.")
@option(
    "--kernels",
    is_flag=True,
    help="Show which kernels are used on CPU and GPU, and if not, why.",
)
@option(
    "--batch_size",
    type=click.IntRange(1),
    help="Batch size, instead of the one in the file.",
)
@option("--masks", type=click.IntRange(1), default=200, show_default=True, help="Number of masks to check.")
@option("--seed", type=int, default=0, show_default=True, help="Random seed.")
@option(
    "--override",
    multiple=True,
    metavar="NAME",
    help="PaddleSeg loss to replace with ours; repeatable, or `all`.",
)
def doctor(
    config: str | None, kernels: bool, batch_size: int | None, masks: int, seed: int, override: tuple[str, ...]
) -> None:
    """Run one real batch through the data, model and losses of a configuration, and report common problems.

    Checks the lists and all files of the training and validation data, the sizes of masks and images, EXIF rotation,
    label values and class shares on disk and in the batch, classes that never occur, RGB masks, masks of 0 and 255, of
    1 and 16 bits or stored as JPEG, num_classes against the labels, model outputs against coef, the gradient share of
    every term, NaN and half precision, distance losses on images without a boundary, the optimizer. Each warning says
    what to change, in YAML.

    Exits with 1 if there is a warning. With --kernels: if the composed path is used although nothing asks for it.
    """
    if kernels:
        _kernels()
        return
    if config is None:
        raise click.UsageError(str(_("Give --config FILE or --kernels.")))
    from ..doctor import run_checks

    diagnosis = run_checks(config, override, batch_size, masks, seed)
    if screen.wants_json():
        screen.print_json(_as_dict(diagnosis))
    else:
        _print(diagnosis)
    if not diagnosis.well:
        raise Exit(PROBLEM)


def _kernels() -> None:
    from ..kernels import status

    facts = status(try_gpus=True)
    if screen.wants_json():
        screen.print_json(facts)
    else:
        words: dict[str, Text] = {
            "active": _("path on CPU"),
            "mode": "PADDLESEG_LOSSES_KERNELS",
            "library": _("library"),
            "threads": _("threads"),
            "gpu": _("path on GPU"),
            "gpu_kernels": _("kernels for CUDA"),
        }
        rows = [[word, facts[key]] for key, word in words.items()]
        screen.print(screen.table([_("item"), _("value")], rows, fixed=1))
    if facts["active"] == "composed" and facts["mode"] != "composed":
        raise Exit(PROBLEM)


def _as_dict(diagnosis: Diagnosis) -> dict[str, Any]:
    facts = dataclasses.asdict(diagnosis)
    findings = [{"code": item.code, "warning": item.text, "yaml": item.yaml} for item in diagnosis.findings]
    return {**facts, "config": str(diagnosis.config), "well": diagnosis.well, "findings": findings}


def _print(diagnosis: Diagnosis) -> None:
    from rich.text import Text as Line

    if diagnosis.mistakes:
        _print_mistakes(diagnosis)
        return
    _print_masks(diagnosis)
    if diagnosis.batch:
        _print_terms(diagnosis)
    count = len(diagnosis.findings)
    if not count:
        screen.print(Line(f"\n{_('No problems found.')}", style="bold green"))
        return
    screen.print(Line(f"\n{plural('{count} warning', '{count} warnings', count)}", style="bold yellow"))
    for number, item in enumerate(diagnosis.findings, 1):
        screen.print(screen.heading(f"{number}. {item.text}"), screen.yaml(item.yaml, indent=3))


def _print_mistakes(diagnosis: Diagnosis) -> None:
    from rich.text import Text as Line

    title = plural(
        "{config}: {count} mistake; fix it first", "{config}: {count} mistakes; fix these first",
        len(diagnosis.mistakes), config=diagnosis.config,
    )  # fmt: skip
    screen.print(Line(str(title), style="bold red"))
    for number, mistake in enumerate(diagnosis.mistakes, 1):
        where = _("{place}: ", place=mistake.where) if mistake.where else ""
        screen.print(screen.text(f"{number}. {where}{mistake.found}"), screen.text(mistake.cure, 3, "green"))
    if diagnosis.corrected:
        screen.print(screen.heading(_("Corrected:")), screen.yaml(diagnosis.corrected))


def _print_masks(diagnosis: Diagnosis) -> None:
    columns = [_("class"), _("name"), _("share"), in_context("how many", "masks")]
    rows = [[fact.index, fact.name, f"{fact.share:.3%}", fact.masks] for fact in diagnosis.classes]
    if diagnosis.batch:
        columns.append(_("in the batch"))
        for row, fact in zip(rows, diagnosis.classes):
            row.append("" if fact.batch is None else f"{fact.batch:.3%}")
    title = _("Labels ({masks} of {all_masks} masks)", masks=diagnosis.masks, all_masks=diagnosis.all_masks)
    screen.print(screen.heading(title))
    if diagnosis.masks:
        screen.print(screen.table(columns, rows, fixed=5, right=[2, 3, 4]))


def _print_terms(diagnosis: Diagnosis) -> None:
    if not diagnosis.terms:
        return
    title = plural(
        "Losses on one batch of {shape}, {count} model output, before any training",
        "Losses on one batch of {shape}, {count} model outputs, before any training",
        diagnosis.heads,
        shape=" x ".join(map(str, diagnosis.batch)),
    )
    screen.print(screen.heading(title))
    columns = (_("term"), _("output"), _("weight"), _("value"), _("gradient norm"), _("share of the gradient"))
    rows = [
        (t.name, t.head, f"{t.weight:.4g}", f"{t.value:.4f}", f"{t.gradient:.3g}", f"{t.share:.1%}")
        for t in diagnosis.terms
    ]
    screen.print(screen.table(columns, rows, fixed=6, right=[1, 2, 3, 4, 5]))
    if diagnosis.memory is not None:
        said = _(
            "On a GPU the losses need up to {losses:.0f} MB beside the model; the logits are {logits:.0f} MB.",
            losses=diagnosis.memory.losses,
            logits=diagnosis.memory.logits,
        )
        screen.print(screen.text(said))

"""`list` and `show`: what the registry knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import click

from .. import registry
from ..options import options_of
from ..registry import FAMILIES, LossSpec
from .help import example


@click.command("list", epilog=example("paddleseg-losses list --mode binary"))
@click.option("--family", type=click.Choice(list(FAMILIES)), help="Only the losses of one family.")
@click.option("--mode", type=click.Choice(registry.MODES), help="Only the losses for one kind of problem.")
def list_losses(family: str | None, mode: str | None) -> None:
    """List the losses with what each is good for."""
    width = max(len(name) for name in registry.names())
    for chapter in FAMILIES:
        specs = [spec for spec in registry.specs(chapter, mode) if family in (None, chapter)]
        if specs:
            click.secho(chapter, bold=True)
        for spec in specs:
            click.echo(f"  {spec.name:<{width}}  {spec.purpose}")


@click.command(epilog=example("paddleseg-losses show TverskyLoss"))
@click.argument("name")
def show(name: str) -> None:
    """Show a loss: formula, options, paper, YAML."""
    _print(describe(registry.get(name)))


@dataclass(frozen=True)
class Description:
    """What `show` shows."""

    spec: LossSpec
    summary: str
    sections: dict[str, str]  # of the docstring: Formula, When, Shape, ...
    options: list[tuple[str, Any, str, str]]  # name, default, meaning, what may be given


def describe(spec: LossSpec) -> Description:
    """Collect what is known about a loss."""
    summary, *rest = re.split(r"^    (\w+):$", spec.cls.__doc__ or "", flags=re.MULTILINE)
    sections = {title: _dedented(text) for title, text in zip(rest[::2], rest[1::2])}
    options = [(name, o.default, o.help, o.expected) for name, o in options_of(spec.cls).items()]
    return Description(spec, summary.strip(), sections, options)


def _dedented(text: str) -> str:
    return "\n".join(line.removeprefix(" " * 8) for line in text.strip("\n").splitlines()).strip()


def _print(description: Description) -> None:
    from rich.console import Console
    from rich.table import Table

    spec, sections = description.spec, description.sections
    click.secho(f"{spec.name}: {spec.title} ({spec.family})", bold=True)
    click.echo(f"{description.summary}\nproblems: {', '.join(spec.modes)}")
    for title in ("Formula", "When"):
        _section(title, sections.get(title, ""))
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for column in ("option", "default", "meaning", "values"):
        table.add_column(column, style="cyan" if column == "option" else None, no_wrap=column in ("option", "default"))
    for name, default, meaning, expected in description.options:
        table.add_row(name, repr(default), meaning, expected)
    click.secho("\nOptions", bold=True)
    console = Console(highlight=False)
    console.width = max(console.width, 100)  # a pipe has no width of its own
    console.print(table)
    _section("Paper", f"{spec.paper}\n{spec.link}\n{spec.equation}")
    for title in ("Differences", "YAML"):
        _section(title, sections.get(title, ""))


def _section(title: str, text: str) -> None:
    if text:
        click.secho(f"\n{title}", bold=True)
        click.echo("\n".join("  " + line for line in text.splitlines()))

"""`suggest`: what the masks look like, and three losses to compare on them."""

from __future__ import annotations

import dataclasses
import math
import shlex
from typing import TYPE_CHECKING, Any

import click

from ..evidence import TASKS
from ..i18n import Text, _, listed, plural
from ..registry import SYMPTOMS
from . import screen
from .command import command, option

if TYPE_CHECKING:
    from ..datasets import MaskStatistics
    from ..evidence import Finding
    from ..suggestion import Proposal, Suggestion


@command(
    brief="Look at your masks and propose three losses.",
    example="paddleseg-losses suggest --config my_config.yml --picture masks.png",
)
@option("--config", required=True, type=click.Path(), help="PaddleSeg YAML file.")
@option("--masks", type=click.IntRange(1), default=200, show_default=True, help="Number of masks to look at.")
@option("--picture", type=click.Path(dir_okay=False), help="PNG file for a picture of what was seen.")
@option("--cost/--no-cost", default=True, help="Measure time and memory of each loss at the size of a batch.")
def suggest(config: str, masks: int, picture: str | None, cost: bool) -> None:
    """Look at the masks that a configuration trains on, say what stands out, and propose three losses.

    Class shares, sizes of objects, thin and ragged shapes, images without a class, values that are no class. Each loss
    comes with the YAML, with what it costs, and with the evidence for data like yours: numbers of this package's
    experiment, or the words that there are none. Which of them is best on your data, only a
    comparison tells: its command is printed.
    """
    from ..suggestion import suggest as look

    suggestion = look(config, masks, measure_cost=cost)
    command = [*suggestion.command[:2], "--config", config, *suggestion.command[2:]]
    if picture is not None:
        _draw(picture, suggestion)
    if screen.wants_json():
        screen.print_json(_as_dict(suggestion, command))
    else:
        _print(suggestion)
        screen.print(
            screen.heading(_("Which is best on your data, only a comparison tells:")),
            screen.text(shlex.join(command), 2, "green"),
        )


def _draw(path: str, suggestion: Suggestion) -> None:
    from ..drawing.masks import SHOWN, draw_masks

    some = suggestion.source.sampled(SHOWN)
    masks = [some.read(i) for i in range(len(some))]
    draw_masks(path, masks, suggestion.statistics, _names(suggestion), suggestion.source.ignore_index)


def _print(suggestion: Suggestion) -> None:
    statistics = suggestion.statistics
    height, width = statistics.size
    title = plural(
        "{count} mask, {width} x {height} pixels", "{count} masks, {width} x {height} pixels",
        statistics.masks, width=width, height=height,
    )  # fmt: skip
    screen.print(screen.heading(title), _table(statistics, _names(suggestion)))
    for label, pixels in suggestion.foreign.items():
        screen.warn(_("{pixels} pixels have the value {label}, which is no class", pixels=pixels, label=label))
    screen.print(screen.heading(_("What stands out:")))
    for symptom in suggestion.seen:
        words = _("{symptom}. {evidence}", symptom=SYMPTOMS[symptom.name], evidence=symptom.evidence)
        screen.print(screen.text(words, 2))
    if not suggestion.seen:
        screen.print(screen.text(_("nothing: no thin, small, rare or mostly absent class"), 2))
    screen.print(screen.text(_likeness(suggestion), 2))
    screen.print(screen.heading(_("Losses to compare:")))
    for number, proposal in enumerate(suggestion.proposals, 1):
        lines = [_("{name}: {purpose}", name=proposal.loss, purpose=proposal.reason), _cost(proposal)]
        screen.print(screen.text(f"\n{number}. {lines[0]}"))
        for line in (*_evidence(proposal, suggestion.control), lines[1]):
            screen.print(*([screen.text(line, 3)] if line else []))
        screen.print(screen.yaml(proposal.yaml, 3))


def _table(statistics: MaskStatistics, names: dict[int, Text]) -> Any:
    columns = [_("class"), _("name"), _("share"), _("in masks"), _("objects"), _("median size"), _("width")]
    columns += [_("thinness"), _("raggedness")]
    rows = [
        [label, names.get(label, ""), f"{each.share:.3%}", f"{each.presence:.0%}", each.components,
         f"{each.component_pixels[1]:.0f}", f"{each.width:.0f}", f"{each.thinness:.1f}",
         "-" if math.isnan(each.raggedness) else f"{each.raggedness:.2f}"]
        for label, each in sorted(statistics.classes.items())
    ]  # fmt: skip
    return screen.table(columns, rows, fixed=9, right=range(2, 9))


def _names(suggestion: Suggestion) -> dict[int, Text]:
    return dict(enumerate(suggestion.source.class_names or []))


def _likeness(suggestion: Suggestion) -> Text:
    if not suggestion.alike:
        return _("No task of the experiment has masks like these: what follows are arguments, not numbers.")
    names = listed(TASKS[task] for task in suggestion.alike)
    return _("Tasks of the experiment with masks like these: {names}.", names=names)


def _evidence(proposal: Proposal, control: str) -> list[Text]:
    if proposal.loss == control:
        return [_("to compare with")]
    if not proposal.findings:
        return [_("no evidence for such data")]
    return [_finding(each, control) for each in proposal.findings]


def _finding(finding: Finding, control: str) -> Text:
    beside = finding.differences.get("dice")
    task = TASKS[finding.task]
    if beside is None:
        return _("{task}: every training failed", task=task)
    failed = finding.runs - finding.succeeded
    words = _(
        "{task}: Dice {value:+.3f} [{low:+.3f}, {high:+.3f}] beside {control}, {runs} seeds",
        task=task, control=control, runs=finding.runs, **beside._asdict(),
    )  # fmt: skip
    return _("{words}, of which {count} failed", words=words, count=failed) if failed else words


def _cost(proposal: Proposal) -> Text:
    cost = proposal.cost
    if cost is None:
        return ""
    if cost.megabytes is None:
        return _("{time:.1f} ms a step", time=cost.milliseconds)
    return _("{time:.1f} ms and {memory:.0f} MB a step", time=cost.milliseconds, memory=cost.megabytes)


def _as_dict(suggestion: Suggestion, command: list[str]) -> dict[str, Any]:
    return {
        "statistics": dataclasses.asdict(suggestion.statistics),
        "no_class": suggestion.foreign,
        "stands_out": [{"symptom": each.name, "evidence": each.evidence} for each in suggestion.seen],
        "alike": suggestion.alike,
        "proposals": [
            {
                "loss": each.loss,
                "symptom": each.symptom,
                "purpose": each.reason,
                "yaml": each.yaml,
                "evidence": [dataclasses.asdict(finding) for finding in each.findings],
                "cost": each.cost and dataclasses.asdict(each.cost),
            }
            for each in suggestion.proposals
        ],
        "command": shlex.join(command),
    }

"""`start`: from a folder of images and masks to a configuration."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import click

from ..i18n import Text, _, in_context, listed, plural
from . import screen
from .command import argument, command, option
from .language import continued

if TYPE_CHECKING:
    from ..start import Plan, Written

_MODELS = ("pp_liteseg", "unet", "segformer_b0")  # those of ..start, which is not imported for its help
_PARTS = {"train": in_context("part of the data", "train"), "val": in_context("part of the data", "val"),
          "test": in_context("part of the data", "test")}  # fmt: skip
_FEW = 5  # pairs, files that are left out, classes that are shown


@command(
    brief="Make lists and a configuration from a folder of images and masks.",
    example="paddleseg-losses start my_images --out data/my_images",
)
@argument("folder", type=click.Path(path_type=Path))
@option("--out", type=click.Path(file_okay=False), help="Folder to write (default: FOLDER_start, here).")
@option("--dry-run", is_flag=True, help="Show everything and write nothing.")
@option(
    "--val",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.2,
    show_default=True,
    help="Share of the images to validate on.",
)
@option(
    "--test",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="Share of the images to test on.",
)
@option("--group", metavar="PATTERN", help="Regular expression that finds the patient or scene in a name.")
@option("--image_dir", metavar="NAME", help="Folder inside FOLDER with the images, where names do not tell.")
@option("--mask_dir", metavar="NAME", help="Folder inside FOLDER with the masks.")
@option("--legend", type=click.Path(dir_okay=False, path_type=Path), help="What values or colors of the masks mean.")
@option("--model", type=click.Choice(_MODELS), help="Model (default: by what the masks show).")
@option("--masks", type=click.IntRange(1), default=2000, show_default=True, help="Most masks to read for their values.")
@option("--seed", type=int, default=0, show_default=True, help="Random seed of the split.")
def start(folder: Path, out: str | None, dry_run: bool, **options: Any) -> None:
    """Find the images and masks in FOLDER, and write lists and a PaddleSeg configuration to train with.

    Any layout will do: folders such as images and masks, endings such as _mask, train and val, lists, COCO or labelme
    annotations. The masks decide how they are read, and which loss and model are proposed. The images are never
    changed, and nothing is overwritten.

    FOLDER may also be a list of images and masks, or a COCO file.
    """  # fmt: skip
    from ..start import Options, find_out, make_plan, write_plan

    target = find_out(folder, out)
    with _progress() as progress:
        plan = make_plan(folder, target, Options(**options), progress)
        written = None
        if not dry_run:
            total = len(plan.samples)
            written = write_plan(plan, lambda done: progress(_("writing"), done, total))
    if screen.wants_json():
        screen.print_json(_as_dict(plan, written))
    else:
        _print(plan, written)


def _as_dict(plan: Plan, written: Written | None) -> dict[str, Any]:
    left_out = [*plan.left_out, *(written.left_out if written else [])]
    return {
        "folder": str(plan.folder),
        "out": str(plan.out),
        "written": written is not None,
        "images": {part: len(samples) for part, samples in plan.split.parts.items()},
        "groups": plan.split.groups,
        "pairs": [{"image": each.name, "mask": each.mask_name} for each in plan.samples[:_FEW]],
        "left_out": [{"file": each.name, "reason": each.reason} for each in left_out],
        "notes": [str(note) for note in _notes(plan, written)],
        "classes": [
            {"class": label, "name": name, "values": list(values), **_facts(plan, label)}
            for label, (name, values) in enumerate(zip(plan.reading.names, plan.reading.classes))
        ],
        "colors": plan.reading.colors,
        "converted": plan.reading.converts,
        "symptoms": [{"symptom": each.name, "evidence": each.evidence} for each in plan.symptoms],
        "loss": plan.recipe.loss,
        "model": plan.recipe.model,
        "config": plan.config,
        "next": _next(plan),
    }


def _facts(plan: Plan, label: int) -> dict[str, Any]:
    statistics = plan.statistics.classes.get(label)
    return dataclasses.asdict(statistics) if statistics else {"share": 0.0, "masks": 0}


def _notes(plan: Plan, written: Written | None) -> list[Text]:
    return [*plan.notes, *plan.reading.notes, *plan.split.notes, *(written.notes if written else [])]


def _next(plan: Plan) -> list[str]:
    """The commands to go on with; they are those of docs/start.md."""
    config, output, best, scores, images = (
        shlex.quote(_from_here(plan.out / name))
        for name in ("config.yml", "output", "output/best_model", "scores", "val.txt")
    )
    trained = f"--config {config} --model_path {best}"
    commands = (
        f"paddleseg-losses check {config}",
        f"paddleseg-losses doctor --config {config}",
        f"paddleseg-losses train --config {config} --do_eval --save_dir {output}",
        f"paddleseg-losses evaluate {trained} --save_dir {scores}",
        f"paddleseg-losses predict {trained} --image_path {images}",
        f"paddleseg-losses report {output}",
    )
    return [continued(line) for line in commands]


def _from_here(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if Path.cwd() in path.parents else str(path)


def _print(plan: Plan, written: Written | None) -> None:
    _print_pairs(plan, written)
    _print_classes(plan)
    for note in _notes(plan, written):
        screen.print(screen.text(f"* {note}"))
    _print_recipe(plan)
    if written is None:
        screen.print(screen.heading(_("Nothing was written (--dry-run). The configuration:")), screen.yaml(plan.config))
        return
    shown = ["config.yml", *(f"{part}.txt" for part in written.lists), "labels.txt"]
    shown += [name for name in ("legend.yml", "preview.png") if (plan.out / name).is_file()]
    screen.print(screen.heading(_("Written to {folder}: {files}", folder=plan.out, files=", ".join(shown))))
    if written.preview:
        screen.print(screen.text(_("Look at {file}: the colors should cover the objects.",
                                   file=plan.out / "preview.png")))  # fmt: skip
    screen.print(screen.heading(_("Next:")))
    for line in _next(plan):
        screen.print(screen.text(line, indent=2))


def _print_pairs(plan: Plan, written: Written | None) -> None:
    counts = {part: len(samples) for part, samples in plan.split.parts.items()}
    parts = listed(_("{count} {part}", count=count, part=_PARTS[part]) for part, count in counts.items())
    total = sum(counts.values())
    title = plural("{count} image with a mask: {parts}", "{count} images with masks: {parts}", total, parts=parts)
    screen.print(screen.heading(title))
    rows = [(each.name, each.mask_name) for each in plan.samples[:_FEW]] + ([("...", "...")] if total > _FEW else [])
    screen.print(screen.table([_("image"), _("mask")], rows, fixed=0))
    left_out = [*plan.left_out, *(written.left_out if written else [])]
    if left_out:
        screen.print(screen.heading(plural("{count} file left out", "{count} files left out", len(left_out))))
        for each in left_out[:_FEW]:
            screen.print(screen.text(_("{file}: {reason}", file=each.name, reason=each.reason), indent=2))
        if len(left_out) > _FEW:
            more = len(left_out) - _FEW
            screen.print(screen.text(_("... and {count} more: --json lists them all", count=more), indent=2))
        advice = _("to use what was left out, correct what is said of it and start again in a new folder")
        screen.print(screen.text(advice, indent=2))


def _print_classes(plan: Plan) -> None:
    from ..start import shown_values

    columns = [
        _("class"),
        _("name"),
        _("values"),
        _("share"),
        in_context("how many", "masks"),
        _("objects"),
        _("width"),
    ]
    rows = []
    for label, name in enumerate(plan.reading.names):
        values, statistics = shown_values(plan.reading, label), plan.statistics.classes.get(label)
        numbers = (
            (f"{statistics.share:.3%}", statistics.masks, statistics.components, f"{statistics.width:.0f}")
            if statistics
            else ("0%", 0, 0, "")
        )
        rows.append((label, name, values, *numbers))
    title = plural("Classes in {count} mask", "Classes in {count} masks", plan.statistics.masks)
    screen.print(screen.heading(title), screen.table(columns, rows, fixed=2, right=[3, 4, 5, 6]))


def _print_recipe(plan: Plan) -> None:
    from ..start import purposes

    screen.print(screen.heading(_("Loss: {why}", why=plan.recipe.why_loss)))
    for purpose in purposes(plan.recipe):
        screen.print(screen.text(purpose, indent=2))
    screen.print(screen.text(_("model {model}: {why}", model=plan.recipe.model, why=plan.recipe.why_model)))
    if plan.recipe.windows:
        screen.print(screen.text(_("images are far larger than the crop: they are predicted window by window")))


@contextmanager
def _progress() -> Iterator[Callable[[Text, int, int], object]]:
    """A bar on stderr if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(what: Text, done: int, total: int) -> None:
            task = tasks.setdefault(str(what), None) or bar.add_task(str(what), total=total)
            tasks[str(what)] = task
            bar.update(task, completed=done)

        yield show

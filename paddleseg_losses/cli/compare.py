"""`compare`: the same training once for each loss, with an honest spread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable

import click

from ..errors import OptionError
from ..i18n import _
from . import screen
from .command import command, option

if TYPE_CHECKING:
    from ..experiment import Progress


@command(
    brief="Compare losses on your own data, with several seeds.",
    example="paddleseg-losses compare --config my_config.yml --losses DiceLoss,DiceCELoss,FocalLoss --out comparison",
)
@option("--config", required=True, type=click.Path(), help="PaddleSeg YAML file, or a file with several tasks.")
@option("--out", required=True, type=click.Path(file_okay=False), help="Folder of the results.")
@option("--losses", help="Names, separated by commas; `all` by default.")
@option("--seeds", type=click.IntRange(1), help="Number of seeds (default 5).")
@option("--rates", help="Learning rates to choose from, separated by commas (default 3e-3,1e-2,3e-2).")
@option("--iters", type=click.IntRange(1), help="Iterations of each training, instead of those in the file.")
@option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Trainings at once.")
@option("--control", help="Loss that the others are compared with (default DiceCELoss).")
@option("--timeout", type=click.FloatRange(1), help="Seconds after which a training is stopped.")
@option("--device", type=click.Choice(["cpu", "gpu"]), help="Where to train; each training gets a GPU of its own.")
@option("--retry", is_flag=True, help="Repeat the trainings that crashed or were stopped.")
@option("--report", is_flag=True, help="Train nothing: write the tables of the trainings that are finished.")
def compare(config: str, out: str, rates: str | None, report: bool, **given: Any) -> None:
    """Train the model of a configuration once for each loss and seed, and write tables and pictures.

    For every loss the same initial weights, batches and augmentation; a learning rate of its own, chosen on images and
    with a seed that are not reported. The same command goes on after an interruption: at most the training in hand is
    lost. FILE may hold several tasks: `tasks: {NAME: {config: FILE}}`, and `losses`, `seeds`, `rates`, `control`.
    """
    from .. import experiment

    running = {name: given.pop(name) for name in ("jobs", "timeout", "device", "retry")}
    study = experiment.read(config, rates=_numbers(rates), **given)
    for warning in experiment.warnings(study):
        screen.warn(warning)
    folder = experiment.report(study, out) if report else experiment.compare(study, out, watch=_watcher(), **running)
    if screen.wants_json():
        screen.print_json({"report": str(folder), "table": (folder / "table.md").read_text(encoding="utf-8")})
    else:
        click.echo(_("\ntable: {table}    page: {page}", table=folder / "table.md", page=folder / "index.html"))


def _numbers(text: str | None) -> list[float] | None:
    try:
        return None if text is None else [float(rate) for rate in text.split(",")]
    except ValueError:
        raise OptionError(
            _("--rates is {text!r}.", text=text),
            _("numbers, separated by commas"),
            _("write for example --rates 1e-3,1e-2"),
        ) from None


def _watcher() -> Callable[[Progress], None]:
    """A line for every finished training; nothing where a script reads JSON."""
    created = time.monotonic()
    began: dict[bool, tuple[float, int]] = {}

    def watch(progress: Progress) -> None:
        if screen.wants_json():
            return
        start, before = began.setdefault(progress.run.tuning, (created, progress.done - 1))
        pace = (time.monotonic() - start) / (progress.done - before)
        run, row = progress.run, progress.row
        click.echo(
            _(
                "{stage} {done}/{total}  {task}  {loss}  rate {rate:g}  seed {seed}  {result}  about {left} left",
                stage=_("learning rates") if progress.run.tuning else _("runs"),
                done=progress.done,
                total=progress.total,
                task=run.task,
                loss=run.loss,
                rate=run.rate,
                seed=run.seed,
                result=f"Dice {float(row['dice']):.3f}" if row["status"] == "ok" else row["status"],
                left=_duration(pace * (progress.total - progress.done)),
            )
        )

    return watch


def _duration(seconds: float) -> str:
    return (
        f"{seconds / 3600:.1f} h"
        if seconds > 5400
        else f"{seconds / 60:.0f} min"
        if seconds > 90
        else f"{seconds:.0f} s"
    )

"""`python -m benchmarks`: measure, judge, print and store. `make bench` installs everything first."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import click

from . import conditions, parts, report
from .cases import EDT, SHAPES
from .kernels import KERNELS
from .peers import OURS, PEERS
from .timing import SLOW, Plan

PARTS = ("times", "memory", "growth", "threads", "labels", "accuracy")


def _names(allowed):
    """A comma-separated list of known names; all of them if it is not given."""

    def parse(ctx, param, value):
        known = list(allowed() if callable(allowed) else allowed)
        if value is None:
            return known
        chosen = [name.strip() for name in value.split(",") if name.strip()]
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise click.BadParameter(f"{', '.join(unknown)}: not one of {', '.join(known)}")
        return [name for name in known if name in chosen]

    return parse


def _losses():
    from paddleseg_losses import registry

    return [EDT, *registry.names()]


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--losses", callback=_names(_losses), help="Comma-separated names; all by default.")
@click.option(
    "--kernels", callback=_names(KERNELS), help=f"Only some losses that run these kernels, of {', '.join(KERNELS)}."
)
@click.option("--shapes", callback=_names(SHAPES), help=f"Of {', '.join(SHAPES)}; all by default.")
@click.option("--peers", callback=_names(PEERS), help=f"Of {', '.join(PEERS)}; all that are installed by default.")
@click.option("--parts", "chosen", callback=_names(PARTS), help=f"Of {', '.join(PARTS)}; all by default.")
@click.option("--threads", default=conditions.processors(), show_default=True, help="Of every implementation.")
@click.option("--rounds", default=Plan.rounds, show_default=True, help="Turns of each implementation.")
@click.option(
    "--seconds", default=Plan.seconds, show_default=True, help="After which an implementation has had enough."
)
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Folder; see below for the default.")
def main(losses, kernels, shapes, peers, chosen, threads, rounds, seconds, output):
    """Time, memory and accuracy of the losses beside their peers.

    A run of everything is stored in benchmarks/results.json and docs/benchmarks.md; a run of a part in
    output/benchmarks, so that figures of different days do not mix.
    """
    started_at = time.time()
    if kernels != list(KERNELS):
        losses = [loss for loss in losses if any(loss in KERNELS[stem] for stem in kernels)]
    if not losses:
        raise click.UsageError("no loss is left to measure: --losses and --kernels choose none together")
    whole = (losses, shapes, peers, chosen) == (_losses(), list(SHAPES), list(PEERS), list(PARTS))
    plan = Plan(rounds, seconds)
    say = _progress(started_at)
    installed, peers = conditions.peers([name for name in PEERS if name in (OURS, *peers)], threads)
    for peer, reason in installed["missing"].items():
        click.echo(f"left out: {peer} ({reason})", err=True)
    results = {"conditions": conditions.describe(threads, plan, installed, whole)}
    runs = {
        "times": lambda: parts.times(losses, shapes, peers, threads, plan, say),
        "memory": lambda: parts.memory(losses, shapes, peers, threads, _slow(results.get("times", [])), say),
        "growth": lambda: parts.growth(losses, threads, plan, say),
        "threads": lambda: parts.scaling(losses, shapes, threads, plan, say),
        "labels": lambda: parts.labels(losses, threads, plan, say),
        "accuracy": lambda: parts.accuracy(losses, threads, say),
    }
    try:
        for part in chosen:
            results[part] = []
            for row in runs[part]():
                results[part].append(row)  # one by one: an interrupted run keeps them
    except KeyboardInterrupt:
        click.echo("interrupted: what was measured until now follows", err=True)
        whole = results["conditions"]["everything"] = False
    results["conditions"]["minutes"] = round((time.time() - started_at) / 60, 1)
    results["verdicts"] = report.verdicts(results)
    report.show(results)
    for path in report.store(results, whole, output):
        click.echo(f"written: {path}")


def _slow(times):
    """What failed or took so long that it was measured once."""
    return {(row["peer"], row["loss"], row["shape"]) for row in times if "error" in row or row["ms"] > 1e3 * SLOW}


def _progress(started_at):
    def say(text):
        click.echo(f"{time.time() - started_at:6.0f} s  {text}", err=True)

    return say


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that it too ends with a report
    main()

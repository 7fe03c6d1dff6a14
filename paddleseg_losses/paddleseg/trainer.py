"""PaddleSeg's own trainer behind one call, for people who have only its wheel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, Callable

import paddle
from paddle.utils import unique_name

from ..errors import ConfigError, DataError
from ..i18n import Message, _
from . import config as configs
from .console import Log, captured
from .display import Display, Silent
from .evaluation import evaluate
from .flags import Flags
from .inference import Inference
from .map_loading import provide_maps
from .monitor import monitored
from .record import END, EVALUATION, SCORES, START, about
from .registration import register
from .resuming import safe_load, unwritable, verified
from .session import Result, Session
from .shims import Swap, fixed, module, swapped
from .train_arguments import Recipe, build


def train(
    config: str | Path, *, override: str | Iterable[str] = (), display: Display | None = None, **flags: Any
) -> Result:
    """Train what a YAML file describes, then score the best checkpoint (the last one without `do_eval`).

    Args:
        config: PaddleSeg's YAML file; its losses may be those of this package.
        override: built-in losses of PaddleSeg to replace with ours, see `register`.
        display: what to show; plain lines by default.
        flags: those of PaddleSeg's `tools/train.py`, see `Flags`.

    Returns:
        The loss curve, the evaluations and the final scores.

    Raises:
        ConfigError: the file cannot be used, or the installed PaddleSeg cannot do what a flag asks for.
    """
    given = Flags(config=str(config), **flags)
    configs.load_for_paddleseg(given.config, "train.py")  # its errors are more helpful than PaddleSeg's
    checkpoint = verified(given.resume_model) if given.resume_model else {}
    register(override)
    first = paddle.distributed.get_rank() == 0
    display = (display or Display()) if first else Silent()
    result = Result(_folder(given.save_dir))
    path = result.save_dir / "train.log" if first else None
    # Names from zero, as in a new process: a checkpoint's optimizer is found again by the names of the weights.
    with (
        unique_name.guard(),
        fixed() as defects,
        captured(path, display) as log,
        swapped((paddle, "load", safe_load(paddle.load))),
    ):
        for defect in defects:
            log.record("INFO", f"fixed: {defect}")
        try:
            _run(given, result, log, checkpoint)
        finally:
            display.close()
    if first:
        result.write()
    return result


def _folder(save_dir: str) -> Path:
    folder = Path(save_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder


def _run(flags: Flags, result: Result, log: Log, checkpoint: dict[str, Any]) -> None:
    recipe = build(flags)
    if flags.resume_model is None and (result.save_dir / "metrics.json").exists():
        log.display.warn(
            _(
                "{folder} contains an earlier training, whose checkpoints and metrics.json will be overwritten; "
                "use --save_dir for another folder",
                folder=result.save_dir,
            )
        )
    if flags.precision == "fp16" and paddle.get_device() == "cpu":
        log.display.warn(_("--precision fp16 needs a GPU: on a CPU Paddle keeps to float32"))
    log.display.say(_headline(recipe, result.save_dir))
    _train(flags, recipe, result, log, checkpoint)
    result.checkpoint = result.save_dir / ("best_model" if flags.do_eval else f"iter_{recipe.arguments['iters']}")
    if recipe.val_dataset is not None:
        if paddle.distributed.get_world_size() > 1:
            paddle.distributed.barrier()  # the first process saves while the others are already here
        recipe.model.set_state_dict(paddle.load(str(result.checkpoint / "model.pdparams")))
        result.scores = evaluate(recipe.model, recipe.val_dataset, **recipe.evaluation)
        result.events.add(SCORES, checkpoint=str(result.checkpoint), **result.scores.as_dict())
        result.model, result.val_dataset = recipe.model, recipe.val_dataset
        result.inference = Inference.of(recipe.evaluation)


def _train(flags: Flags, recipe: Recipe, result: Result, log: Log, checkpoint: dict[str, Any]) -> None:
    """PaddleSeg's loop, so that whatever ends it can be made good again."""
    session = Session(flags, result, log, checkpoint)
    result.events.add(START, iteration=session.start, **_facts(flags, recipe, session))
    try:
        with (
            swapped(*_listeners(recipe, session), provide_maps(), *session.swaps()),
            monitored(log.watched),
            _explained_lengths(),
            _explained_deaths(),
        ):
            session.repeater.begin(session.start + 1)
            module("core").train(recipe.model, session.repeater.dataset(recipe.train_dataset), **recipe.arguments)
        session.record()
        result.events.add(END, iteration=recipe.arguments["iters"])
    except BaseException as error:
        session.interrupted(error)
        raise


def _facts(flags: Flags, recipe: Recipe, session: Session) -> dict[str, Any]:
    """What the record of a training begins with."""
    losses = recipe.arguments["losses"]
    return {
        **about(Path(flags.config).resolve().parent),
        "resumed": flags.resume_model,
        "iterations": recipe.arguments["iters"],
        "seed": session.repeater.seed,
        "device": paddle.get_device(),
        "processes": paddle.distributed.get_world_size(),
        "model": type(recipe.model).__name__,
        "loss": _sum(losses["coef"], losses["types"]),
        "images": len(recipe.train_dataset),
        "flags": {field.name: getattr(flags, field.name) for field in fields(flags) if flags.changed(field.name)},
        "config": recipe.config,
    }


def _headline(recipe: Recipe, save_dir: Path) -> Message:
    losses = recipe.arguments["losses"]
    return _(
        "training {model} on {device}, {images} images, loss {loss}\nlog and checkpoints: {folder}",
        model=type(recipe.model).__name__,
        device=paddle.get_device(),
        images=len(recipe.train_dataset),
        loss=_sum(losses["coef"], losses["types"]),
        folder=save_dir,
    )


def _sum(coefs: Iterable[float], losses: Iterable[Any]) -> str:
    mixed = [f"({_sum(x.coef, x.losses)})" if type(x).__name__ == "MixedLoss" else repr(x) for x in losses]
    return " + ".join(f"{coef:g} x {loss}" for coef, loss in zip(coefs, mixed))


@contextmanager
def _explained_lengths() -> Iterator[None]:
    """The commonest mistake shows only at the first iteration: a model has more outputs than the file has losses."""
    try:
        yield
    except RuntimeError as error:
        lengths = re.search(r"length of logits_list .*: (\d+) != (\d+)", str(error))
        if lengths is None:
            raise
        outputs, losses = lengths.groups()
        raise ConfigError(
            _("Outputs of the model: {outputs}, but losses of the file: {losses}.", outputs=outputs, losses=losses),
            _("a coefficient for each of the {outputs} outputs", outputs=outputs),
            _(
                "write one loss in `types` and {outputs} numbers in `coef`; losses of the same output belong "
                "into one MixedLoss, or use a compound such as ComboLoss",
                outputs=outputs,
            ),
        ) from error


@contextmanager
def _explained_deaths() -> Iterator[None]:
    """A process of the loader can be killed, for memory for example; Paddle says that a queue is."""
    try:
        yield
    except (RuntimeError, SystemError) as error:
        if not re.search(r"[Bb]locking ?[Qq]ueue is killed|exit(ed)? unexpectedly|killed by signal", str(error)):
            raise
        raise DataError(
            _("A process that loads data has died."),
            _("processes that live as long as the training"),
            _(
                "if memory ran out, reduce --num_workers or batch_size; --num_workers 0 loads in the main process and "
                "shows what happens"
            ),
        ) from error


def _listeners(recipe: Recipe, session: Session) -> list[Swap]:
    """Count the iterations and record the evaluations of `train()`, which has no callbacks."""
    profiler, core = module("utils.train_profiler"), module("core.train")
    step: Callable[..., Any] = profiler.add_profiler_step  # called once an iteration
    measure: Callable[..., Any] = core.evaluate
    iteration, display = session.start, session.log.display
    evaluations = session.result.evaluations

    def counting(*args: Any) -> None:
        nonlocal iteration
        iteration += 1
        display.tick(iteration, recipe.arguments["iters"])
        step(*args)
        session.repeater.begin(iteration + 1)

    def noting(model: Any, *args: Any, **kwargs: Any) -> Any:
        evaluated = measure(model, *args, **kwargs)
        miou, accuracy, class_iou = float(evaluated[0]), float(evaluated[1]), [float(iou) for iou in evaluated[2]]
        average = bool(evaluations) and evaluations[-1]["iteration"] == iteration  # the second is EMA's
        evaluations.append(
            {"iteration": iteration, "ema": average, "mean_iou": miou, "accuracy": accuracy, "class_iou": class_iou}
        )
        session.result.events.add(EVALUATION, **evaluations[-1])
        display.evaluated(iteration, miou, average)
        return evaluated

    return [(profiler, "add_profiler_step", counting), (core, "evaluate", noting)]

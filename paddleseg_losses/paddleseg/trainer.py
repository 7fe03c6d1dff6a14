"""PaddleSeg's own trainer behind one call, for people who have only its wheel."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Callable

import paddle
from paddle.utils import unique_name

from ..errors import ConfigError
from ..i18n import Message, _
from . import config as configs
from .console import Log, captured
from .display import Display, Silent, Step
from .evaluation import Scores, evaluate
from .flags import Flags
from .map_loading import provide_maps
from .monitor import monitored
from .registration import register
from .shims import Swap, fixed, module, swapped
from .train_arguments import Recipe, build, start_of


@dataclass
class Result:
    """What a training leaves behind; `metrics.json` in its folder holds the same."""

    save_dir: Path
    loss: list[dict[str, Any]] = field(default_factory=list)  # iteration, loss, learning_rate, terms
    evaluations: list[dict[str, Any]] = field(default_factory=list)  # iteration, ema, mean_iou, accuracy, class_iou
    checkpoint: Path | None = None  # the folder of the weights that were scored
    scores: Scores | None = None  # None without a val_dataset
    model: Any = None  # with the weights of the checkpoint, if it was scored
    val_dataset: Any = None

    def as_dict(self) -> dict[str, Any]:
        """For a JSON file."""
        return {
            "loss": self.loss,
            "evaluations": self.evaluations,
            "checkpoint": str(self.checkpoint) if self.checkpoint else None,
            "scores": self.scores.as_dict() if self.scores else None,
        }


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
    configs.load(given.config)  # its errors are more helpful than PaddleSeg's
    register(override)
    first = paddle.distributed.get_rank() == 0
    display = (display or Display()) if first else Silent()
    save_dir = Path(given.save_dir)
    save_dir.mkdir(parents=True, exist_ok=True)
    path = save_dir / "train.log" if first else None
    # Names from zero, as in a new process: a checkpoint's optimizer is found again by the names of the weights.
    with (
        unique_name.guard(),
        fixed() as defects,
        captured(path, display) as log,
    ):
        for defect in defects:
            log.record("INFO", f"fixed: {defect}")
        try:
            result = _run(given, log)
        finally:
            display.close()
    if first:
        (save_dir / "metrics.json").write_text(json.dumps(result.as_dict(), indent=1) + "\n", encoding="utf-8")
    return result


def _run(flags: Flags, log: Log) -> Result:
    recipe = build(flags)
    result = Result(Path(flags.save_dir))
    if flags.resume_model is None and (result.save_dir / "metrics.json").exists():
        log.display.warn(
            _(
                "{folder} contains an earlier training, whose checkpoints and metrics.json will be overwritten; "
                "use --save_dir for another folder",
                folder=result.save_dir,
            )
        )
    log.display.say(_headline(recipe, result.save_dir))
    with (
        swapped(*_listeners(flags, recipe, result, log.display), provide_maps()),
        monitored(log.watched),
        _explained_lengths(),
    ):
        module("core").train(recipe.model, recipe.train_dataset, **recipe.arguments)
    result.loss = [_point(step) for step in log.steps]
    result.checkpoint = result.save_dir / ("best_model" if flags.do_eval else f"iter_{recipe.arguments['iters']}")
    if recipe.val_dataset is not None:
        if paddle.distributed.get_world_size() > 1:
            paddle.distributed.barrier()  # the first process saves while the others are already here
        recipe.model.set_state_dict(paddle.load(str(result.checkpoint / "model.pdparams")))
        result.scores = evaluate(recipe.model, recipe.val_dataset, **recipe.evaluation)
        result.model, result.val_dataset = recipe.model, recipe.val_dataset
    return result


def _point(step: Step) -> dict[str, Any]:
    loss = step.loss if math.isfinite(step.loss) else None
    terms = [asdict(term) for term in step.terms]
    return {
        "iteration": step.iteration,
        "loss": loss,
        "learning_rate": step.rate,
        **({"terms": terms} if terms else {}),
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


def _listeners(flags: Flags, recipe: Recipe, result: Result, display: Display) -> list[Swap]:
    """Count the iterations and note the evaluations of `train()`, which tells nobody."""
    profiler, core = module("utils.train_profiler"), module("core.train")
    step: Callable[..., Any] = profiler.add_profiler_step  # called once an iteration
    measure: Callable[..., Any] = core.evaluate
    iteration = start_of(flags)

    def counting(*args: Any) -> None:
        nonlocal iteration
        iteration += 1
        display.tick(iteration, recipe.arguments["iters"])
        step(*args)

    def noting(model: Any, *args: Any, **kwargs: Any) -> Any:
        found = measure(model, *args, **kwargs)
        miou, accuracy, class_iou = float(found[0]), float(found[1]), [float(iou) for iou in found[2]]
        average = bool(result.evaluations) and result.evaluations[-1]["iteration"] == iteration  # the second is EMA's
        result.evaluations.append(
            {"iteration": iteration, "ema": average, "mean_iou": miou, "accuracy": accuracy, "class_iou": class_iou}
        )
        display.evaluated(iteration, miou, average)
        return found

    return [(profiler, "add_profiler_step", counting), (core, "evaluate", noting)]

"""One training: what it has measured so far, and what makes it possible to go on after it was ended."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import paddle

from ..errors import LossError
from ..i18n import _
from .console import Log
from .display import Step
from .evaluation import Scores
from .flags import Flags
from .inference import Inference
from .record import STEP, STOPPED, Record
from .resuming import EMA, OPTIMIZER, SCALER, Repeater, Writer, unwritable, write_text
from .shims import Swap
from .train_arguments import start_of

METRICS = "metrics.json"


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
    inference: Inference = field(default_factory=Inference)  # how it was scored
    events: Record = field(default_factory=lambda: Record(None))

    def as_dict(self) -> dict[str, Any]:
        """For a JSON file."""
        return {
            "loss": self.loss,
            "evaluations": self.evaluations,
            "checkpoint": str(self.checkpoint) if self.checkpoint else None,
            "scores": self.scores.as_dict() if self.scores else None,
        }

    def write(self) -> None:
        """The file in its folder."""
        path = self.save_dir / METRICS
        try:
            write_text(path, json.dumps(self.as_dict(), indent=1) + "\n")
        except OSError as error:
            raise unwritable(path, error) from error


class Session:
    """A training between its first iteration and its last, or between two interruptions."""

    def __init__(self, flags: Flags, result: Result, log: Log, checkpoint: dict[str, Any]) -> None:
        self.result, self.log, self.start = result, log, start_of(flags)
        self.resumed = Path(flags.resume_model) if flags.resume_model else None
        self.repeater = Repeater(checkpoint.get("seed") if flags.seed is None else flags.seed, self.start)
        self.writer = Writer(
            result.save_dir,
            self.repeater.seed,
            last=EMA if flags.use_ema else OPTIMIZER,
            finishing=self.record,
            outdone=self._outdone,
            training=checkpoint.get("training"),
            resumed=self.resumed,
        )
        first = paddle.distributed.get_rank() == 0
        result.events = Record(result.save_dir if first else None, self.resumed)
        log.noted = lambda step: result.events.add(STEP, **_point(step), seconds=step.seconds)
        self.earlier: list[dict[str, Any]] = []
        if self.resumed:
            known = _known(self.resumed.parent / METRICS, self.start)
            self.earlier, result.evaluations[:] = known["loss"], known["evaluations"]
            if not checkpoint.get("files"):
                log.display.warn(
                    _(
                        "{folder} was saved by another trainer: its random numbers, moving average and loss scale "
                        "begin anew",
                        folder=self.resumed,
                    )
                )

    def swaps(self) -> list[Swap]:
        """Those of PaddleSeg's loop."""
        swaps = self.repeater.swaps()
        scaler = self._state(SCALER)
        swaps += self.writer.swaps(scaler)
        average = self._state(EMA)
        return [*swaps, self.repeater.ema_swap(average)] if average else swaps

    def _state(self, name: str) -> Any:
        path = self.resumed / name if self.resumed else None
        return paddle.load(str(path)) if path and path.is_file() else None

    def record(self) -> None:
        """Write down what was measured, so that no crash can take it away."""
        self.result.loss = [*self.earlier, *map(_point, self.log.steps)]
        if paddle.distributed.get_rank() == 0:
            self.result.write()

    def interrupted(self, error: BaseException) -> None:
        """Something ended the training: say how to go on."""
        with suppress(LossError):
            reached = self.log.steps[-1].iteration if self.log.steps else self.start
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            self.result.events.add(STOPPED, iteration=reached, reason=reason)
            self.record()
        folder = self.writer.newest()
        if folder:
            self.log.display.warn(_("the training has stopped; to go on, add --resume_model {folder}", folder=folder))

    def _outdone(self, ema: bool) -> bool:
        """PaddleSeg forgets the best score when it resumes."""
        scores = [each["mean_iou"] for each in self.result.evaluations if each["ema"] == ema]
        return any(score >= scores[-1] for score in scores[:-1])


def _known(path: Path, start: int) -> dict[str, list[dict[str, Any]]]:
    """What was measured up to an iteration, according to a file that may be there."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return {key: [each for each in facts[key] if each["iteration"] <= start] for key in ("loss", "evaluations")}
    except (OSError, ValueError, KeyError, TypeError):
        return {"loss": [], "evaluations": []}


def _point(step: Step) -> dict[str, Any]:
    loss = step.loss if math.isfinite(step.loss) else None
    terms = [asdict(term) for term in step.terms]
    return {
        "iteration": step.iteration,
        "loss": loss,
        "learning_rate": step.rate,
        **({"terms": terms} if terms else {}),
    }

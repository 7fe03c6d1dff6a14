"""One run: a training in which a seed decides everything but the loss, and the scores of its last weights."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import nn

from ..errors import DataError
from ..i18n import _
from ..paddleseg.inference import Inference
from ..paddleseg.loading import read_whole_sample
from ..paddleseg.registration import register
from ..paddleseg.resuming import aside
from ..paddleseg.resuming.reading import safe_load
from ..paddleseg.shims import fixed, module, swapped
from ..paddleseg.train_arguments import require_a_batch
from ..scoring import collapsed, foreground_means, score_image
from .ledger import COLLAPSED, DIVERGED, OK
from .study import Candidate

KEPT = 24  # predictions that are kept for pictures, spread evenly over the images


@dataclass
class Job:
    """What a child process is told."""

    config_file: Path
    candidate: Candidate
    rate: float
    seed: int
    tuning: bool
    counts_file: Path
    keep_predictions: bool = False
    device: str | None = None  # "cpu" or "gpu"; what Paddle was built for if None
    slot: int = 0  # of the runs at the same time: each takes another GPU
    trial: bool = False  # one step, and the images instead of the counts


@dataclass
class Trained:
    """A model after its last iteration."""

    model: Any
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # of each step

    @property
    def diverged(self) -> bool:
        """Whether the loss was no number any more."""
        return not math.isfinite(self.losses[-1])


class JoinedChannels(nn.Layer):
    """A loss of one channel on a model of two: their difference has the sigmoid that is the softmax of both.

    All losses can thus be trained with the same network and the same initial weights.
    """

    def __init__(self, loss: Any) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, logits: Any, labels: Any) -> Any:
        """The loss of `z1 - z0`."""
        return self.loss(logits[:, 1:2] - logits[:, 0:1], labels)


class Seeded:
    """A dataset whose augmentation is decided by the seed and the number of the draw."""

    def __init__(self, dataset: Any, seed: int) -> None:
        self.dataset, self.seed = dataset, seed

    def draw(self, index: int, number: int) -> Any:
        """An item, augmented."""
        _seed_everything(self.seed, number)
        return read_whole_sample(self.dataset, index)

    def batches(self, size: int) -> Iterator[dict[str, Any]]:
        """Endless batches; each epoch has an order of its own."""
        number = epoch = 0
        while True:
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self.dataset))
            for first in range(0, len(order) - size + 1, size):
                items = [self.draw(int(i), number + k) for k, i in enumerate(order[first : first + size])]
                keys = [key for key in ("img", "label", "edge") if key in items[0]]
                yield {key: paddle.to_tensor(np.stack([item[key] for item in items])) for key in keys}
                number += size
            epoch += 1


def perform(job: Job) -> dict[str, Any]:
    """Train and score; gives the row of the table, and leaves the counts in their file."""
    began = time.perf_counter()
    paddle.set_device(_device(job))
    with fixed(), swapped((paddle, "load", safe_load(paddle.load))):
        register()
        builder = _builder(job)
        trained = train(builder, job)
        row: dict[str, Any] = {
            "iterations": len(trained.losses),
            "step_ms": 1e3 * float(np.median(trained.seconds)),
            "memory_mb": _peak_megabytes(),
        }
        if trained.diverged:
            row.update(status=DIVERGED, detail=f"loss {trained.losses[-1]} at iteration {len(trained.losses)}")
        else:
            counts, pictures = score(trained.model, builder, job)
            row.update(status=COLLAPSED if collapsed(counts) else OK, **foreground_means(counts))
            _save(job.counts_file, pictures if job.trial else {**counts, **pictures})
    return {**row, "seconds": time.perf_counter() - began}


def train(builder: Any, job: Job) -> Trained:
    """PaddleSeg's iteration with its model, optimizer and schedule of the learning rate, and nothing around it."""
    _seed_everything(job.seed)
    trained = Trained(builder.model)
    losses, optimizer = _losses(builder, job.candidate), builder.optimizer
    iters = 1 if job.trial else builder.config.iters
    compute = module("core.train").loss_computation
    require_a_batch(len(builder.train_dataset), builder.config.batch_size)
    trained.model.train()
    batches = Seeded(builder.train_dataset, job.seed).batches(builder.config.batch_size)
    for iteration, batch in zip(range(iters), batches):
        began = time.perf_counter()
        _seed_everything(job.seed, iteration)  # of dropout
        outputs = trained.model(batch["img"])
        labels = batch["label"].astype("int64")
        loss = sum(compute(outputs, labels, batch.get("edge"), losses))
        trained.losses.append(float(loss))
        if trained.diverged:
            break
        loss.backward()
        optimizer.step()
        trained.model.clear_gradients()
        _advance(builder.lr_scheduler)
        trained.seconds.append(time.perf_counter() - began)
    return trained


def score(model: Any, builder: Any, job: Job) -> tuple[dict[str, Any], dict[str, Any]]:
    """Counts of every image and class, `[images, classes]`, and of some images what the pictures show."""
    dataset, indices = images_to_score(builder, job.tuning)
    classes = max(dataset.num_classes, 2)
    kept = set(np.linspace(0, len(indices) - 1, min(KEPT, len(indices))).round().astype(int).tolist())
    kept = kept if job.keep_predictions or job.trial else set()
    section = builder.config.test_config
    how = Inference.of({name: section.get(name) for name in ("is_slide", "stride", "crop_size")})
    scores, pictures = [], {}
    model.eval()
    with paddle.no_grad():
        for place, index in enumerate(indices):
            item = read_whole_sample(dataset, index)
            image = paddle.to_tensor(item["img"][None])
            guessed = how.labels(how.logits(model, image, item["trans_info"]))
            truth = np.asarray(item["label"]).reshape(guessed.shape)
            scores.append(score_image(guessed, truth, classes, dataset.ignore_index))
            if place in kept and job.trial:
                pictures.update({f"image_{place}": _grey(item["img"]), f"truth_{place}": truth.astype(np.uint8)})
            elif place in kept:
                pictures[f"prediction_{place}"] = guessed.astype(np.uint8)
    return {name: np.stack([each[name] for each in scores]) for name in scores[0]}, pictures


def images_to_score(builder: Any, tuning: bool) -> tuple[Any, list[int]]:
    """A dataset and the images of it that a run is scored on.

    With a `test_dataset` in the configuration, `val_dataset` chooses the learning rates and `test_dataset` is reported.
    Without, the first third of `val_dataset` chooses and the rest is reported.
    """
    test = builder.config.dic.get("test_dataset")
    if test and not tuning:
        dataset = builder.build_component(_as_validation(test))
        return dataset, list(range(len(dataset)))
    dataset = builder.val_dataset
    if not test and len(dataset) < 2:
        raise DataError(
            _("val_dataset has {count} images, and there is no test_dataset.", count=len(dataset)),
            _("images to choose the learning rates, and others to score"),
            _("add images to val_dataset, or a test_dataset"),
        )
    cut = len(dataset) if test else max(len(dataset) // 3, 1)
    return dataset, list(range(cut) if tuning else range(cut, len(dataset)))


def _as_validation(section: Mapping[str, Any]) -> dict[str, Any]:
    """Only in the mode `val` does PaddleSeg leave the labels as large as they are."""
    section = dict(section)
    if section.get("mode") == "test":
        section.update(mode="val", val_path=section.pop("test_path", section.get("val_path")))
    return section


def _builder(job: Job) -> Any:
    """PaddleSeg's, for the configuration with the loss and the learning rate of the job in it."""
    cfg = module("cvlibs").Config(str(job.config_file), learning_rate=job.rate)
    given = cfg.dic.get("loss") or {}
    outputs = list(given.get("coef") or [1])
    cfg.dic["train_dataset"].pop("shuffle", None)  # the trainer's; the seed decides the order here
    cfg.dic["loss"] = {"types": [dict(job.candidate.section) for _output in outputs], "coef": outputs}
    return module("cvlibs").SegBuilder(cfg)


def _losses(builder: Any, candidate: Candidate) -> Mapping[str, Any]:
    losses = builder.loss
    joined = candidate.joins_channels and builder.train_dataset.num_classes == 2
    types = [JoinedChannels(loss) for loss in losses["types"]] if joined else losses["types"]
    return {**losses, "types": types}


def _seed_everything(seed: int, number: int = 0) -> None:
    """From here on a run is the same whatever was drawn before: no loss moves the randomness of another."""
    state = int(np.random.SeedSequence((seed, number)).generate_state(1)[0])
    random.seed(state)
    np.random.seed(state)
    paddle.seed(state)


def _advance(rate: Any) -> None:
    """To the next learning rate; a schedule that looks at a metric does not move."""
    lr = paddle.optimizer.lr
    if isinstance(rate, lr.LRScheduler) and not isinstance(rate, lr.ReduceOnPlateau):
        rate.step()


def _device(job: Job) -> str:
    """As Paddle names it."""
    cuda = paddle.device.is_compiled_with_cuda()
    kind = job.device or ("gpu" if cuda and paddle.device.cuda.device_count() else "cpu")
    return kind if kind == "cpu" else f"gpu:{job.slot % max(paddle.device.cuda.device_count(), 1)}"


def _peak_megabytes() -> float:
    if paddle.get_device().startswith("gpu"):
        return float(paddle.device.cuda.max_memory_allocated() / 2**20)
    try:
        import resource
    except ImportError:  # Windows
        return math.nan
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def _grey(image: Any) -> Any:
    """The normalized channels of an image as one of 0 to 255."""
    grey = np.asarray(image, np.float32).mean(axis=0)
    return (255 * (grey - grey.min()) / max(float(np.ptp(grey)), 1e-6)).astype(np.uint8)


def _save(path: Path, arrays: Mapping[str, Any]) -> None:
    """On the disk as a whole, before the line in the table that says so."""
    with aside(path) as part, part.open("wb") as file:
        np.savez_compressed(file, **arrays)

"""Random numbers that depend on where a training is and not on how it came there.

Each iteration draws from a generator of its own, and so does each sample of each epoch: then nothing of a generator's
state needs to be kept, in whichever process the data is loaded, and a training that goes on draws what it would have.
"""

from __future__ import annotations

import itertools
import random
import secrets
from collections.abc import Iterator
from typing import Any

import numpy as np
import paddle

from ..shims import Swap, module


class Repeater:
    """What makes a training repeatable from an iteration on: seeds, and the place in the data."""

    def __init__(self, seed: int | None, start: int = 0) -> None:
        self.seed = secrets.randbits(32) if seed is None else seed
        self.start = start
        self.data: Any = None

    def dataset(self, dataset: Any) -> Any:
        """The training data, each sample of which draws its own random numbers."""
        self.data = _Data(dataset, self.seed)
        return self.data

    def begin(self, iteration: int) -> None:
        """Seed what the model and the losses draw in this iteration, such as dropout."""
        paddle.seed(int(_words(self.seed, iteration)[0]))

    def swaps(self) -> list[Swap]:
        """Those of PaddleSeg's `train()`: its sampler goes on where it was."""
        owner, repeater = paddle.io.DistributedBatchSampler, self

        class Sampler(owner):  # type: ignore[misc,valid-type]
            """Epochs are counted from the beginning of the training."""

            skipped = 0

            def __init__(self, dataset: Any, *args: Any, **kwargs: Any) -> None:
                super().__init__(dataset, *args, **kwargs)
                if dataset is repeater.data and len(self):
                    epoch, self.skipped = divmod(repeater.start, len(self))
                    self.set_epoch(epoch)

            def __iter__(self) -> Iterator[Any]:
                if self.dataset is repeater.data:
                    repeater.data.epoch = self.epoch
                batches, self.skipped = itertools.islice(super().__iter__(), self.skipped, None), 0
                return batches

        return [(paddle.io, "DistributedBatchSampler", Sampler)]

    def ema_swap(self, weights: Any) -> Swap:
        """The moving average goes on too, instead of beginning with the weights of the model."""

        def init_ema_params(ema_model: Any, _model: Any) -> None:
            ema_model.set_state_dict(weights)

        return (module("core.train"), "init_ema_params", init_ema_params)


class _Data(paddle.io.Dataset):  # type: ignore[misc]
    """A dataset whose transforms draw the same for the same sample of the same epoch."""

    def __init__(self, dataset: Any, seed: int) -> None:
        super().__init__()
        self.dataset, self.seed, self.epoch = dataset, seed, 0

    def __getitem__(self, index: int) -> Any:
        words = _words(self.seed, self.epoch, int(index))
        random.seed(int(words[0]))
        np.random.seed(words[1:])
        return self.dataset[index]

    def __len__(self) -> int:
        return len(self.dataset)

    def __getattr__(self, name: str) -> Any:
        if name == "dataset":  # while it is copied to a process of the loader
            raise AttributeError(name)
        return getattr(self.dataset, name)


def _words(*places: int) -> Any:
    """Numbers that are as good as random for each place."""
    return np.random.SeedSequence(places).generate_state(3)

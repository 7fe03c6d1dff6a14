"""A training with everything that is drawn at random, for tests of what happens when it is ended."""

import paddle

from tests import tiny

RANDOM = [{"type": "RandomHorizontalFlip"}, {"type": "RandomDistort"}, {"type": "Normalize"}]
FLAGS = {"seed": 7, "save_interval": 1, "log_iters": 1, "keep_checkpoint_max": 0}


class Dropping(paddle.nn.Layer):
    """Draws from Paddle's generator, and has running means."""

    def __init__(self, num_classes=3):
        super().__init__()
        conv, norm = paddle.nn.Conv2D(3, 8, 3, padding=1), paddle.nn.BatchNorm2D(8)
        self.body = paddle.nn.Sequential(conv, norm, paddle.nn.Dropout2D(0.5), paddle.nn.Conv2D(8, num_classes, 1))

    def forward(self, x):
        return [self.body(x)]


def configuration(folder, dataset):
    """Its file; the model has to be registered as Dropping."""
    content = tiny.config(dataset, {"type": "TverskyLoss"}, model={"type": "Dropping", "num_classes": 3}, iters=5)
    content["train_dataset"]["transforms"] = RANDOM
    return tiny.write(folder / "config.yml", content)

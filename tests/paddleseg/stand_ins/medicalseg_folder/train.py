"""Stands in for the script that people start in the folder."""

import argparse

from medicalseg.core import train
from medicalseg.cvlibs import Config, manager

if __name__ == "__main__":
    import paddle

    @manager.MODELS.add_component
    class TinyNet(paddle.nn.Layer):
        def __init__(self, num_classes):
            super().__init__()
            self.layer = paddle.nn.Conv3D(1, num_classes, 3, padding=1)

        def forward(self, x):
            return [self.layer(x)]

    parser = argparse.ArgumentParser()
    parser.add_argument("--config")
    parser.add_argument("--iters", type=int)
    parser.add_argument("--save_dir")
    parser.add_argument("--log_iters", type=int, default=1)
    parser.add_argument("--do_eval", action="store_true")
    given = parser.parse_args()
    config = Config(given.config, iters=given.iters)
    train(
        config.model,
        config.train_dataset,
        val_dataset=config.val_dataset if given.do_eval else None,
        optimizer=config.optimizer,
        save_dir=given.save_dir,
        iters=config.dic["iters"],
        batch_size=config.dic["batch_size"],
        log_iters=given.log_iters,
        losses=config.loss,
    )

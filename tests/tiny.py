"""A PaddleSeg dataset and configuration small enough to train on within a second."""

import numpy as np
import yaml

MODEL = {"type": "PPHumanSegLite"}


def write_dataset(folder, classes=3, images=6, size=(32, 40)):
    """Coloured rectangles on noise, with ignored rows; one class means foreground and background under a sigmoid."""
    import cv2  # comes with PaddleSeg

    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    lines = []
    for i in range(images):
        labels = np.zeros(size, np.uint8)
        for c in range(1, max(classes, 2)):
            y, x = rng.integers(3, 14, 2)
            labels[y : y + 14, x + 8 * c : x + 8 * c + 12] = c
        labels[:2] = 255
        image = rng.integers(0, 60, (*size, 3)) + 60 * labels[..., None].clip(0, 3)
        cv2.imwrite(str(folder / f"image{i}.png"), image.astype(np.uint8))
        cv2.imwrite(str(folder / f"label{i}.png"), labels)
        lines.append(f"image{i}.png label{i}.png\n")
    (folder / "train.txt").write_text("".join(lines[:-2]))
    (folder / "val.txt").write_text("".join(lines[-2:]))
    return folder


def config(dataset, loss, classes=3, **changes):
    """A whole configuration as a mapping; `loss` is one entry of `types`, or the whole section."""

    def data(part):
        return {
            "type": "Dataset",
            "dataset_root": str(dataset),
            f"{part}_path": str(dataset / f"{part}.txt"),
            "num_classes": classes,
            "mode": part,
            "transforms": [{"type": "Normalize"}],
        }

    return {
        "batch_size": 2,
        "iters": 6,
        "train_dataset": data("train"),
        "val_dataset": data("val"),
        "optimizer": {"type": "SGD", "momentum": 0.9, "weight_decay": 4.0e-5},
        "lr_scheduler": {"type": "PolynomialDecay", "learning_rate": 0.01, "end_lr": 0, "power": 0.9},
        "loss": loss if "types" in loss else {"types": [loss], "coef": [1]},
        "model": {**MODEL, "num_classes": classes},
        **changes,
    }


def write_config(path, *args, **kwargs):
    """The same in a file."""
    return write(path, config(*args, **kwargs))


def write(path, content):
    """A mapping as a file."""
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def recorder():
    """A display that keeps what is said and warned."""
    from paddleseg_losses.paddleseg.display import Display

    class Recorder(Display):
        def __init__(self):
            super().__init__()
            self.said, self.warned = [], []

        def say(self, text):
            self.said.append(str(text))

        def warn(self, text):
            self.warned.append(str(text))

    return Recorder()

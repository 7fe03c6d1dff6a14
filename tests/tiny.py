"""Datasets and configurations of PaddleSeg and MedicalSeg, small enough to train on within a second."""

import json

import numpy as np
import yaml

MODEL = {"type": "PPHumanSegLite"}
# A dozen weights: PaddleSeg's smallest model has hundreds, which take longer than any loss.
SMALL = {"type": "paddleseg_losses.UNet", "channels": [4, 8], "convolutions": 1}


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


SPACINGS = ([1.0, 1.0, 2.5], [0.5, 0.5, 4.0], [0.7, 0.8, 0.9])


def write_volumes(folder, size=(12, 10, 8)):
    """A ball in a ball, with an ignored slice, in MedicalSeg's layout: two cases to train on and one to evaluate."""
    rng, grid = np.random.default_rng(0), np.indices(size)
    folder.mkdir(parents=True)
    cases, lines = {}, []
    for i, spacing in enumerate(SPACINGS):
        centre = rng.uniform(4, 6, 3)[:, None, None, None]
        distance = np.sqrt(((grid - centre) ** 2).sum(axis=0))
        label = (distance < 4).astype("int32") + (distance < 2)
        np.save(folder / f"case{i}.npy", (label + rng.normal(0, 0.1, size)).astype("float32"))
        np.save(folder / f"case{i}_label.npy", label.astype("int32"))
        lines.append(f"case{i}.npy case{i}_label.npy\n")
        eye = [1, 0, 0, 0, 1, 0, 0, 0, 1]
        cases[f"case{i}"] = {"spacing": [9, 9, 9], "spacing_resample": spacing, "direction": eye, "origin": [0, 0, 0]}
    (folder / "train_list.txt").write_text("".join(lines[:2]))
    (folder / "val_list.txt").write_text(lines[2])
    (folder / "dataset.json").write_text(json.dumps({"training": cases}))
    return folder


def volume_config(folder, loss, transforms=(), **changes):
    """A configuration of MedicalSeg for these volumes as a mapping; `loss` is one entry of `types`, or the section."""

    def data(part):
        return {
            "type": "MedicalDataset",
            "dataset_root": folder.name,
            "result_dir": folder.name,
            "num_classes": 3,
            "mode": part,
            "transforms": list(transforms),
            "dataset_json_path": str(folder / "dataset.json"),
        }

    return {
        "data_root": f"{folder.parent}/",
        "batch_size": 2,
        "iters": 3,
        "train_dataset": data("train"),
        "val_dataset": data("val"),
        "optimizer": {"type": "sgd", "momentum": 0.9, "weight_decay": 1.0e-4},
        "lr_scheduler": {"type": "PolynomialDecay", "learning_rate": 0.01, "end_lr": 0, "power": 0.9},
        "loss": loss if "types" in loss else {"types": [loss], "coef": [1]},
        "model": {"type": "TinyNet", "num_classes": 3},
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

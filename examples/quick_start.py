"""The demo: real brain MRI, a PaddleSeg model, one of our losses named in a YAML file, and two pictures."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

from paddleseg_losses.cli.progress import display
from paddleseg_losses.datasets.mni import make_mni_dataset
from paddleseg_losses.drawing.training import save_curve_picture, save_prediction_picture
from paddleseg_losses.paddleseg.trainer import Result, train

CONFIG = Path(__file__).resolve().parent.parent / "configs" / "quick_start" / "mni_combo.yml"


def predictions(result: Result) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Images, truths and predictions of the validation slices."""
    import paddle  # the package has imported it by now, without its warnings

    images, truths, guesses = [], [], []
    for sample in result.val_dataset:
        image = np.asarray(sample["img"], dtype="float32")
        with paddle.no_grad():
            scores = result.model(paddle.to_tensor(image[None]))[0]
        guesses.append(scores.argmax(axis=1)[0].numpy())
        truths.append(np.asarray(sample["label"]).squeeze())
        images.append((image[0] + 1) / 2)  # Normalize maps [0, 1] to [-1, 1]
    return images, truths, guesses


def next_steps() -> str:
    """Three commands to go on with, as they can be typed here."""
    command = os.path.relpath(Path(sys.executable).parent / "paddleseg-losses")
    lines = [
        f"{command} list --for crack          # what helps with what you segment; --for ? lists the symptoms",
        f"{command} start FOLDER              # lists and a configuration from your images and masks",
        f"{command} train --config {os.path.relpath(CONFIG)} --do_eval",
    ]
    return "\n".join(["next:", *(f"  {line}" for line in lines)])


def main() -> None:
    """Make the data, train, evaluate, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("output/quick_start"))
    parser.add_argument("--data", type=Path, default=Path("data/mni"))
    options = parser.parse_args()

    start = time.time()
    data = make_mni_dataset(options.data)
    print(f"{data.root}: {data.train} slices to learn from, {data.val} held out")
    train_list, val_list = data.root / "train.txt", data.root / "val.txt"
    result = train(
        CONFIG,
        display=display(),
        do_eval=True,
        save_dir=str(options.out),
        seed=0,
        save_interval=60,
        opts=(
            f"train_dataset.dataset_root={data.root}",
            f"train_dataset.train_path={train_list}",
            f"val_dataset.dataset_root={data.root}",
            f"val_dataset.val_path={val_list}",
        ),
    )
    grey, white = (
        next(c.dice for c in result.scores.classes if c.name == f"{name} matter") for name in ("grey", "white")
    )
    picture = save_prediction_picture(options.out / "predictions.png", *predictions(result), data.class_names)
    curve = save_curve_picture(
        options.out / "curve.png",
        [step["iteration"] for step in result.loss],
        [step["loss"] for step in result.loss],
        {"mean IoU": [(e["iteration"], e["mean_iou"]) for e in result.evaluations]},
    )
    print(f"\n{result.scores}\n\nmean Dice of grey and white matter on the held-out slices: {(grey + white) / 2:.3f}")
    print(
        f"{time.time() - start:.0f} s\n\npictures: {picture.resolve()}\n          {curve.resolve()}\n\n{next_steps()}"
    )


if __name__ == "__main__":
    main()

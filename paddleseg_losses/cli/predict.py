"""`predict`: images in, class indices and overlays out, with the flags of PaddleSeg's `tools/predict.py`."""

from __future__ import annotations

from typing import Any

import click
from click.exceptions import Exit

from ..i18n import _, plural
from . import screen
from .command import option
from .flags import command, inference, many, predicting, restoring
from .program import PROBLEM
from .progress import display


@command(
    brief="Predict images with trained weights.",
    example="paddleseg-losses predict --config my_config.yml --model_path output/best_model --image_path photos",
)
@restoring
@option("--image_path", required=True, type=click.Path(), help="An image, a folder of images, or a list of images.")
@option("--save_dir", type=click.Path(file_okay=False), default="./output/result", show_default=True,
        help="Folder for the predictions.")  # fmt: skip
@option("--device_id", type=click.IntRange(0), default=0, help="Which of several devices.")
@option("--aug_pred", is_flag=True, help="Average over scales and flips.")
@predicting
@many("--custom_color", type=click.IntRange(0, 255), help="Red, green, blue of class 0, of class 1, ...")
@option("--save_probabilities", is_flag=True, help="Also write the probabilities, as .npy files of float16.")
def predict(
    config: str,
    model_path: str,
    device: str | None,
    device_id: int,
    opts: tuple[str, ...],
    use_multilabel: bool,
    image_path: str,
    save_dir: str,
    aug_pred: bool,
    custom_color: tuple[int, ...],
    save_probabilities: bool,
    **given: Any,
) -> None:
    """Predict an image, a folder or a list of images, prepared as val_dataset says.

    The flags are those of PaddleSeg's tools/predict.py. pseudo_color_prediction has PNG files whose values are class
    indices, with a palette for viewers; added_prediction has the images with the classes in colour. Images that cannot
    be predicted are named and passed over; then the exit code is 1.
    """
    from .. import after_training
    from ..paddleseg.restoring import restored

    bar = display()
    model = restored(config, model_path, device=device, device_id=device_id, opts=opts,
                     use_multilabel=use_multilabel, display=bar)  # fmt: skip
    with model as trained:
        without = {name: value for name, value in trained.test_config.items() if name != "aug_eval"}
        how = inference(without, aug_pred, use_multilabel, **given)
        result = after_training.predict(
            trained, image_path, save_dir, how,
            probabilities=save_probabilities, custom_color=custom_color, display=bar,
        )  # fmt: skip
    if screen.wants_json():
        screen.print_json(result.as_dict())
    else:
        done = plural("{count} image is predicted: {folder}", "{count} images are predicted: {folder}",
                      len(result.images), folder=save_dir)  # fmt: skip
        click.echo(done)
        for file, reason in result.failed:
            screen.warn(_("{image} is passed over: {reason}", image=file, reason=reason))
    if result.failed:
        raise Exit(PROBLEM)

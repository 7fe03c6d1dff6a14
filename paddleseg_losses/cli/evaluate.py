"""`evaluate`: scores of trained weights by class and image, with the flags of PaddleSeg's `tools/val.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..i18n import _, listed
from . import screen
from .command import option
from .flags import command, inference, predicting, restoring
from .progress import display


@command(
    brief="Score trained weights on the validation images.",
    example="paddleseg-losses evaluate --config my_config.yml --model_path output/best_model --save_dir scores",
)
@restoring
@option("--num_workers", type=click.IntRange(0), default=0, help="Processes that load data.")
@option("--data_format", type=click.Choice(["NCHW", "NHWC"]), default="NCHW", help="Layout of the images.")
@option("--aug_eval", is_flag=True, help="Average over scales and flips.")
@predicting
@option("--cldice", is_flag=True, help="Score skeletons too, for thin structures.")
@option(
    "--auc_roc",
    type=bool,
    is_flag=False,
    flag_value=True,
    default=False,  # PaddleSeg wants `--auc_roc True`
    help="Area under the ROC curve of each class, over the pixels of all images.",
)
@option("--save_dir", type=click.Path(file_okay=False), help="Folder for a page, pictures and a table of all images.")
@option("--pictures", type=click.IntRange(0), default=4, show_default=True, help="How many of the best and the worst.")
def evaluate(
    config: str,
    model_path: str,
    device: str | None,
    opts: tuple[str, ...],
    use_multilabel: bool,
    num_workers: int,
    data_format: str,
    aug_eval: bool,
    cldice: bool,
    auc_roc: bool,
    save_dir: str | None,
    pictures: int,
    **given: Any,
) -> None:
    """Score trained weights on val_dataset: Dice, IoU, sensitivity, specificity, HD95 and surface Dice of each class.

    The flags are those of PaddleSeg's tools/val.py. With --save_dir: index.html with the best and worst images,
    images.csv with a line for each image and class, scores.json.
    """
    from .. import after_training
    from ..paddleseg.restoring import restored

    bar = display()
    model = restored(config, model_path, device=device, opts=opts, data_format=data_format,
                     use_multilabel=use_multilabel, display=bar)  # fmt: skip
    with model as trained:
        how = inference(trained.test_config, aug_eval, use_multilabel, **given)
        dataset = trained.val_dataset()
        result = after_training.evaluate(
            trained.model, dataset, how, cldice=cldice, auc_roc=auc_roc, num_workers=num_workers, display=bar
        )
        if save_dir:
            after_training.write_evaluation(Path(save_dir), trained, dataset, how, result, pictures)
    _print(result, save_dir)


def _print(result: Any, save_dir: str | None) -> None:
    from ..after_training.evaluation import CONVENTIONS
    from ..after_training.page import tables_of

    if result.foreign:
        screen.warn(
            _("the labels hold {values}, which are no class and not ignored: every prediction counts as wrong there",
              values=", ".join(map(str, result.foreign[:10])))
        )  # fmt: skip
    if result.never_predicted:
        screen.warn(
            _("the labels hold {classes}, but no prediction does: train longer, or with a loss against class imbalance "
              "(`paddleseg-losses list --for class-imbalance`)", classes=listed(result.never_predicted))
        )  # fmt: skip
    if screen.wants_json():
        screen.print_json({**result.as_dict(), "save_dir": save_dir})
        return
    for title, head, rows in tables_of(result):
        screen.print(screen.heading(title), screen.table(head, rows, fixed=len(head), right=range(1, len(head))))
    click.echo()
    for text in CONVENTIONS:
        screen.print(screen.text(text))
    if save_dir:
        click.echo(_("\npage: {page}    table: {table}", page=Path(save_dir) / "index.html",
                     table=Path(save_dir) / "images.csv"))  # fmt: skip

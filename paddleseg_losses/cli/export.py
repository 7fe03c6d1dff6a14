"""`export`: a static model for deployment, with the flags of PaddleSeg's `tools/export.py`."""

from __future__ import annotations

import click

from ..i18n import _
from . import screen
from .command import option
from .flags import command, many, restoring
from .progress import display


@command(
    brief="Save a static model for deployment.",
    example="paddleseg-losses export --config my_config.yml --model_path output/best_model --output_op softmax",
)
@restoring
@option("--save_dir", type=click.Path(file_okay=False), default="./output/inference_model", show_default=True,
        help="Folder for the model.")  # fmt: skip
@many("--input_shape", type=int, help="A fixed shape of the input: --input_shape 1 3 512 512.")
@option("--output_op", type=click.Choice(["argmax", "softmax", "none"]), default="argmax", show_default=True,
        help="Last step: class indices, probabilities, or logits.")  # fmt: skip
@option("--for_fd", is_flag=True, help="Name the files as FastDeploy expects.")
def export(
    config: str,
    model_path: str,
    device: str | None,
    opts: tuple[str, ...],
    use_multilabel: bool,
    save_dir: str,
    input_shape: tuple[int, ...],
    output_op: str,
    for_fd: bool,
) -> None:
    """Save the model with `paddle.jit.save`, and deploy.yaml, which PaddleSeg's deploy/ programs read.

    The flags are those of PaddleSeg's tools/export.py. A model of one channel, or of classes that are not mutually
    exclusive, is given a threshold or a sigmoid in place of argmax or softmax.
    """
    from .. import after_training
    from ..paddleseg.restoring import restored

    model = restored(config, model_path, device=device, opts=opts, use_multilabel=use_multilabel, display=display())
    with model as trained:
        files = after_training.export(trained, save_dir, input_shape=input_shape, output_op=output_op, for_fd=for_fd,
                                      use_multilabel=use_multilabel)  # fmt: skip
    facts = {"model": str(files.model), "params": str(files.params), "description": str(files.description)}
    if screen.wants_json():
        screen.print_json(facts)
    else:
        click.echo(_("model: {model}    weights: {params}    description: {description}", **facts))

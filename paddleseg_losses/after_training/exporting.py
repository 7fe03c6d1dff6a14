"""A static model for deployment, with the file that describes it to PaddleSeg's `deploy/` programs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paddle
import yaml
from paddle import nn
from paddle.nn import functional as F

from ..errors import ConfigError, OptionError
from ..i18n import Message, _
from ..paddleseg.restoring import Restored
from ..paddleseg.resuming import unwritable, write_text
from ..paddleseg.shims import module
from ..registry import PREFIX

OUTPUTS = ("argmax", "softmax", "none")
_STAGE = "PADDLESEG_EXPORT_STAGE"  # layers of PaddleSeg look for it


@dataclass(frozen=True)
class Exported:
    """The files."""

    model: Path
    params: Path
    description: Path


class Deployed(nn.Layer):  # type: ignore[misc]
    """A model and the last step of a prediction.

    PaddleSeg's own takes the largest channel, of one or many: a single channel would always be class 0, and its
    softmax always 1.
    """

    def __init__(self, model: Any, output_op: str, multilabel: bool) -> None:
        super().__init__()
        self.model, self.output_op, self.multilabel = model, output_op, multilabel

    def forward(self, image: Any) -> list[Any]:
        """Class indices `[N, H, W]` int32, or probabilities `[N, C, H, W]`, for each output of the model."""
        return [self._last_step(logits) for logits in self.model(image)]

    def _last_step(self, logits: Any) -> Any:
        alone = logits.shape[1] == 1
        if self.output_op == "softmax":
            return F.sigmoid(logits) if alone or self.multilabel else F.softmax(logits, axis=1)
        if self.multilabel:
            return (logits > 0).astype("int32")
        return (logits > 0).astype("int32").squeeze(1) if alone else paddle.argmax(logits, axis=1, dtype="int32")


def export(
    restored: Restored,
    save_dir: str | Path,
    *,
    input_shape: Sequence[int] = (),
    output_op: str = "argmax",
    for_fd: bool = False,
    use_multilabel: bool = False,
) -> Exported:
    """Save a model with `paddle.jit.save`, and `deploy.yaml`.

    Args:
        restored: the model.
        save_dir: folder to write to.
        input_shape: a fixed shape, such as `1 3 512 512`; images of any size by default.
        output_op: argmax, softmax or none: the last step.
        for_fd: the names of files that FastDeploy expects.
        use_multilabel: whether every channel is a label of its own.

    Raises:
        ConfigError: the model cannot be made static.
    """
    section = restored.builder.config.dic["model"]
    channels = module("utils.utils").get_in_channels(section) or 3
    shape = [side if side > 0 else None for side in input_shape] or [None, channels, None, None]
    if len(shape) != 4:
        raise OptionError(
            Message("input_shape={shape}", shape=list(input_shape)),
            _("four numbers: images, channels, height, width"),
            _("write for example {flags}", flags="--input_shape 1 3 512 512"),
        )
    model = restored.model if output_op == "none" else Deployed(restored.model, output_op, use_multilabel)
    model.eval()
    folder, stem = Path(save_dir), "inference" if for_fd else "model"
    with _stage(), _explained(folder, shape):
        spec = [paddle.static.InputSpec(shape=shape, dtype="float32")]
        paddle.jit.save(model, str(folder / stem), input_spec=spec)
    program = next(file for suffix in (".json", ".pdmodel") if (file := folder / f"{stem}{suffix}").is_file())
    files = Exported(program, folder / f"{stem}.pdiparams", folder / ("inference.yml" if for_fd else "deploy.yaml"))
    deploy = {
        "model": files.model.name,
        "params": files.params.name,
        "transforms": list(_of_images(restored.builder.config.val_dataset_cfg.get("transforms") or [])),
        "input_shape": shape,
        "output_op": output_op,
        "output_dtype": "int32" if output_op == "argmax" else "float32",
    }
    write_text(files.description, yaml.safe_dump({"Deploy": deploy}, sort_keys=False, allow_unicode=True))
    return files


def _of_images(transforms: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Ours change labels alone, and the programs of a deployment do not know them."""
    return (each for each in transforms if not str(each.get("type")).startswith(PREFIX))


@contextmanager
def _stage() -> Iterator[None]:
    before = os.environ.get(_STAGE)
    os.environ[_STAGE] = "True"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_STAGE]
        else:
            os.environ[_STAGE] = before


@contextmanager
def _explained(folder: Path, shape: list[int | None]) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise unwritable(folder, error) from error
    except Exception as error:
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise ConfigError(
            _("The model cannot be saved for inputs of the shape {shape}: {error}", shape=shape, error=reason[0]),
            _("a model that Paddle can make static"),
            _("give the size of your images, for example {flags}", flags="--input_shape 1 3 512 512"),
        ) from error

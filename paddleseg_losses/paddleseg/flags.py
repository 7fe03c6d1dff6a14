"""The flags of PaddleSeg's `tools/train.py`: the same spelling, the same defaults, declared once."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from ..errors import OptionError
from ..i18n import Message, _


def _flag(default: Any, help: str, **facts: Any) -> Any:
    return field(default=default, metadata={"help": help, **facts})


@dataclass(frozen=True)
class Flags:
    """The flags of `train`.

    `metadata` of a field: help; choices; many (takes several values); of (their type); low (the least number).
    """

    config: str = field(metadata={"help": "YAML file that describes the training."})
    device: str | None = _flag(
        None,
        "Device to train on (default: GPU if this Paddle supports one, else CPU).",
        choices=("cpu", "gpu", "xpu", "npu", "mlu"),
    )
    save_dir: str = _flag(
        "./output",
        "Folder for checkpoints, train.log and metrics.json.",
    )
    num_workers: int = _flag(0, "Processes that load data; 0 loads in the main process.", low=0)
    do_eval: bool = _flag(False, "Evaluate whenever a checkpoint is saved, and keep the best.")
    use_vdl: bool = _flag(False, "Record to VisualDL.")
    use_ema: bool = _flag(False, "Also keep an exponential moving average of the weights.")
    resume_model: str | None = _flag(
        None,
        "Checkpoint folder to resume from, such as output/iter_1000.",
    )
    iters: int | None = _flag(None, "Iterations, instead of the number in the file.", of=int, low=1)
    batch_size: int | None = _flag(
        None,
        "Images per process and iteration, instead of the number in the file.",
        of=int,
        low=1,
    )
    learning_rate: float | None = _flag(None, "Learning rate, instead of the one in the file.", of=float)
    save_interval: int = _flag(1000, "Iterations between checkpoints.", low=1)
    log_iters: int = _flag(10, "Iterations between lines of the log.", low=1)
    keep_checkpoint_max: int = _flag(5, "Checkpoints to keep; 0 keeps all.", low=0)
    early_stop_intervals: int | None = _flag(
        None,
        "Stop after this many evaluations without improvement (needs --do_eval).",
        of=int,
        low=1,
    )
    seed: int | None = _flag(None, "Random seed.", of=int, low=0)
    precision: str = _flag("fp32", "fp16 trains with automatic mixed precision.", choices=("fp32", "fp16"))
    amp_level: str = _flag("O1", "O1: mixed precision; O2: almost pure fp16.", choices=("O1", "O2"))
    profiler_options: str | None = _flag(
        None,
        'Profile a few iterations, for example "batch_range=[10,20]".',
    )
    data_format: str = _flag(
        "NCHW",
        "Layout of the images; NHWC is for DeepLabV3P only.",
        choices=("NCHW", "NHWC"),
    )
    repeats: int = _flag(1, "How many times an epoch repeats the samples.", low=1)
    opts: tuple[str, ...] = _flag(
        (),
        "Override other values of the file: --opts optimizer.type=SGD ...",
        many=True,
        of=str,
    )
    use_multilabel: bool = _flag(False, "Evaluate classes that are not mutually exclusive.")
    to_static_training: bool = _flag(False, "Compile the model with @to_static.")
    output_op: str = _flag(
        "argmax",
        "Last step of the exported model (uniform_output_enabled).",
        choices=("argmax", "softmax", "none"),
    )
    input_shape: tuple[int, ...] = _flag(
        (),
        "Fixed input of the exported model: 1 3 512 512 (uniform_output_enabled).",
        many=True,
        of=int,
    )
    for_fd: bool = _flag(
        False,
        "Export for FastDeploy (uniform_output_enabled).",
    )

    def __post_init__(self) -> None:
        """PaddleSeg would divide by a 0, or take it for nothing given."""
        for each in fields(self):
            low, value = each.metadata.get("low"), getattr(self, each.name)
            if low is not None and value is not None and value < low:
                raise OptionError(
                    Message("{name}={value!r}.", name=each.name, value=value),
                    _("a whole number >= {low}", low=low),
                    _("write {yaml}", yaml=f"{each.name}={low}"),
                )

    def changed(self, name: str) -> bool:
        """Whether a flag has another value than its default."""
        return bool(getattr(self, name) != type(self).__dataclass_fields__[name].default)

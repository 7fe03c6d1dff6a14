"""The flags of PaddleSeg's `tools/train.py`: the same spelling, the same defaults, declared once."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from ..errors import OptionError


def _flag(default: Any, help: str, zh: str, **facts: Any) -> Any:
    return field(default=default, metadata={"help": help, "zh": zh, **facts})


@dataclass(frozen=True)
class Flags:
    """What `train` can be told.

    `metadata` of a field: help; zh, the same in Chinese; choices; many (takes several values); of (their type);
    low (the least number).
    """

    config: str = field(metadata={"help": "YAML file that says what to train.", "zh": "描述训练的 YAML 文件。"})
    device: str | None = _flag(
        None,
        "Where to train; a GPU if this Paddle was built for one, else the processor.",
        "训练设备；飞桨为 GPU 版时默认用 GPU，否则用 CPU。",
        choices=("cpu", "gpu", "xpu", "npu", "mlu"),
    )
    save_dir: str = _flag(
        "./output",
        "Folder of checkpoints, train.log and metrics.json.",
        "检查点、train.log 与 metrics.json 的保存目录。",
    )
    num_workers: int = _flag(
        0, "Processes that load data; 0 loads in this one.", "加载数据的进程数；0 表示在本进程加载。", low=0
    )
    do_eval: bool = _flag(
        False, "Evaluate whenever a checkpoint is saved, and keep the best.", "每次保存检查点时评估，并保留最好的。"
    )
    use_vdl: bool = _flag(False, "Record to VisualDL.", "用 VisualDL 记录。")
    use_ema: bool = _flag(
        False, "Keep an exponential moving average of the weights too.", "同时维护权重的指数滑动平均（EMA）。"
    )
    resume_model: str | None = _flag(
        None,
        "Checkpoint folder to go on from, such as output/iter_1000.",
        "从该检查点目录继续训练，例如 output/iter_1000。",
    )
    iters: int | None = _flag(None, "Iterations, instead of the file's.", "迭代次数，覆盖配置文件。", of=int, low=1)
    batch_size: int | None = _flag(
        None,
        "Images per process and iteration, instead of the file's.",
        "每个进程每次迭代的图像数，覆盖配置文件。",
        of=int,
        low=1,
    )
    learning_rate: float | None = _flag(
        None, "Learning rate, instead of the file's.", "学习率，覆盖配置文件。", of=float
    )
    save_interval: int = _flag(1000, "Iterations between checkpoints.", "保存检查点的间隔（迭代次数）。", low=1)
    log_iters: int = _flag(10, "Iterations between lines of the log.", "打印日志的间隔（迭代次数）。", low=1)
    keep_checkpoint_max: int = _flag(
        5, "Checkpoints to keep; 0 keeps all.", "最多保留的检查点个数；0 表示全部保留。", low=0
    )
    early_stop_intervals: int | None = _flag(
        None,
        "Stop after so many evaluations without progress (needs --do_eval).",
        "连续多少次评估没有提升就停止（需要 --do_eval）。",
        of=int,
        low=1,
    )
    seed: int | None = _flag(None, "Seed of the random numbers.", "随机种子。", of=int, low=0)
    precision: str = _flag(
        "fp32", "fp16 trains with automatic mixed precision.", "fp16 表示自动混合精度训练。", choices=("fp32", "fp16")
    )
    amp_level: str = _flag(
        "O1", "O1: mixed precision; O2: almost pure fp16.", "O1：混合精度；O2：几乎纯 fp16。", choices=("O1", "O2")
    )
    profiler_options: str | None = _flag(
        None,
        'Profile a few iterations, for example "batch_range=[10,20]".',
        '对若干次迭代做性能分析，例如 "batch_range=[10,20]"。',
    )
    data_format: str = _flag(
        "NCHW",
        "Layout of the images; NHWC is for DeepLabV3P only.",
        "图像的数据布局；NHWC 仅支持 DeepLabV3P。",
        choices=("NCHW", "NHWC"),
    )
    repeats: int = _flag(1, "How often an epoch repeats the samples.", "每轮（epoch）重复样本的次数。", low=1)
    opts: tuple[str, ...] = _flag(
        (),
        "Other values of the file: --opts optimizer.type=SGD ...",
        "修改配置文件中的其他值：--opts optimizer.type=SGD ...",
        many=True,
        of=str,
    )
    use_multilabel: bool = _flag(
        False, "Evaluate classes that do not exclude each other.", "评估可同时成立的类别（多标签）。"
    )
    to_static_training: bool = _flag(False, "Compile the model with @to_static.", "用 @to_static 动转静训练。")
    output_op: str = _flag(
        "argmax",
        "Last step of the exported model (uniform_output_enabled).",
        "导出模型的最后一步（配合 uniform_output_enabled）。",
        choices=("argmax", "softmax", "none"),
    )
    input_shape: tuple[int, ...] = _flag(
        (),
        "Fixed input of the exported model: 1 3 512 512 (uniform_output_enabled).",
        "导出模型的固定输入形状：1 3 512 512（配合 uniform_output_enabled）。",
        many=True,
        of=int,
    )
    for_fd: bool = _flag(
        False,
        "Export for FastDeploy (uniform_output_enabled).",
        "按 FastDeploy 的要求导出（配合 uniform_output_enabled）。",
    )

    def __post_init__(self) -> None:
        """PaddleSeg would divide by a 0, or take it for nothing given."""
        for each in fields(self):
            low, value = each.metadata.get("low"), getattr(self, each.name)
            if low is not None and value is not None and value < low:
                raise OptionError(f"{each.name}={value!r}.", f"a whole number >= {low}", f"write {each.name}={low}")

    def changed(self, name: str) -> bool:
        """Whether a flag has another value than its default."""
        return bool(getattr(self, name) != type(self).__dataclass_fields__[name].default)

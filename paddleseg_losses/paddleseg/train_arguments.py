"""From flags and a YAML file to the arguments of the installed PaddleSeg's `train()`, as `tools/train.py` does it."""

from __future__ import annotations

import copy
import importlib.util
import inspect
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import paddle
import yaml

from ..errors import ConfigError
from ..i18n import Text, _, plural
from .build_errors import explained
from .config import pop_of_trainer
from .file_lists import require_readable
from .flags import Flags
from .shims import module

# Flags that are arguments of `train()` under the same name.
_PASSED = (
    "save_dir", "early_stop_intervals", "resume_model", "save_interval", "log_iters", "num_workers", "use_vdl",
    "use_ema", "keep_checkpoint_max", "precision", "amp_level", "profiler_options",
)  # fmt: skip
_NEWER = _("omit the flag, or clone PaddleSeg and use its newest code: `paddleseg-losses run tools/train.py ...`")


@dataclass(frozen=True)
class Recipe:
    """Everything built. `arguments` are those of `train()` after the model and the dataset."""

    model: Any
    train_dataset: Any
    val_dataset: Any  # None if the file has none
    arguments: dict[str, Any]
    evaluation: dict[str, Any]  # options of `evaluate()`
    config: dict[str, Any]  # the file, with all that it inherits and the flags change


def build(flags: Flags) -> Recipe:
    """Read the file and build model, data, optimizer and losses, or raise a ConfigError."""
    require_builder()
    with explained(flags.config, flags.use_multilabel):
        cfg = read_config(flags)
        resolved = copy.deepcopy(cfg.dic)
        sections = {"train": cfg.dic.get("train_dataset"), "val": cfg.val_dataset_cfg}
        require_readable((part, section) for part, section in sections.items() if section)
        arguments = _arguments(flags, cfg)
        utils = module("utils.utils")
        utils.show_env_info()
        utils.show_cfg_info(cfg)
        utils.set_seed(flags.seed)
        device = set_device(flags.device)
        utils.set_cv2_num_threads(flags.num_workers)
        builder = module("cvlibs").SegBuilder(cfg)
        model = utils.convert_sync_batchnorm(builder.model, device)
        train_dataset = builder.train_dataset
        if flags.repeats > 1:
            train_dataset.file_list *= flags.repeats
        require_a_batch(len(train_dataset), cfg.batch_size)
        val_dataset = builder.val_dataset if cfg.val_dataset_cfg else None
        arguments.update(optimizer=builder.optimizer, losses=builder.loss)
        arguments.update(val_dataset=val_dataset if flags.do_eval else None)
    evaluation = {"precision": flags.precision, "amp_level": flags.amp_level, **cfg.test_config}
    return Recipe(model, train_dataset, val_dataset, arguments, evaluation, resolved)


def require_builder() -> None:
    """PaddleSeg before 2.8 builds losses elsewhere; its own script trains with ours all the same."""
    if not hasattr(module("cvlibs"), "SegBuilder"):
        raise ConfigError(
            _("PaddleSeg {version} has no SegBuilder.", version=module("").__version__),
            _("PaddleSeg 2.8.0, or its newest code"),
            _("install one of them, or start this one's own script: `paddleseg-losses run train.py --config ...`"),
        )


def read_config(flags: Flags) -> Any:
    """PaddleSeg's configuration, with what the flags change in it."""
    cfg = module("cvlibs").Config(
        flags.config,
        learning_rate=flags.learning_rate,
        iters=flags.iters,
        batch_size=flags.batch_size,
        opts=list(flags.opts) or None,
    )
    if flags.use_multilabel:
        cfg.dic.setdefault("test_config", {})["use_multilabel"] = True
    if flags.data_format == "NHWC":
        model = cfg.dic["model"]
        if model["type"] != "DeepLabV3P":
            raise ConfigError(
                _("--data_format NHWC with the model {model}.", model=model["type"]),
                _("DeepLabV3P, the only model that PaddleSeg can train in this layout"),
                _("omit --data_format"),
            )
        for section in (model, model["backbone"], *cfg.dic["loss"]["types"]):
            section["data_format"] = flags.data_format
    return cfg


def _arguments(flags: Flags, cfg: Any) -> dict[str, Any]:
    """The flags as arguments of the installed `train()`."""
    parameters = inspect.signature(module("core.train").train).parameters
    exports = bool(cfg.dic.get("uniform_output_enabled")) and _has_export()
    for refusal in _refusals(flags, cfg, set(parameters), exports):
        raise ConfigError(*refusal)
    arguments = {
        **{name: getattr(flags, name) for name in _PASSED},
        "iters": cfg.iters,
        "batch_size": cfg.batch_size,
        "test_config": cfg.test_config,
        "to_static_training": flags.to_static_training or cfg.dic.get("to_static_training", False),
        **pop_of_trainer(cfg.dic),  # but for log_ranks: the first process alone writes our log
    }
    arguments = {name: value for name, value in arguments.items() if name in parameters}
    if "logger" in parameters:
        arguments["logger"] = module("utils.logger").setup_logger()
    if exports:
        arguments.update(uniform_output_enabled=True, cli_args=_prepare_export(flags, cfg))
    return arguments


def _refusals(flags: Flags, cfg: Any, parameters: set[str], exports: bool) -> Iterator[tuple[Text, Text, Text]]:
    """What the installed PaddleSeg would ignore: found, expected, cure."""
    evaluates = inspect.signature(module("core").evaluate).parameters
    known = parameters | ({"use_multilabel"} if "use_multilabel" in evaluates else set())
    for name in (*_PASSED, "to_static_training", "use_multilabel"):
        if flags.changed(name) and name not in known:
            version = module("").__version__
            yield (
                _("--{name} is set, but PaddleSeg {version} does not support it.", name=name, version=version),
                _("flags that it supports"),
                _NEWER,
            )
    for name in ("output_op", "input_shape", "for_fd"):
        if flags.changed(name) and not exports:
            yield (
                _("--{name} is set, but nothing will be exported.", name=name),
                _("uniform_output_enabled: true in the file, and PaddleSeg's newest code, to export a model"),
                _("omit the flag: PaddleSeg's tools/export.py exports after training"),
            )
    if flags.do_eval and not cfg.val_dataset_cfg:
        yield (
            _("--do_eval is set, but {config} has no val_dataset.", config=flags.config),
            _("a val_dataset"),
            _("add it, or omit --do_eval"),
        )
    if flags.early_stop_intervals is not None and not flags.do_eval:
        yield (
            _("--early_stop_intervals is set without --do_eval."),
            _("evaluations, which decide when to stop"),
            _("add --do_eval"),
        )
    if start_of(flags) >= cfg.iters:
        yield (
            _(
                "The training of --resume_model {folder} cannot be continued to iteration {iters}.",
                folder=flags.resume_model,
                iters=cfg.iters,
            ),
            _("a checkpoint folder such as output/iter_1000, with fewer iterations than that"),
            _("give such a folder, or increase --iters"),
        )


def require_a_batch(samples: int, batch_size: int) -> None:
    """PaddleSeg drops the last, incomplete batch; with no other it would wait forever."""
    needed = batch_size * paddle.distributed.get_world_size()
    if samples < needed:
        raise ConfigError(
            plural(
                "train_dataset has {count} image, less than one batch ({batch}).",
                "train_dataset has {count} images, less than one batch ({batch}).",
                samples,
                batch=needed,
            ),
            _("at least one full batch for every process"),
            _("reduce batch_size, or repeat the images with --repeats"),
        )


def start_of(flags: Flags) -> int:
    """The iteration to start after, which PaddleSeg reads from the folder's name."""
    return int(os.path.normpath(flags.resume_model).rpartition("_")[2]) if flags.resume_model else 0


def _has_export() -> bool:
    return importlib.util.find_spec("paddleseg.core.export") is not None


def _prepare_export(flags: Flags, cfg: Any) -> Any:
    """What `uniform_output_enabled` asks for before training; gives the flags as the export reads them."""
    folder = Path(flags.save_dir)
    (folder / "train_results.json").unlink(missing_ok=True)
    (folder / "config.yaml").write_text(yaml.dump(cfg.dic), encoding="utf-8")
    return SimpleNamespace(**{**asdict(flags), "input_shape": list(flags.input_shape) or None})


def set_device(device: str | None) -> str:
    """Choose where to run: what is asked for, or what Paddle was built for."""
    chosen = device or ("gpu" if paddle.device.is_compiled_with_cuda() else "cpu")
    module("utils.utils").set_device(chosen)
    if device and not paddle.get_device().startswith(device):  # PaddleSeg falls back without a word
        raise ConfigError(
            _("--device {device} is set, but Paddle {version} finds none.", device=device, version=paddle.__version__),
            _("a Paddle built for {device}, its driver and a device", device=device),
            _("use --device cpu, or install paddlepaddle-gpu for an NVIDIA GPU"),
        )
    return chosen

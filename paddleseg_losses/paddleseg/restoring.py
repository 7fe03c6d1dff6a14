"""A trained model again: a configuration, and the weights that belong to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paddle

from ..errors import ConfigError
from ..i18n import Text, _
from . import config as configs
from .build_errors import explained
from .console import captured
from .display import Display
from .file_lists import require_readable
from .flags import Flags
from .registration import register
from .resuming import WEIGHTS, safe_load
from .shims import fixed, module, swapped
from .train_arguments import read_config, require_builder, set_device


@dataclass(frozen=True)
class Restored:
    """A model in evaluation mode, and PaddleSeg's builder for what else its file describes."""

    config: Path
    weights: Path
    model: Any
    builder: Any
    display: Display

    @property
    def test_config(self) -> Mapping[str, Any]:
        """The section of the file."""
        return self.builder.config.test_config  # type: ignore[no-any-return]

    def val_dataset(self) -> Any:
        """The validation data; a ConfigError without any."""
        section = self._val_section()
        with explained(str(self.config)), captured(None, self.display):
            require_readable([("val", section)])
            return self.builder.val_dataset

    def val_transforms(self) -> Any:
        """PaddleSeg's `Compose` of the transforms of the validation data."""
        section = self._val_section()
        with explained(str(self.config)), captured(None, self.display):
            compose = module("transforms").Compose
            return compose(self.builder.val_transforms, img_channels=section.get("img_channels", 3))

    def _val_section(self) -> dict[str, Any]:
        section: dict[str, Any] = self.builder.config.val_dataset_cfg
        if not section:
            raise ConfigError(
                _("{config} has no val_dataset.", config=self.config),
                _("a val_dataset, whose transforms say how images are read"),
                _("add it, as in the files of configs/"),
            )
        return section


@contextmanager
def restored(
    config: str | Path,
    model_path: str | Path,
    *,
    device: str | None = None,
    device_id: int = 0,
    opts: Sequence[str] = (),
    data_format: str = "NCHW",
    use_multilabel: bool = False,
    display: Display | None = None,
) -> Iterator[Restored]:
    """A model with its weights, while PaddleSeg is mended; what it prints is left out.

    Args:
        config: PaddleSeg's YAML file.
        model_path: file of weights, or the folder of a checkpoint.
        device: cpu, gpu, ...; what Paddle was built for if None.
        device_id: which of several devices.
        opts: other values of the file, such as `model.num_classes=2`.
        data_format: layout of the images.
        use_multilabel: whether the labels do not exclude each other.
        display: where warnings go.

    Raises:
        ConfigError: the file cannot be used, or the weights are damaged or those of another model.
    """
    flags = Flags(str(config), device=device, opts=tuple(opts), data_format=data_format, use_multilabel=use_multilabel)
    configs.load_for_paddleseg(config, "val.py")
    file = weights_file(Path(model_path))
    register()
    require_builder()
    loading = swapped((paddle, "load", safe_load(paddle.load)))
    display = display or Display()
    try:
        with fixed(), loading:
            with explained(str(config), use_multilabel), captured(None, display):
                cfg = read_config(flags)
                _forget_pretrained(cfg.dic.get("model"))
                set_device(device)
                if device_id and paddle.get_device() != "cpu":
                    paddle.device.set_device(f"{paddle.get_device().partition(':')[0]}:{device_id}")
                builder = module("cvlibs").SegBuilder(cfg)
                model = builder.model
            load_weights(model, file, cfg.dic["model"].get("num_classes"))
            model.eval()
            yield Restored(Path(config), file, model, builder, display)
    finally:
        display.close()


def _forget_pretrained(section: Any) -> None:
    """All weights come from the file: nothing needs to be fetched before."""
    if isinstance(section, dict):
        for key, value in section.items():
            if key == "pretrained":
                section[key] = None
            _forget_pretrained(value)


def weights_file(path: Path) -> Path:
    """The file of weights that a path means: itself, or that of a checkpoint's folder."""
    file = path / WEIGHTS if path.is_dir() else path
    if file.is_file():
        return file
    around = next((folder for folder in (path, *path.parents) if folder.is_dir()), Path())
    near = [str(file) for file in sorted(around.glob("*/" + WEIGHTS))[:3]]
    raise ConfigError(
        _("There is no file {path}.", path=file),
        _("a file of weights such as output/best_model/model.pdparams"),
        _("give one of {files}", files=", ".join(near)) if near else _("look in {folder}", folder=around.resolve()),
    )


def load_weights(model: Any, file: Path, classes: int | None = None) -> None:
    """Load all weights of a model, or say which do not fit: PaddleSeg leaves those as they are.

    Args:
        model: whose parameters and buffers are set.
        file: of weights.
        classes: of the model, to recognise weights of another number.

    Raises:
        ConfigError: the file is damaged, or belongs to another model.
    """
    given, wanted = paddle.load(str(file), return_numpy=True), model.state_dict()
    shapes = {name: list(getattr(value, "shape", ())) for name, value in given.items()} if _is_table(given) else {}
    missing = [name for name in wanted if name not in shapes]
    expected = _("weights of the model {model}", model=type(model).__name__)
    if missing:
        raise ConfigError(
            _("{path} lacks {count} of the {total} weights of the model, such as {name}.",
              path=file, count=len(missing), total=len(wanted), name=missing[0]),
            expected,
            _("give the model.pdparams that was trained with this file, or the file that it was trained with"),
        )  # fmt: skip
    other = {
        name: (shapes[name], list(wanted[name].shape)) for name in wanted if shapes[name] != list(wanted[name].shape)
    }
    if other:
        name, (stored, needed) = next(iter(other.items()))
        raise ConfigError(
            _("{path}: {name} has the shape {found}, in the model it has {needed}.",
              path=file, name=name, found=stored, needed=needed),
            expected,
            _cure(list(other.values()), classes),
        )  # fmt: skip
    model.set_state_dict({name: given[name] for name in wanted})


def _is_table(given: Any) -> bool:
    return isinstance(given, Mapping)


def _cure(shapes: list[tuple[list[int], list[int]]], classes: int | None) -> Text:
    """Weights that differ in the number of classes alone are the usual mistake."""
    trained = set()
    for stored, needed in shapes:
        differing = [(f, n) for f, n in zip(stored, needed) if f != n]
        trained.add(differing[0][0] if len(stored) == len(needed) and differing[0][1] == classes else None)
    if len(trained) == 1 and None not in trained:
        return _(
            "the weights were trained with {trained} classes, the file says {classes}: set num_classes: {trained} in "
            "the model and in the datasets, or give other weights",
            trained=trained.pop(), classes=classes,
        )  # fmt: skip
    return _("give the model.pdparams that was trained with this file, or the file that it was trained with")

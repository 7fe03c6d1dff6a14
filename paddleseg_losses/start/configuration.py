"""The configuration as text, with comments in the language of the run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..i18n import Text, _
from ..registry import PREFIX
from .recipes import Recipe

_SCALING = {"type": "ResizeStepScaling", "min_scale_factor": 0.75, "max_scale_factor": 1.25, "scale_step_size": 0.125}
_DISTORTION = {"type": "RandomDistort", "brightness_range": 0.25, "contrast_range": 0.25, "saturation_range": 0.25}
_OUTPUTS = {"pp_liteseg": 3, "unet": 1, "segformer_b0": 1}  # while it trains; each has its number in `coef`
_WEIGHTS = "https://bj.bcebos.com/paddleseg/dygraph/"
_MODELS = {
    "pp_liteseg": ("PPLiteSeg", {"type": "STDC1"}, "PP_STDCNet1.tar.gz"),
    "unet": ("UNet", None, ""),
    "segformer_b0": ("SegFormer", {"type": "MixVisionTransformer_B0"}, "backbone/mix_vision_transformer_b0.tar.gz"),
}
_SIZES: dict[str, dict[str, Any]] = {
    "pp_liteseg": {"arm_out_chs": [32, 64, 128], "seg_head_inter_chs": [32, 64, 64]},
    "segformer_b0": {"embedding_dim": 256},
}
_RATES = {"pp_liteseg": 1e-3, "unet": 1e-3, "segformer_b0": 2e-4}


def write_yaml(
    recipe: Recipe, out: Path, parts: Sequence[str], names: Sequence[str], separator: str, foreground: int | None
) -> str:
    """The whole file.

    Args:
        recipe: what it is made of.
        out: the folder of the lists.
        parts: 'train', 'val' and perhaps 'test'.
        names: of the classes.
        separator: of the lists.
        foreground: the value of the masks that becomes 1.
    """
    sections = [
        f"# {_('Written by `paddleseg-losses start`; change what you like.')}",
        f"batch_size: {recipe.batch_size}",
        f"iters: {recipe.iters}  # {_('about {passes} passes over the images, 500 iterations at least', passes=100)}",
    ]
    for part in parts:
        sections.append(
            _dataset(part, recipe, out, len(names), separator, _transforms(part, recipe, names, foreground))
        )
    sections += [_windows(recipe)] if recipe.windows else []
    sections += [_optimizer(recipe), _loss(recipe), _model(recipe, len(names))]
    return "\n".join(sections)


def _dataset(part: str, recipe: Recipe, out: Path, classes: int, separator: str, transforms: list[Any]) -> str:
    listed = "train" if part == "train" else "val"  # PaddleSeg evaluates a dataset of mode val
    facts: dict[str, Any] = {
        "type": "Dataset",
        "dataset_root": str(out),
        f"{listed}_path": str(out / f"{part}.txt"),
        "num_classes": classes,
        "mode": listed,
    }
    lines = [f"\n{part}_dataset:"]
    lines += [f"  {key}: {value if isinstance(value, int) else _quoted(value)}" for key, value in facts.items()]
    lines += [f"  separator: {json.dumps(separator)}"] if separator != " " else []
    return "\n".join([*lines, "  transforms:", *(f"    - {line}" for entry in transforms for line in _entry(entry))])


def _quoted(value: str) -> str:
    """A text as YAML, in quotes where it needs them."""
    plain = value.isascii() and all(mark.isalnum() or mark in "/._-" for mark in value)
    return value if plain else json.dumps(value, ensure_ascii=False)


def _entry(entry: tuple[dict[str, Any], Text]) -> list[str]:
    facts, comment = entry
    inline = yaml.safe_dump(facts, default_flow_style=True, sort_keys=False, width=10**6).strip()
    return [f"{inline}  # {comment}" if comment else inline]


def _transforms(part: str, recipe: Recipe, names: Sequence[str], foreground: int | None) -> list[Any]:
    entries: list[Any] = []
    if foreground is not None:
        reads: dict[str, Any] = {"type": f"{PREFIX}Foreground", "classes": [foreground]}
        entries.append((reads, _("first, before any padding: {value} becomes class 1", value=foreground)))
    if part == "train":
        entries += [
            (_SCALING, ""),
            ({"type": "RandomPaddingCrop", "crop_size": list(recipe.crop)}, _("width and height")),
        ]  # fmt: skip
        if _has_sides(names):
            entries.append(({"type": "RandomVerticalFlip"}, _("no horizontal flip: classes are named left and right")))
        else:
            entries.append(({"type": "RandomHorizontalFlip"}, ""))
        entries.append((_DISTORTION, ""))
    return [*entries, ({"type": "Normalize"}, "")]


def _has_sides(names: Sequence[str]) -> bool:
    words = {word for name in names for word in name.lower().replace("-", "_").replace(" ", "_").split("_")}
    return bool(words & {"left", "right"}) or any(side in name for name in names for side in "左右")


def _windows(recipe: Recipe) -> str:
    """How validation, `evaluate` and `predict` go about images that are far larger than the crop."""
    comment = _("images are far larger than the crop: they are predicted window by window")
    facts = {"is_slide": "true", "crop_size": list(recipe.crop), "stride": [side * 3 // 4 for side in recipe.crop]}
    return "\n".join([f"\ntest_config:  # {comment}", *(f"  {key}: {value}" for key, value in facts.items())])


def _optimizer(recipe: Recipe) -> str:
    return f"""
optimizer:
  type: AdamW
  weight_decay: 0.0001

lr_scheduler:
  type: PolynomialDecay
  learning_rate: {_RATES[recipe.model]}
  power: 0.9
  end_lr: 0.0
"""


def _loss(recipe: Recipe) -> str:
    coef = [1, *[0.4] * (_OUTPUTS[recipe.model] - 1)]
    entries = yaml.safe_dump([recipe.loss], sort_keys=False, default_flow_style=None).rstrip()
    lines = [f"# {recipe.why_loss}", "loss:", "  types:", *(f"    {line}" for line in entries.splitlines())]
    outputs = f"  # {_('one number for each output of the model')}" if len(coef) > 1 else ""
    return "\n".join([*lines, f"  coef: {coef}{outputs}\n"])


def _model(recipe: Recipe, classes: int) -> str:
    name, backbone, weights = _MODELS[recipe.model]
    pretrained = f"# pretrained: {_WEIGHTS}{weights}  # {_('ImageNet weights, downloaded: better results')}"
    facts: Mapping[str, Any] = {"type": name, "num_classes": classes}
    lines = [f"# {name}: {recipe.why_model}", "model:", *(f"  {key}: {value}" for key, value in facts.items())]
    if backbone:
        lines += ["  backbone:", *(f"    {key}: {value}" for key, value in backbone.items()), f"    {pretrained}"]
    lines += [f"  {key}: {value}" for key, value in _SIZES.get(recipe.model, {}).items()]
    return "\n".join(lines) + "\n"

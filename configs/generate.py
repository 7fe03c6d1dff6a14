"""Write `configs/losses/`, a PaddleSeg config for each loss, or with --check fail where one has drifted."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import yaml

from paddleseg_losses import registry
from paddleseg_losses.i18n import Text, speaking
from paddleseg_losses.options import options_of, own_options_of
from paddleseg_losses.paddleseg.config import load

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "losses"
OPTION = " " * 6  # the indentation of an option
WIDTH = 100


def in_both(text: Text) -> list[str]:
    """A text in English and in Chinese: the files are read by speakers of both."""
    texts = []
    for language in ("en", "zh"):
        with speaking(language):
            texts.append(str(text))
    return texts


def lines(texts: list[str]) -> str:
    """Comments."""
    return "\n".join(f"# {text}" for text in texts)


def base(spec: registry.LossSpec) -> str:
    """The file that holds all but the loss: four tissues, or one channel for losses that take no more classes."""
    several = "multiclass" in spec.modes and spec.most_classes is None
    return "../quick_start/" + ("mni_combo.yml" if several else "mni_white_matter.yml")


def text(spec: registry.LossSpec) -> str:
    """The whole file of a loss."""
    name = spec.name
    paper = f"# {spec.paper}\n# {spec.link}\n" if spec.published else ""
    return f"""\
# {name}: {" · ".join(in_both(spec.title))}
{lines(in_both(spec.purpose))}
{paper}#
# Data · 数据: paddleseg-losses data mni --out data/mni
# Training · 训练: paddleseg-losses train --config configs/losses/{name}.yml --do_eval
# More · 更多: paddleseg-losses show {name}
#
# Written by configs/generate.py · 由 configs/generate.py 生成
_base_: {base(spec)}

{loss(spec)}{transforms(spec)}"""


MADE = {
    "DistanceMaps": """\
The distance maps of the labels, computed where the data is loaded: last, after all that moves pixels.
在数据加载进程中预先计算标签的距离图；须放在所有几何变换之后。""",
    "Instances": """\
The objects in the labels, found where the data is loaded: last, after all that moves pixels.
在数据加载进程中预先找出标签中的各个目标；须放在所有几何变换之后。""",
    "LabelSkeleton": """\
The skeletons of the labels, computed where the data is loaded: last, after all that moves pixels.
在数据加载进程中预先提取标签的骨架；须放在所有几何变换之后。""",
}


def loss(spec: registry.LossSpec) -> str:
    """The YAML of the docstring, with every option of the loss's own and what it means."""
    lines = textwrap.dedent((spec.cls.__doc__ or "").partition("YAML:\n")[2]).strip().splitlines()
    options, own = options_of(spec.cls), own_options_of(spec.cls)
    *head, coef = lines  # the last line is that of the section
    given = {line.strip().partition(":")[0] for line in head if line.startswith(OPTION)}
    head += [f"{OPTION}{n}: {_inline(o.default)}" for n, o in options.items() if n in own and n not in given]
    written: list[str] = []
    for line in head:
        option = options.get(line.removeprefix(OPTION).partition(":")[0])
        if option and line.startswith(OPTION):
            meanings = in_both(option.help)
            both = f"{OPTION}# {' · '.join(meanings)}"
            written += [both] if len(both) <= WIDTH else [f"{OPTION}# {meaning}" for meaning in meanings]
        written.append(line)
    return "\n".join([*written, coef]) + "\n"


def transforms(spec: registry.LossSpec) -> str:
    """For losses that need maps of the labels: the workers that load the data compute them."""
    if not spec.label_maps:
        return ""
    data = load((FOLDER / base(spec)).resolve())["train_dataset"]
    blocks = yaml.safe_dump(data["transforms"], sort_keys=False, default_flow_style=None, width=10**6)
    return f"""
train_dataset:
  transforms:
{textwrap.indent(blocks, "    ")}\
{textwrap.indent(MADE[spec.label_maps], "    # ")}
    - type: paddleseg_losses.{spec.label_maps}
      num_classes: {data["num_classes"]}
"""


def _inline(value: object) -> str:
    value = list(value) if isinstance(value, tuple) else value
    return yaml.safe_dump(value, default_flow_style=True).removesuffix("\n").removesuffix("\n...")


def main(check: bool) -> int:
    """Refresh or compare every file; the number of those that had drifted, when checking."""
    wanted = {FOLDER / f"{spec.name}.yml": text(spec) for spec in registry.specs()}
    there = {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yml")}
    drifted = [path for path in {**wanted, **there} if wanted.get(path) != there.get(path)]
    for path in drifted:
        if check:
            print(f"configs/losses/{path.name} has drifted from the registry: run `make docs`")
        elif path in wanted:
            FOLDER.mkdir(exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    return len(drifted) if check else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))

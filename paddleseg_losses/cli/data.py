"""`data`: small datasets to try things on."""

from __future__ import annotations

import click

from . import screen
from .command import Bilingual, Group, option
from .language import say


@click.group(
    cls=Group,
    example="paddleseg-losses data mni --out data/mni",
    brief=("Make a small dataset.", "生成一个小数据集。"),
    zh="生成一个小数据集，用来试验。",
)
def data() -> None:
    """Make a small dataset to try things on."""


@data.command(
    cls=Bilingual,
    example="paddleseg-losses data mni --out data/mni",
    zh="真实脑部 MRI 的切片，四类组织，取自 nilearn 自带的模板。",
)
@option(
    "--out",
    required=True,
    type=click.Path(file_okay=False),
    help="Folder to write the dataset into.",
    zh="写入数据集的文件夹。",
)
def mni(out: str) -> None:
    """Slices of a real brain MRI with four tissue classes, from the template that nilearn carries."""
    from ..datasets.mni import make_mni_dataset

    made = make_mni_dataset(out)
    if screen.wants_json():
        return screen.put_json(
            {"root": str(made.root), "train": made.train, "val": made.val, "classes": made.class_names}
        )
    classes = len(made.class_names)
    click.echo(
        say(
            f"{made.root}: {made.train} slices to train on, {made.val} to validate on, {classes} classes",
            f"{made.root}：训练切片 {made.train} 张，验证切片 {made.val} 张，共 {classes} 类",
        )
    )
    return None

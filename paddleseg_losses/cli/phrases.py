"""The words of errors and mistakes in Chinese. What is not in the book stays English, so that nothing is lost.

The package raises errors in English, wherever it is used; only the command line speaks both languages.
"""

from __future__ import annotations

import re
from functools import cache

from .. import registry
from ..options import options_of
from ..options.chinese import accepted
from .language import language

# English with {} for what differs; {0}, {1}, ... say where it goes. Of those that fit, the longest is taken.
BOOK = {
    # names and options
    "No loss is called {}.": "没有名为 {0} 的损失。",
    "a loss of this package (`paddleseg-losses list`) or one of PaddleSeg's own": (
        "本包的损失（见 `paddleseg-losses list`）或 PaddleSeg 自带的损失"
    ),
    "look for the name in the list": "在列表中查找名称",
    "`paddleseg-losses list` shows them all": "`paddleseg-losses list` 会列出全部名称",
    "did you mean type instead of {}?": "是否应为 type 而不是 {0}？",
    "did you mean {}?": "是不是 {0}？",
    "remove {}: {} is given too": "删去 {0}：已经给出了 {1}",
    "remove {}": "删去 {0}",
    "remove it": "删去它",
    "add {}: ...": "加上 {0}: ...",
    "PaddleSeg's own {} has no option {}; that of this package has.": "PaddleSeg 自带的 {0} 没有选项 {1}；本包的有。",
    "{} has no option {}.": "{0} 没有选项 {1}。",
    "{} needs {}.": "{0} 需要 {1}。",
    "a value for it": "给出它的值",
    "write {}: {}; losses of the same output belong into one MixedLoss, or use a compound such as ComboLoss": (
        "改为 {0}: {1}；同一输出的多个损失应放进一个 MixedLoss，或使用 ComboLoss 等复合损失"
    ),
    "write {}, or set the dataset's to {}": "改为 {0}，或把数据集的改为 {1}",
    "write {}": "改为 {0}",
    "{}: weight has {} number(s), {}; the file has {} classes.": "{0}：weight 有 {1} 个数 {2}，而文件中有 {3} 个类别。",
    "{} numbers, one for each class, the background included": "{0} 个数，每类一个，包括背景",
    "give one number for each class, or check num_classes": "每个类别给一个数，或检查 num_classes",
    "{} cannot be made: {}": "无法创建 {0}：{1}",
    "options that it takes": "它支持的选项",
    "see its source": "参见其源码",
    "one of {}": "以下之一：{0}",
    "{}: A schedule is {}.": "{0}：schedule 写成了 {1}。",
    "did you mean kind: {}?": "是不是 kind: {0}？",
    "give a kind: {}": "给出 kind：{0}",
    "write kind instead of type: PaddleSeg would look for a component of that name": (
        "用 kind 而不是 type：否则 PaddleSeg 会去找同名组件"
    ),
    "WeightedSumLoss: two terms rebalance.": "WeightedSumLoss：有两项的 schedule 为 rebalance。",
    "one term whose schedule is of kind rebalance: the others get what it leaves": (
        "只有一项为 rebalance：其余各项得到它剩下的份额"
    ),
    "make the other schedules linear": "把其他 schedule 改为 linear",
    # sections
    "There is no loss section.": "没有 loss 部分。",
    "a key `loss`": "键 `loss`",
    "add `loss` with `types` and `coef`": "加上 `loss`，其中包含 `types` 与 `coef`",
    "it is one loss without `types`.": "这里只有一个损失，没有 `types`。",
    "it is missing.": "缺少这一项。",
    "types: a list of losses, and coef: a number for each output of the model": (
        "types：损失的列表；coef：模型的每个输出对应一个数"
    ),
    "see `paddleseg-losses show DiceLoss`": "参见 `paddleseg-losses show DiceLoss`",
    "put it into `types`": "把它放进 `types`",
    "the key {} means nothing here.": "键 {0} 在这里没有意义。",
    "a list of losses": "损失的列表",
    "a mapping whose `type` is the name of a loss": "一个映射，其 `type` 为损失名称",
    "write - type: and a name": "写成 - type: 名称",
    "MixedLoss has no option {}.": "MixedLoss 没有选项 {0}。",
    "a list of numbers": "数的列表",
    "a coefficient for each loss, or one loss that serves all outputs of the model": (
        "每个损失一个系数；或只写一个损失，用于模型的所有输出"
    ),
    "a coefficient for each loss": "每个损失一个系数",
    "coef has {} number(s), {} has {} loss(es).": "coef 有 {0} 个数，{1} 有 {2} 个损失。",
    "it is {}, which is no number.": "值为 {0}，不是数。",
    "ignore_index is {}, that of the dataset {}.": "ignore_index 为 {0}，数据集的为 {1}。",
    "ignore_index: {}, or none, since PaddleSeg passes on the dataset's": (
        "ignore_index: {0}；或不写，PaddleSeg 会传入数据集的"
    ),
    "the same {} everywhere": "各处的 {0} 一致",
    "make them equal": "改成一致",
    "it is {}.": "值为 {0}。",
    # the loss and the problem
    "{} was given a {} problem.": "{0} 用在了 {1} 任务上。",
    "for {} problems use one of {}": "{0} 任务请使用：{1}",
    "{}: sync=True with batch=False.": "{0}：sync=True 而 batch=False。",
    "batch=True with sync=True: only sums over the batch are shared by the ranks": (
        "sync=True 需要 batch=True：进程间只共享批次上的和"
    ),
    "{}: {} has {} number(s), {}; logits have {} channel(s).": "{0}：{1} 有 {2} 个数 {3}，而 logits 有 {4} 个通道。",
    "give {} one number for each of the {} classes, or check num_classes of the model": (
        "为 {0} 给出 {1} 个数，每类一个；或检查模型的 num_classes"
    ),
    "{}: {} in a multiclass problem of {} classes.": "{0}：在 {2} 类的多分类任务中给出 {1}。",
    "None or a list of {} numbers: libraries disagree about what one number means": (
        "None，或 {0} 个数的列表：单独一个数在各库中含义不同"
    ),
    "for two classes write {}; else one number for each class": "两类时写 {0}；否则每类一个数",
    "{}: classes={} with {} channel(s).": "{0}：classes={1}，而模型有 {2} 个通道。",
    "classes out of {}": "{0} 中的类别",
    "remove the classes that the model does not have, or set include_background=True": (
        "删去模型没有的类别，或设置 include_background=True"
    ),
    "binary or multilabel": "binary 或 multilabel",
    "WeightedSumLoss: {} compares with something else than labels.": "WeightedSumLoss：{0} 不是与标签作比较。",
    "terms that are called with logits and labels": "以 logits 与标签调用的损失",
    "make it an entry of its own in loss.types, where PaddleSeg's trainer knows it by its name": (
        "把它单独作为 loss.types 的一项，PaddleSeg 的训练器按名称识别它"
    ),
    "set batch=True": "设置 batch=True",
    "{} gives {} numbers.": "{0} 返回 {1} 个数。",
    "one number: PaddleSeg adds the losses up": "一个数：PaddleSeg 会把各损失相加",
    "leave reduction out": "去掉 reduction",
    "{} is {}; default {}": "{0} 的含义：{1}；默认值 {2}",
    # files
    "There is no file {} (a `_base_` of {}).": "没有文件 {0}（{1} 的 `_base_`）。",
    "There is no file {}.": "没有文件 {0}。",
    "a YAML file": "一个 YAML 文件",
    "a list of files such as train.txt, or a YAML configuration": "train.txt 之类的文件列表，或 YAML 配置文件",
    "look into {}": "查看目录 {0}",
    "{} is its own `_base_`.": "{0} 以自己为 `_base_`。",
    "a chain of bases with an end": "有终点的 `_base_` 链",
    "remove one `_base_` line": "删去一行 `_base_`",
    "{} holds nothing.": "{0} 是空的。",
    "{} holds a {}.": "{0} 的内容是 {1}。",
    "a mapping with keys such as model, loss and train_dataset": "含有 model、loss、train_dataset 等键的映射",
    "begin from one of the files in configs/": "从 configs/ 中的某个文件开始",
    "look at the indentation, colons and brackets there: {}": "检查那里的缩进、冒号与括号：{0}",
    "indent with spaces, not tabs: {}": "用空格而不是制表符缩进：{0}",
    "{}, line {}, column {}: {}.": "{0} 第 {1} 行第 {2} 列：{3}。",
    "{} is a folder.": "{0} 是一个目录。",
    "give one of {}": "请给出其中之一：{0}",
    "{} names no masks.": "{0} 中没有掩码。",
    "an image and its mask on each line": "每行一个图像与它的掩码",
    "choose another list": "换一个列表",
    "{}, line {}: {} has {} column(s).": "{0} 第 {1} 行：{2} 有 {3} 列。",
    "an image and its mask, separated by {}": "图像与掩码，以 {0} 分隔",
    "give the separator with --separator, or correct the line": "用 --separator 指定分隔符，或改正这一行",
    "{} has no {} with a type.": "{0} 没有带 type 的 {1}。",
    "{} has no {}.": "{0} 没有 {1}。",
    "No mask holds a class.": "没有任何掩码含有类别。",
    "labelled pixels": "有标签的像素",
    "look at the masks, num_classes and ignore_index": "检查掩码、num_classes 与 ignore_index",
    # training
    "PaddleSeg cannot use {}: {}": "PaddleSeg 无法使用 {0}：{1}",
    "a configuration that PaddleSeg can build": "PaddleSeg 能够构建的配置",
    "`paddleseg-losses check {}` explains the loss section": "`paddleseg-losses check {0}` 会解释损失部分",
    "The model has {} output(s), the file losses for {}.": "模型有 {0} 个输出，文件中只有 {1} 个输出的损失。",
    "a coefficient for each of the {} outputs": "{0} 个输出各一个系数",
    "The images of a batch differ in size: {}.": "同一批次的图像大小不一：{0}。",
    "transforms that make all images alike": "让所有图像大小一致的 transforms",
    "add {} with {} to the transforms of train_dataset": "在 train_dataset 的 transforms 中加入 {0}（{1}）",
    "{}: labels hold {}.": "{0}：标签中含有 {1}。",
    "{} to {}, or ignore_index={}": "{0} 到 {1}，或 ignore_index={2}",
    "if {} marks pixels to leave out, set ignore_index={}; else raise the number of classes": (
        "若 {0} 表示要忽略的像素，请设置 ignore_index={1}；否则增大类别数"
    ),
    # notes
    "there is no train_dataset here: what the losses ignore cannot be compared with it": (
        "这里没有 train_dataset：无法与损失的 ignore_index 核对"
    ),
    "{} is PaddleSeg's own loss here; that of this package is {}": "这里的 {0} 是 PaddleSeg 自带的损失；本包的写作 {1}",
    "{} is PaddleSeg's own, which is not installed: its options are not checked": (
        "{0} 是 PaddleSeg 自带的损失，而 PaddleSeg 未安装：不检查其选项"
    ),
    "{} wants one channel a class: if the labels are so, --use_multilabel": (
        "{0} 需要每类一个通道：若标签确实如此，请加 --use_multilabel"
    ),
}  # fmt: skip


def translated(text: str) -> str:
    """A message of the package in the language to speak."""
    return _chinese(text) if language() == "zh" else text


def _chinese(text: str) -> str:
    for pattern, chinese in _compiled():
        found = pattern.fullmatch(text)
        if found:
            return chinese.format(*map(_inside, found.groups()))
    if re.match(r"(a number|a whole number|None or|true or false|a list of at least|'all')", text):
        return accepted(text)
    return _meanings().get(text, text)


def _inside(part: str) -> str:
    """What stands in a gap: "it is 4 in model, 3 in val" keeps its words, a whole sentence does not."""
    return part if len(part.split()) < 3 else _chinese(part)


@cache
def _compiled() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(re.escape(english).replace(r"\{\}", "(.+?)"), flags=re.DOTALL), BOOK[english])
        for english in sorted(BOOK, key=len, reverse=True)
    ]


@cache
def _meanings() -> dict[str, str]:
    """What the options mean, as their declarations say it in both languages."""
    return {option.help: option.zh for spec in registry.specs() for option in options_of(spec.cls).values()}

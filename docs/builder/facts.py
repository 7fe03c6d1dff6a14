"""The facts of a spec in sentences: what follows from them for a user."""

from __future__ import annotations

from paddleseg_losses.errors import OptionError
from paddleseg_losses.options import options_of

from .known import Known

# Facts that are a truth value of the spec: the field, the value at which it is worth a sentence, the sentence.
FLAGS = (
    (
        "neighbours", True,
        "It looks at neighbouring pixels: where a pixel lies matters.",
        "它会看相邻像素：像素的位置有影响。",
    ),
    (
        "neighbours", False,
        "It looks at no neighbours: shuffling the pixels of an image changes nothing, and a far error costs no more "
        "than a near one.",
        "它不看相邻像素：打乱一幅图的像素，结果不变；远处的错误并不比近处的更贵。",
    ),
    (
        "batchwise", True,
        "Its value on a batch is not the mean of its values on the images: batch size and gradient accumulation "
        "change what it optimises.",
        "一个批次上的损失不等于各图损失的平均：批大小与梯度累积会改变它所优化的目标。",
    ),
    (
        "sorts", True,
        "It sorts pixels; ties may fall either way and do not change the value.",
        "它要对像素排序；并列者先后任意，不影响损失值。",
    ),
    (
        "background_special", True,
        "Class 0 must be the background: it is treated unlike the others.",
        "第 0 类必须是背景：它的处理方式与其他类别不同。",
    ),
    (
        "monotone", False,
        "Moving one pixel towards its label may raise it for a moment, as maps, windows or skeletons move along.",
        "把某个像素往正确方向移动，损失有可能暂时上升，因为距离图、窗口或骨架也随之改变。",
    ),
    (
        "perfect_is_minimum", False,
        "A perfect, certain prediction is not its minimum: it asks for less certainty.",
        "完全正确且十分确信的预测并非最小值：它要求不那么确信。",
    ),
    (
        "blind", True,
        "Errors one pixel wide cost nothing and have no gradient: never use it alone.",
        "只有一个像素宽的错误不计代价，也没有梯度：不要单独使用。",
    ),
    (
        "weighs_labels", True,
        "With a sigmoid, `weight` holds two numbers, of the labels 0 and 1.",
        "在 sigmoid 模式下，`weight` 是标签 0 与 1 的两个数。",
    ),
)  # fmt: skip


def facts(loss: Known) -> list[str]:
    """Sentences about a loss, the same ones in both languages."""
    spec, language = loss.spec, loss.language
    if not spec.published:
        return [language("All else is as its terms are.", "其余性质取决于各项。"), _reductions(loss)]
    found = [language(en, zh) for name, value, en, zh in FLAGS if getattr(spec, name) == value]
    found += [_soft(loss), _detached(loss), _pixel_weight(loss), _reductions(loss)]
    if spec.one_vs_rest and {"binary", "multiclass"} <= set(spec.modes):
        found.append(
            language(
                "One sigmoid channel and two softmax channels give the same value on the foreground.",
                "单通道 sigmoid 与双通道 softmax 在前景上给出同样的值。",
            )
        )
    if spec.most_classes:
        n = spec.most_classes
        found.append(language(f"At most {n} competing classes.", f"互斥的类别最多 {n} 个。"))
    if spec.logits_only:
        modes = language(", ", "、").join(spec.logits_only)
        found.append(
            language(
                f"It needs logits; probabilities do not determine it ({modes}).",
                f"需要 logits，只有概率不足以计算（{modes}）。",
            )
        )
    return [sentence for sentence in found if sentence]


def _soft(loss: Known) -> str:
    if not loss.spec.soft:
        return loss.language("Targets are hard: 0 or 1, or class indices.", "标签是硬标签：0 或 1，或类别序号。")
    if loss.spec.soft_minimum:
        return loss.language(
            "It takes soft targets (floats), and is least where the prediction equals them.",
            "支持软标签（浮点数），且在预测等于软标签时最小。",
        )
    return loss.language(
        "It takes soft targets (floats), but is not least where the prediction equals them.",
        "支持软标签（浮点数），但最小值并不在预测等于软标签之处。",
    )


def _detached(loss: Known) -> str:
    if not loss.spec.detached:
        return ""
    parts = [loss.translations.phrase(part) if loss.language.chinese else part for part in loss.spec.detached]
    joined = loss.language(", ", "、").join(parts)
    return loss.language(f"No gradient flows through: {joined}.", f"以下各量不传梯度：{joined}。")


def _pixel_weight(loss: Known) -> str:
    if not loss.spec.cls.takes_pixel_weight:
        return ""
    return loss.language(
        "A third argument, `pixel_weight`, multiplies the loss of each pixel: `[N, *S]` or `[N, 1, *S]`, at least 0. "
        "The mean is still divided by what it is divided by without it, not by the sum of these weights.",
        "第三个参数 `pixel_weight` 逐像素乘到损失上：`[N, *S]` 或 `[N, 1, *S]`，不小于 0。"
        "均值的分母与不给它时相同，并不除以这些权重之和。",
    )


def _reductions(loss: Known) -> str:
    option = options_of(loss.spec.cls)["reduction"]
    try:
        option.parse("none", loss.name)
    except OptionError:
        return loss.language(
            "It is one number by nature: `reduction` is `mean` only.", "它本身就是一个数：`reduction` 只能是 `mean`。"
        )
    return loss.language("`reduction` may be `mean`, `sum` or `none`.", "`reduction` 可为 `mean`、`sum` 或 `none`。")

"""The list of all losses, in front of their pages."""

from __future__ import annotations

from paddleseg_losses.registry import FAMILIES

from .known import Known
from .language import Language, page
from .loss_page import GENERATED


def index(language: Language, losses: list[Known]) -> str:
    """The page in front of the pages of the losses."""
    t = language
    intro = t(
        "A page for each loss, in the order of the Chinese survey article that this package mirrors. Not sure which? "
        "[Choose by symptom](../choose.md). A formula looks different from what you have read? "
        "[Formulas elsewhere: what is wrong, and what only differs](../differences.md). Coming from another library? "
        "[What its losses and options are called here](../coming_from.md).",
        "每个损失一页，顺序与本库所对应的中文综述文章一致。不知道选哪个？看[按症状选择](../choose_cn.md)。"
        "公式和你读过的不一样？看[别处的公式：哪些写错了，哪些只是不同](../differences_cn.md)。"
        "从其他库迁移而来？看[它的损失与选项在这里叫什么](../coming_from_cn.md)。",
    )
    project = f"[{t('the project', '项目主页')}](../../README{t.suffix}.md)"
    links = f"[{t('中文', 'English')}](README{t.other.suffix}.md) · {project}"
    return "\n\n".join([GENERATED, t("# The losses", "# 损失函数"), links, intro, _table(t, losses)]) + "\n"


def _table(language: Language, losses: list[Known]) -> str:
    t = language
    head = t(
        "| loss | what it is for | paper | range | modes |",
        "| 损失函数 | 适用场景 | 论文 | 取值范围 | 任务类型 |",
    )
    rows = [head, "|---|---|---|---|---|"]
    for family, family_zh in FAMILIES.items():
        rows.append(f'| <a id="{family}"></a>**{t(family, family_zh)}** | | | | |')
        rows += [
            f"| [`{loss.name}`]({page(loss.name, t)})<br>{loss.title} | {loss.purpose} | {loss.paper} "
            f"| {loss.range} | {loss.modes} |"
            for loss in losses
            if loss.spec.family == family
        ]
    return "\n".join(rows)

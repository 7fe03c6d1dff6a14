"""The list of all losses, in front of their pages."""

from __future__ import annotations

from paddleseg_losses.registry import FAMILIES

from .known import Known
from .language import Language, links_to, page
from .loss_page import GENERATED


def index(language: Language, losses: list[Known]) -> str:
    """The page in front of the pages of the losses."""
    t = language
    intro = t(
        "A page for each loss, in the order of the Chinese survey article that this package mirrors. Not sure which? "
        "[Choose by symptom](../choose{suffix}.md). A formula looks different from what you have read? "
        "[Formulas elsewhere: what is wrong, and what only differs](../differences{suffix}.md). Coming from another "
        "library? [What its losses and options are called here](../coming_from{suffix}.md).",
        suffix=t.suffix,
    )
    project = f"[{t('the project')}](../../README{t.suffix}.md)"
    links = " · ".join([*links_to(t, "README"), project])
    return "\n\n".join([GENERATED, t("# The losses"), links, intro, _table(t, losses)]) + "\n"


def _table(language: Language, losses: list[Known]) -> str:
    t = language
    head = t("| loss | purpose | paper | range | modes |")
    rows = [head, "|---|---|---|---|---|"]
    for family, chapter in FAMILIES.items():
        rows.append(f'| <a id="{family}"></a>**{t.of(chapter)}** | | | | |')
        rows += [
            f"| [`{loss.name}`]({page(loss.name, t)})<br>{loss.title} | {loss.purpose} | {loss.paper} "
            f"| {loss.range} | {loss.modes} |"
            for loss in losses
            if loss.spec.family == family
        ]
    return "\n".join(rows)

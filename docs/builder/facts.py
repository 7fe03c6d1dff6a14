"""The facts of a spec in sentences: what follows from them for a user."""

from __future__ import annotations

from paddleseg_losses.errors import OptionError
from paddleseg_losses.i18n import _, listed
from paddleseg_losses.options import options_of

from .known import Known

# Facts that are a truth value of the spec: the field, the value at which it is worth a sentence, the sentence.
FLAGS = (
    ("neighbours", True, _("It looks at neighbouring pixels: where a pixel lies matters.")),
    (
        "neighbours",
        False,
        _(
            "It looks at no neighbours: shuffling the pixels of an image changes nothing, and a far error costs no "
            "more than a near one."
        ),
    ),
    (
        "batchwise",
        True,
        _(
            "Its value on a batch is not the mean of its values on the images: batch size and gradient accumulation "
            "change what it optimises."
        ),
    ),
    (
        "sided",
        True,
        _("It takes sides: flipping an image, or exchanging its axes, changes the value a little."),
    ),
    ("sorts", True, _("It sorts pixels; ties may fall either way and do not change the value.")),
    ("background_special", True, _("Class 0 must be the background: it is treated unlike the others.")),
    ("monotone", False, _("Moving one pixel towards its label may raise it for a moment.")),
    ("perfect_is_minimum", False, _("A perfect, certain prediction is not its minimum.")),
    ("blind", True, _("Small errors may cost nothing and have no gradient: never use it alone.")),
    ("weighs_labels", True, _("With a sigmoid, `weight` holds two numbers, of the labels 0 and 1.")),
)


def facts(loss: Known) -> list[str]:
    """Sentences about a loss, the same ones in every language."""
    spec, language = loss.spec, loss.language
    if not spec.published:
        return [language("Everything else depends on its terms."), _reductions(loss)]
    sentences = [language.of(sentence) for name, value, sentence in FLAGS if getattr(spec, name) == value]
    sentences += [_soft(loss), _detached(loss), _pixel_weight(loss), _reductions(loss)]
    if spec.one_vs_rest and {"binary", "multiclass"} <= set(spec.modes):
        sentences.append(
            language("One sigmoid channel and two softmax channels give the same value on the foreground.")
        )
    if spec.most_classes:
        sentences.append(language("At most {count} mutually exclusive classes.", count=spec.most_classes))
    if spec.logits_only:
        modes = language.join(spec.logits_only)
        sentences.append(language("It needs logits; probabilities do not determine it ({modes}).", modes=modes))
    return [sentence for sentence in sentences if sentence]


def _soft(loss: Known) -> str:
    if not loss.spec.soft:
        return loss.language("Targets are hard: 0 or 1, or class indices.")
    if loss.spec.soft_minimum:
        return loss.language("It takes soft targets (floats), and is least where the prediction equals them.")
    return loss.language("It takes soft targets (floats), but is not least where the prediction equals them.")


def _detached(loss: Known) -> str:
    parts = loss.description.detached
    return loss.language("No gradient flows through: {parts}.", parts=listed(parts)) if parts else ""


def _pixel_weight(loss: Known) -> str:
    if not loss.spec.cls.takes_pixel_weight:
        return ""
    if loss.spec.neighbours or loss.spec.counts_unweighted:
        return loss.language(
            "A third argument, `pixel_weight`, weighs each pixel in the mean: `[N, *S]` or `[N, 1, *S]`, at least 0. "
            "What is measured, counted or chosen before does not know it."
        )
    return loss.language(
        "A third argument, `pixel_weight`, weighs each pixel: `[N, *S]` or `[N, 1, *S]`, at least 0. A pixel of "
        "weight 3 counts like three pixels, and one of weight 0 is ignored."
    )


def _reductions(loss: Known) -> str:
    option = options_of(loss.spec.cls)["reduction"]
    try:
        option.parse("none", loss.name)
    except OptionError:
        return loss.language("It is one number by nature: `reduction` is `mean` only.")
    return loss.language("`reduction` may be `mean`, `sum` or `none`.")

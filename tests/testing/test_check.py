"""`check` finds what is wrong with a loss, finds nothing wrong with right ones, and says what to do."""

import pickle
import re

import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors, kernels, registry
from paddleseg_losses.testing import LAWS, check

from . import losses

SLOPES = {"finite_differences", "finite_differences_with_shared_options"}
# The laws that each mistake breaks; no others, or `check` would lead astray.
BROKEN = {
    losses.WritesLabels: {"no_writes", "half_precision", "double_precision"},
    losses.ReadsIgnored: {"probabilities", "ignored_logits", "cropped", "one_sample_ignored", "perfect_minimum"},
    losses.HalfLoss: {"half_precision"},
    losses.Exponential: {"probabilities", "extremes", "one_label"},
    losses.Detached: SLOPES,
    losses.NoSlope: {"ignored_logits", "one_sample_ignored", "step_down", *SLOPES},
    losses.OutOfRange: {"value_range"},
    losses.FirstClass: {"permuted_classes"},
    losses.FirstSample: {"cropped", "permuted_samples", "mean_of_samples"},
    losses.LooksLeft: {"cropped", "flips_and_transposes", "permuted_pixels"},
    losses.Inverted: {"perfect_minimum", "towards_the_label"},
    losses.DividesByNothing: {"one_sample_ignored"},
    losses.OwnConstructor: {"signature"},
    losses.Knows255: {"other_index", "one_hot"},
    losses.SoftOtherwise: {"hard_targets_as_floats", "soft_minimum", "finite_differences_under_soft_targets"},
    losses.ChangesOptions: {"round_trip"},
    losses.TakesAnything: {"unknown_options", "numbers_as_text"},
    losses.Crashes: {"defaults_run"},
}
ABOUT_FACTS = (
    "hard_targets_as_floats", "truly_batchwise", "soft_minimum", "finite_differences_under_soft_targets", "exponents",
)  # fmt: skip
FACTS = {name: "" for name in ("title", "purpose", "paper", "link", "equation")}


@pytest.fixture
def register(monkeypatch):
    """Registers losses for one test."""
    monkeypatch.setattr(registry, "_SPECS", dict(registry._SPECS))

    def do(cls, **facts):
        high = float("inf") if cls in (losses.Exponential, losses.OwnForward) else 1
        usual = {"family": "region", "range": (0, high), "modes": ("multiclass",), "soft": cls is losses.SoftOtherwise}
        registry.registered(**{**FACTS, **usual, **facts})(cls)
        return cls

    yield do
    for cls in vars(losses).values():
        if isinstance(cls, type) and "spec" in vars(cls):
            del cls.spec


@pytest.mark.parametrize("cls", BROKEN, ids=lambda cls: cls.__name__)
def test_a_mistake_breaks_its_laws_and_no_others(cls, register):
    # The kernels read the labels again in the backward pass, so that written labels break one law more.
    with kernels.use_kernels("composed"), pytest.raises(errors.LawError) as caught:
        check(register(cls))
    assert set(caught.value.broken) == BROKEN[cls]
    text = str(caught.value)
    for law in LAWS:
        assert (f"Law {law.number}, {law.name}: {law.claim}" in text) == (law.name in BROKEN[cls])
        assert (law.cure in text) >= (law.name in BROKEN[cls])
    assert text.startswith(f"{cls.__name__} breaks {len(BROKEN[cls])} of {len(LAWS)} laws.")
    assert pickle.loads(pickle.dumps(caught.value)).broken == caught.value.broken


def test_a_forward_of_ones_own_misses_what_the_inherited_one_does(register):
    with pytest.raises(errors.LawError) as caught:
        check(register(losses.OwnForward))
    assert set(caught.value.broken) >= {"channel_axis", "channels_last", "one_hot", "probabilities"}


def test_one_channel_and_two_are_compared(register):
    with pytest.raises(errors.LawError) as caught:
        check(register(losses.Exponential, modes=("binary", "multiclass")))
    assert "sigmoid_is_softmax_of_two" in caught.value.broken


def test_a_right_loss_keeps_every_law(register):
    report = check(register(losses.RightLoss, modes=registry.MODES))
    assert report.excused == ABOUT_FACTS  # it states none
    assert set(report.cases) == {law.name for law in LAWS} - set(ABOUT_FACTS)
    assert report.cases["no_writes"] == 9
    assert report.left_out == {}
    assert str(report).startswith(f"RightLoss() keeps {len(report.cases)} laws in {sum(report.cases.values())} cases.")


@pytest.mark.parametrize(
    ("law", "fact", "cls"),
    [
        ("permuted_pixels", {"neighbours": True}, losses.LooksLeft),
        ("mean_of_samples", {"batchwise": True}, losses.FirstSample),
        ("perfect_minimum", {"perfect_is_minimum": False}, losses.Inverted),
        ("towards_the_label", {"monotone": False}, losses.Inverted),
        ("value_range", {"range": (0, 2)}, losses.OutOfRange),
    ],
)
def test_a_fact_in_the_spec_excuses(law, fact, cls, register):
    left = BROKEN[cls] - {law} - ({"cropped"} if "neighbours" in fact else set())
    if not left:
        assert law in check(register(cls, **fact)).cases
        return
    with pytest.raises(errors.LawError) as caught:
        check(register(cls, **fact))
    assert set(caught.value.broken) == left


def test_a_fact_that_is_not_true_is_found_out(register):
    with pytest.raises(errors.LawError, match="every batch is the mean of its samples") as caught:
        check(register(losses.RightLoss, batchwise=True))
    assert caught.value.broken == ("truly_batchwise",)


def test_the_message_names_place_numbers_and_cure(register):
    with pytest.raises(errors.LawError) as caught:
        check(register(losses.FirstClass))
    match = re.search(
        r"in multiclass3-9 and 2 more: FirstClass: the value with the classes in the order \[0, 2, 1\] is (0\.\d+)\.\n"
        r"  expected: (0\.\d+), within 2e-06 of it\n  what to do: treat all classes alike",
        str(caught.value),
    )
    assert match
    assert match[1] != match[2]


def test_an_exception_is_told_with_its_cause(register):
    with pytest.raises(
        errors.LawError, match="AttributeError: 'Inputs' object has no attribute 'probabilities'"
    ) as caught:
        check(register(losses.Crashes))
    assert isinstance(caught.value.__cause__, AttributeError)


def test_options_of_a_class_and_of_an_instance():
    from_class = check(pl.TverskyLoss, alpha=0.2, mode="binary")
    assert from_class == check(pl.TverskyLoss(alpha=0.2, mode="binary"))
    assert from_class.options == {"alpha": 0.2, "mode": "binary"}
    assert from_class.cases["no_writes"] == 3  # the binary problems
    assert str(from_class).startswith("TverskyLoss(alpha=0.2, mode='binary') keeps ")


def test_problems_that_an_option_does_not_fit_are_named():
    report = check(pl.DiceLoss, weight=[0.2, 1, 2], mode="multiclass")
    assert list(report.left_out) == ["multiclass2-5x7"]
    assert "3 numbers" in report.left_out["multiclass2-5x7"]
    assert "left out: multiclass2-5x7: DiceLoss: weight has 3 numbers" in str(report)
    assert "value_range" in report.excused
    with pytest.raises(errors.OptionError, match=r"weight has 4 numbers"):
        check(pl.DiceLoss, weight=[1, 1, 1, 1])


@pytest.mark.parametrize(
    ("loss", "options", "words"),
    [
        (int, {}, r"int is not a loss(.|\n)*PixelLoss, RegionLoss(.|\n)*families"),
        (losses.RightLoss, {}, r"RightLoss is not registered(.|\n)*@registered"),
        (pl.DiceLoss, {"reduction": "none"}, r"reduction='none'(.|\n)*leave reduction out"),
        (pl.DiceLoss(ignore_index=0), {}, r"ignore_index=0(.|\n)*leave ignore_index out"),
        (pl.DiceLoss, {"smoth": 1}, "did you mean smooth"),
    ],
)
def test_what_cannot_be_checked_is_refused(loss, options, words):
    with pytest.raises(errors.OptionError, match=words):
        check(loss, **options)


def test_a_subclass_of_a_loss_needs_a_spec_of_its_own():
    class Mine(pl.DiceLoss):
        pass

    with pytest.raises(errors.OptionError, match="Mine is not registered"):
        check(Mine)


def test_every_law_has_a_word_for_what_holds_and_what_to_do():
    assert len({law.name for law in LAWS}) == len(LAWS)
    assert {law.number for law in LAWS} == {1, 2, 3, 4, 5, 6, 7, 8, 9, 12}  # 10 and 11 need more than one loss
    for law in LAWS:
        assert law.claim.endswith(".")
        assert "\n" not in law.claim
        assert law.cure

"""What an unknown name is answered with: each answer is true of our losses, and can be followed."""

import itertools
from pathlib import Path

import pytest

import paddleseg_losses as losses
from paddleseg_losses import errors, registry
from paddleseg_losses.options import options_of
from paddleseg_losses.options.declared import option_advice
from paddleseg_losses.other_libraries import libraries, loss_hints, value_hints
from paddleseg_losses.other_libraries.table import ANY

from . import test_kornia, test_monai, test_nnunet_and_others, test_smp

TESTS = {name for module in (test_kornia, test_monai, test_nnunet_and_others, test_smp) for name in dir(module)}
LOSSES = {f"{lib.anchor}-{loss.names[0]}": (lib, loss) for lib in libraries() for loss in lib.losses}
ROWS = {
    f"{lib.anchor}-{number}-{row.options[0]}": (lib, row)
    for lib in libraries()
    for number, row in enumerate(lib.options)
}
GIVEN = {
    f"{lib.anchor}-{loss.names[0]}-{option}-{here}": (option, here)
    for lib, loss in LOSSES.values()
    for option, here in itertools.product(loss.options, loss.here)
}


@pytest.mark.parametrize("case", LOSSES)
def test_what_stands_for_a_loss_can_be_made(case):
    _, loss = LOSSES[case]
    assert loss.text
    assert set(loss.here) <= set(registry.names())
    assert bool(loss.here) == bool(loss.use)
    assert not loss.test or loss.test in TESTS
    if loss.use:
        assert f"`{registry.build(loss.use).spec.name}" in loss.text


@pytest.mark.parametrize("case", LOSSES)
def test_the_name_of_a_loss_of_another_library_is_answered(case):
    library, loss = LOSSES[case]
    for name in set(loss.names) - set(registry.names()):
        with pytest.raises(errors.UnknownLossError) as caught:
            registry.get(name)
        assert loss.text.replace("`", "") in str(caught.value.cure)
        assert library.name in str(caught.value.cure)


@pytest.mark.parametrize("case", ROWS)
def test_a_row_speaks_of_what_there_is(case):
    library, row = ROWS[case]
    assert row.text
    assert set(row.only) <= set(registry.names())
    assert set(row.of) <= {name for loss in library.losses for name in loss.names}
    assert not row.test or row.test in TESTS
    theirs = {option for loss in library.losses for option in loss.options}
    assert set(row.options) <= theirs
    if "type" in row.use:
        registry.build(row.use)
        assert any(name in row.text for name in registry.names())
        return
    for name in {row.rename, *row.use} - {"", "losses"}:
        assert name in row.text


@pytest.mark.parametrize("case", GIVEN)
def test_every_option_of_another_library_is_answered(case):
    """It is an option of ours as well, or the error says what stands for it, and that can be followed."""
    option, here = GIVEN[case]
    cls = registry.get(here).cls
    if option in options_of(cls):
        return
    values = {row.value for _, row in ROWS.values() if option in row.options and row.value is not ANY}
    for value in values or {1.0}:
        hints = option_advice(cls, option, value)
        assert hints, value
        with pytest.raises(errors.UnknownOptionError) as caught:
            cls(**{**cls.spec.example, option: value})
        assert all(str(hint) in str(caught.value.cure) for hint in hints)
        for hint in hints:
            assert not hint.rename or hint.rename in options_of(cls)


@pytest.mark.parametrize("spec", list(registry.specs()), ids=lambda spec: spec.name)
def test_what_a_hint_sets_can_be_set(spec):
    """Wherever a row is said to a loss, the options in it can be given to that loss."""
    for _, row in ROWS.values():
        for option in row.options:
            said = [hint.text for hint in option_advice(spec.cls, option, None if row.value is ANY else row.value)]
            if option not in options_of(spec.cls) and row.text in said and "type" not in row.use:
                followed = registry.build({**spec.example, "type": spec.name, **row.use})
                assert all(getattr(followed, name) is not None for name in row.use)


VALUES = {
    "PaddleSeg's dynamic weights": (losses.BinaryCrossEntropyLoss, {"weight": "dynamic"}, "BalancedCrossEntropyLoss"),
    "all classes of smp": (losses.DiceLoss, {"classes": None}, "from smp: classes='all'"),
    "PyTorch's old word": (losses.FocalLoss, {"reduction": "elementwise_mean"}, "reduction='mean'"),
    "a Lovász of mmsegmentation": (losses.LovaszSoftmaxLoss, {"reduction": "none"}, "from mmsegmentation"),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_value_of_another_library_is_answered(case):
    cls, options, phrase = VALUES[case]
    with pytest.raises(errors.OptionError) as caught:
        cls(**options)
    assert phrase in str(caught.value.cure)


def test_a_value_that_no_library_has_is_not():
    assert value_hints("DiceLoss", "smooth", "much") == []
    assert value_hints("DiceLoss", "weight", "dynamic") == []


OPTIONS = {
    "one answer": ("DiceLoss", "to_onehot_y", True, ["from MONAI: leave it out, and pass class indices [N, *S]"]),
    "several meanings": ("DiceLoss", "eps", 1e-7, ["from smp:", "from kornia:", "from mmsegmentation: set smooth"]),
    "one answer of several libraries": ("DiceCELoss", "do_bg", False, ["from PaddleSeg, nnU-Net:"]),
    "the value decides": ("DiceLoss", "jaccard", True, ["use JaccardLoss, with half the smoothing constant"]),
    "the other value": ("DiceLoss", "jaccard", False, ["leave it out"]),
    "a value that nobody has": ("DiceLoss", "naive_dice", "half", ["leave it out", "set squared_pred=True"]),
    "a loss that no other library has": ("BoundaryDoULoss", "softmax", True, ["from MONAI: leave it out; two or more"]),
    "a loss that cannot": ("LovaszSoftmaxLoss", "sigmoid", True, ["from MONAI: not in this loss"]),
    "a loss without weights": ("GeneralizedWassersteinDiceLoss", "class_weights", [1, 2], ["remove 'class_weights'"]),
    "no word of any library": ("DiceLoss", "colour", 1, ["remove 'colour'"]),
    "a misspelt one": ("DiceLoss", "smoth", 1, ["did you mean smooth?"]),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_unknown_options(case):
    name, option, value, phrases = OPTIONS[case]
    with pytest.raises(errors.UnknownOptionError) as caught:
        registry.build(name, **{option: value})
    lines = str(caught.value.cure).splitlines()
    assert len(lines) == len(phrases)
    for line, phrase in zip(lines, phrases):
        assert phrase in line


def test_each_library_is_named_once():
    assert [hint.sources for hint in loss_hints("ssimloss")] == [("MONAI", "kornia")]


def test_the_table_is_part_of_the_package():
    import paddleseg_losses.other_libraries as folder

    files = {path.stem for path in Path(folder.__file__).parent.glob("*.yml")}
    assert files == {library.anchor for library in libraries()}

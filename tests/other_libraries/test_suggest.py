"""Which known name a misspelt one means, and when to say nothing."""

import pytest

from paddleseg_losses import registry
from paddleseg_losses.options import options_of

TYPOS = {
    "DiceLos": "DiceLoss",
    "Dice": "DiceLoss",
    "dice": "DiceLoss",
    "DiceLose": "DiceLoss",
    "dice_loss": "DiceLoss",
    "TverskiLoss": "TverskyLoss",
    "TverksyLoss": "TverskyLoss",
    "FocalTverskiLoss": "FocalTverskyLoss",
    "LovazSoftmaxLoss": "LovaszSoftmaxLoss",
    "LovaszSoftmxLoss": "LovaszSoftmaxLoss",
    "CrossEntropy": "CrossEntropyLoss",
    "CrosEntropyLoss": "CrossEntropyLoss",
    "GeneralisedDiceLoss": "GeneralizedDiceLoss",
    "GeneralizedDice": "GeneralizedDiceLoss",
    "BoundryLoss": "BoundaryLoss",
    "HausdorfDTLoss": "HausdorffDTLoss",
    "SoftClDice": "SoftCLDiceLoss",
    "TopK": "TopKCrossEntropyLoss",
    "NACL": "NACLLoss",
    "MCC": "MCCLoss",
    "JacardLoss": "JaccardLoss",
    "ComboLosss": "ComboLoss",
}
OTHERS = ["NoLoss", "MyLoss", "Loss", "loss", "MSELoss", "KLLoss", "RMILoss", "L1Loss", "Quux", "x", "", "EdgeLoss"]
OF_DICE = {
    "smoth": "smooth",
    "smoooth": "smooth",
    "weights": "weight",
    "weght": "weight",
    "ignoreindex": "ignore_index",
    "ingore_index": "ignore_index",
    "ignore": "ignore_index",
    "from_logit": "from_logits",
    "include_backgroud": "include_background",
    "reducton": "reduction",
    "dataformat": "data_format",
    "class": "classes",
}
NOT_OF_DICE = ["pos_weight", "alpha", "gamma", "k", "epsilon", "delta", "colour", "label_smoothing", "iters"]


@pytest.mark.parametrize("name", TYPOS)
def test_typos_of_losses(name):
    assert registry.suggest(name, registry.names()) == TYPOS[name]


@pytest.mark.parametrize("name", OTHERS)
def test_other_losses(name):
    assert registry.suggest(name, registry.names()) is None


@pytest.mark.parametrize("name", OF_DICE)
def test_typos_of_options(name):
    assert registry.suggest(name, options_of(registry.get("DiceLoss").cls)) == OF_DICE[name]


@pytest.mark.parametrize("name", NOT_OF_DICE)
def test_other_options(name):
    assert registry.suggest(name, options_of(registry.get("DiceLoss").cls)) is None


def test_an_option_with_another_first_letter_is_another_option():
    assert registry.suggest("delta", ["alpha", "beta"]) is None


def test_components_of_paddleseg():
    known = ["Adam", "AdamW", "SGD", "HRNet_W18", "BiSeNetV2", "Cityscapes"]
    assert registry.suggest("Adamm", known) == "Adam"
    assert registry.suggest("BisenetV2", known) == "BiSeNetV2"
    assert registry.suggest("cityscape", known) == "Cityscapes"
    assert registry.suggest("ADE20K", known) is None


@pytest.mark.parametrize("name", registry.names())
def test_a_name_without_its_ending_is_found(name):
    assert registry.suggest(name.removesuffix("Loss"), registry.names()) == name

"""`register`: which names mean our losses, and which stay PaddleSeg's."""

import sys
import warnings

import pytest

import paddleseg_losses
from paddleseg_losses import errors, registry
from paddleseg_losses.registry import PREFIX

COLLIDING = ["CrossEntropyLoss", "DiceLoss", "FocalLoss", "LovaszHingeLoss", "LovaszSoftmaxLoss"]


def test_dotted_names_always_and_bare_names_where_free(losses_table):
    taken = set(losses_table)
    made = paddleseg_losses.register()
    for name in registry.names():
        assert losses_table[PREFIX + name] is registry.get(name).cls
        assert (losses_table[name] is registry.get(name).cls) == (name not in taken)
    assert set(COLLIDING) <= taken
    assert made == {name: cls for name, cls in losses_table.items() if name not in taken}


def test_transforms_by_their_dotted_names(losses_table):
    from paddleseg.cvlibs import manager

    table = manager.TRANSFORMS.components_dict
    theirs = {name: cls for name, cls in table.items() if not name.startswith(PREFIX)}
    paddleseg_losses.register()
    names = ("BorderWeights", "DistanceMaps", "Foreground", "Instances", "LabelSkeleton", "Multilabel", "PartialLabels")
    assert set(table) - set(theirs) == {PREFIX + name for name in names}
    assert {name: table[name] for name in theirs} == theirs


def test_again_changes_nothing_and_says_nothing(losses_table):
    first = paddleseg_losses.register()
    table = dict(losses_table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert paddleseg_losses.register() == first
    assert losses_table == table


def test_a_users_own_loss_stays(losses_table):
    class TverskyLoss:
        pass

    losses_table["TverskyLoss"] = TverskyLoss
    paddleseg_losses.register()
    assert losses_table["TverskyLoss"] is TverskyLoss


@pytest.mark.parametrize("override", ["DiceLoss", ["DiceLoss"], ["paddleseg_losses.DiceLoss"]])
def test_override_replaces_what_is_named(losses_table, override):
    made = paddleseg_losses.register(override)
    assert losses_table["DiceLoss"] is made["DiceLoss"] is paddleseg_losses.DiceLoss
    assert losses_table["FocalLoss"] is not paddleseg_losses.FocalLoss


def test_override_all(losses_table):
    paddleseg_losses.register("all")
    assert all(losses_table[name] is registry.get(name).cls for name in registry.names())
    assert not hasattr(losses_table["MixedLoss"], "spec")


def test_an_unknown_override_is_refused(losses_table):
    before = dict(losses_table)
    with pytest.raises(errors.UnknownLossError, match="did you mean LovaszSoftmaxLoss") as caught:
        paddleseg_losses.register(["LovaszSoftmxLoss"])
    assert str(caught.value.found) == "override: There is no loss 'LovaszSoftmxLoss'."
    assert losses_table == before


def test_without_paddleseg_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "paddleseg", None)
    monkeypatch.setitem(sys.modules, "paddleseg.cvlibs", None)
    with pytest.raises(errors.MissingDependencyError) as caught:
        paddleseg_losses.register()
    assert 'pip install "paddleseg-losses[paddleseg]"' in str(caught.value)

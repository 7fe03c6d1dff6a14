"""Texts keep their template and their fields until they are shown."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from paddleseg_losses.errors import LossError, OptionError
from paddleseg_losses.i18n import Message, _, in_context, language, languages, listed, plural, speaking, translate, use


@pytest.fixture
def error():
    return OptionError(
        _("{loss} has no option {name!r}.", loss="DiceLoss", name="smoth"),
        _("one of {names}", names="smooth"),
        _("did you mean {near}?", near=Message("smooth")),
    )


ENGLISH = "DiceLoss has no option 'smoth'.\n  expected: one of smooth\n  what to do: did you mean smooth?"
CHINESE = "DiceLoss 没有选项 'smoth'。\n  应为：以下之一：smooth\n  怎么办：是不是 smooth？"


def test_an_error_is_shown_in_the_language_of_the_run(error):
    assert str(error) == ENGLISH
    with speaking("zh"):
        assert str(error) == CHINESE
        assert f"{error.cure:>14}" == "   是不是 smooth？"
    assert str(error) == ENGLISH


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_can_be_copied_and_sent(error, again):
    copied = again(error)
    assert type(copied) is OptionError
    assert str(copied) == ENGLISH
    with speaking("zh"):
        assert str(copied) == CHINESE


def test_fields_are_kept_as_they_were():
    value = [1]
    message = _("{value} {value!r} {size:.2f}", value=value, size=np.float32(0.5))
    value.append(2)
    assert str(message) == "[1] [1] 0.50"
    assert str(pickle.loads(pickle.dumps(_("{f}", f=lambda: 1)))).startswith("<function")


def test_braces_stay_where_there_are_no_fields():
    assert str(_("{kind: linear}")) == "{kind: linear}"
    assert translate("") == ""


def test_numbers_contexts_and_lists():
    assert [str(plural("{count} mistake", "{count} mistakes", n)) for n in (0, 1, 2)] == [
        "0 mistakes",
        "1 mistake",
        "2 mistakes",
    ]
    with speaking("zh"):
        assert str(plural("{count} mistake", "{count} mistakes", 2)) == "2 处错误"
        assert str(in_context("family of losses", "region")) == "基于区域的损失函数"
        assert str(listed([_("small objects"), "x"])) == "小目标、x"
    assert str(in_context("family of losses", "region")) == "region"
    assert str(listed([_("small objects"), "x"])) == "small objects, x"


def test_an_unknown_language_is_english():
    assert languages() == ["en", "zh"]
    use("tlh")
    try:
        assert (language(), translate("small objects")) == ("tlh", "small objects")
    finally:
        use("en")


def test_plain_texts_are_welcome():
    assert str(LossError("a", "b", "c")) == "a\n  expected: b\n  what to do: c"


def test_no_catalogue_is_read_for_english():
    code = """
import builtins, paddleseg_losses as pl
opened, real = [], builtins.open
builtins.open = lambda *a, **k: opened.append(str(a[0])) or real(*a, **k)
try:
    pl.build("TverskiLoss")
except pl.errors.UnknownLossError as error:
    str(error)
assert not [name for name in opened if name.endswith(".mo")], opened
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0

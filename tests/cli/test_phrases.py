"""Errors and mistakes in Chinese: what the tests can provoke leaves no English sentence."""

import re

import pytest

from integrations.mistakes import MISTAKES, PADDLESEGS
from paddleseg_losses.cli.phrases import BOOK

HAN = re.compile("[\u4e00-\u9fff]")


def english_in(text):
    """Runs of three words or more that nobody has translated: names, numbers and quotations apart."""
    text = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\{[^}]*\}|\[[^\]]*\]", "", text)
    return re.findall(r"\b[a-z]+(?: [a-z]+){2,}\b", text)


@pytest.mark.parametrize("english", BOOK)
def test_the_book(english):
    chinese = BOOK[english]
    gaps = re.findall(r"\{(\d*)\}", chinese)
    assert sorted(set(map(int, gaps))) == list(range(english.count("{}")))
    assert HAN.search(chinese)
    assert not english_in(chinese)


@pytest.mark.parametrize("case", [*MISTAKES, *PADDLESEGS])
def test_mistakes_in_chinese(case, call, tmp_path, losses_table):
    from integrations.test_checking import _file

    loss, changes, phrases, _ = {**MISTAKES, **PADDLESEGS}[case]
    path = _file(tmp_path, loss, changes)
    result = call("check", path, "--lang", "zh")
    assert result.exit_code == 1
    assert f"{len(phrases)} 处错误" in result.output
    explained = result.output.partition("改正后")[0].partition("\n")[2]
    assert HAN.search(explained)
    # What Paddle itself says stays as it is.
    assert not english_in(explained.replace("dtype must be any of", "")), explained


@pytest.mark.parametrize(
    "line", ["show TverskiLoss", "check {}/nothing.yml", "weights {}/nothing.txt", "doctor --config {}/nothing.yml",
             "plot DiceLoss smoth=1", "plot DiceLoss smooth=-1"]
)  # fmt: skip
def test_errors_in_chinese(line, call, tmp_path):
    result = call(*line.format(tmp_path).split(), "--lang", "zh")
    assert result.exit_code == 1
    text = result.stderr or result.stdout
    assert HAN.search(text)
    assert not english_in(text), text

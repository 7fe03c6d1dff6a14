"""Every screen in every language: nothing is untranslated, and a language needs nothing but its catalogue."""

import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from docs.builder import translations
from docs.builder.catalogue import catalogues
from paddleseg_losses import catalogue, i18n, registry
from paddleseg_losses.cli import progress
from paddleseg_losses.paddleseg.display import Step, Term
from tests import tiny
from tests.cli.test_language import COMMANDS
from tests.paddleseg.mistakes import MISTAKES, PADDLESEGS

HAN = re.compile("[\u4e00-\u9fff]")
FAKE = "eo"  # a language that nobody has translated: English with an accent on every letter
ACCENTED = str.maketrans("abcdefghijklmnoprstuvwxyz", "âƀĉđêƒĝĥîĵķľḿñôṕŕšťûṽŵẋŷž")


def english_in(text):
    """Runs of three words or more that nobody has translated: names, numbers and quotations apart."""
    for spec in registry.specs():
        text = text.replace(spec.paper, "")  # the titles of papers stay
    text = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\{[^}]*\}|\[[^\]]*\]", "", text)
    return re.findall(r"\b[a-z]+(?: [a-z]+){2,}\b", text)


def half_width_in(text):
    """English punctuation beside Chinese letters: code and quotations apart."""
    text = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"|“[^”]*”|- type: ", "", text)
    return re.findall(r".{,9}[\u4e00-\u9fff）][,:;].{,9}|.{,9}(?<! )[,:;] ?[\u4e00-\u9fff].{,9}", text)


def accented(text):
    """A translation into the fake language; fields, options and quotations stay."""
    parts = re.split(r"(\{[^{}]*\}|`[^`]*`|--\w+)", text)
    return "".join(part if place % 2 else part.translate(ACCENTED) for place, part in enumerate(parts))


@pytest.fixture(scope="module")
def fake_catalogue(tmp_path_factory):
    """The folder of a catalogue in the fake language."""
    catalog = Catalog(locale=FAKE, fuzzy=False)
    for message in translations.template():
        if message.id:
            forms = message.id if isinstance(message.id, (list, tuple)) else [message.id]
            words = tuple(map(accented, forms))
            catalog.add(message.id, words if len(words) > 1 else words[0], context=message.context)
    folder = tmp_path_factory.mktemp("catalogues")
    path = folder / FAKE / "LC_MESSAGES" / f"{i18n.DOMAIN}.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, catalog)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(i18n, "FOLDER", folder)
        _forget()
        for file, text in catalogues().items():  # as `make docs` writes it for a new language
            (folder / file.name).write_text(text, encoding="utf-8")
    _forget()
    return folder


def _forget():
    i18n._catalogue.cache_clear()
    catalogue._read.cache_clear()


@pytest.fixture
def fake(call, fake_catalogue, monkeypatch):
    """A command where the locale is that of the fake language."""
    monkeypatch.setattr(i18n, "FOLDER", fake_catalogue)
    monkeypatch.setattr(catalogue, "FOLDER", fake_catalogue)
    monkeypatch.setenv("LC_ALL", FAKE)
    _forget()
    yield call
    _forget()


def assert_accented(result, code=0):
    assert result.exit_code == code, result.output
    text = result.output + (result.stderr if result.stderr not in result.output else "")
    text = re.sub(r"(main|paddleseg-losses) .*", "", text)  # lines of the shell
    assert re.search("[âêîôû]", text), text
    assert not english_in(text), text


def test_nothing_is_untranslated_or_fuzzy():
    assert translations.problems() == []


def test_chinese_has_its_own_punctuation():
    with (i18n.FOLDER / "zh" / "LC_MESSAGES" / f"{i18n.DOMAIN}.po").open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    texts = [text for each in messages for text in ([each.string] if isinstance(each.string, str) else each.string)]
    assert [found for text in texts for found in half_width_in(text)] == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_in_another_language(path, fake):
    assert_accented(fake(*path, "--help"))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("list", 0),
        ("list --for ?", 0),
        ("list --for nonsense", 1),
        ("list --famly region", 2),
        ("show", 2),
        ("show HausdorffDTLoss", 0),
        ("show WeightedSumLoss", 0),
        ("show TverskiLoss", 1),
        ("doctor", 2),
        ("plot DiceLoss smooth=-1", 1),
        ("plot smooth=1", 2),
        ("run nothing.py", 1),
        ("weights nothing.txt", 1),
        ("enable", 0),
        ("disable", 0),
    ],
)
def test_another_language_reaches_every_screen(line, code, fake, tmp_path, monkeypatch):
    from paddleseg_losses.paddleseg import enabling

    monkeypatch.setattr(enabling, "_packages", lambda: tmp_path)
    assert_accented(fake(*line.split()), code)


def test_another_language_reaches_the_counts(fake, tmp_path):
    dataset = tiny.write_dataset(tmp_path / "data")
    assert_accented(fake("weights", dataset / "train.txt", "--num_classes", 2), 1)


def test_another_language_reaches_the_checks(fake, tmp_path, losses_table):
    from tests.paddleseg.test_checking import _file

    for case in ("unknown option", "coef too short"):
        loss, changes, *_ = MISTAKES.get(case) or next(iter(MISTAKES.values()))
        result = fake("check", _file(tmp_path, loss, changes))
        assert_accented(result, 1)


def test_another_language_reaches_the_doctor(fake, tmp_path, losses_table):
    dataset = tiny.write_dataset(tmp_path / "data")
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss"}, classes=5)
    assert_accented(fake("doctor", "--config", path), 1)


def test_lines_of_a_training_in_chinese(capsys):
    with i18n.speaking("zh"):
        display = progress.display()
        terms = (Term(0, "dice", 1.0, 0.8), Term(1, "DiceLoss", 1.0, 0.9))
        display.step(Step(2, 4, 0.544, 0.00772, 0.26, "00:00:00", terms))
        display.evaluated(2, 0.0085, True)
    said = capsys.readouterr().out
    assert "迭代 2/4  损失 0.5440 (输出 0：dice 1 x 0.8000；输出 1：DiceLoss 1 x 0.9000)" in said
    assert "滑动平均权重" in said
    assert not re.search(r"\b(iter|loss|left|head)\b", said)


@pytest.mark.parametrize("case", [*MISTAKES, *PADDLESEGS])
def test_mistakes_in_chinese(case, call, tmp_path, losses_table):
    from tests.paddleseg.test_checking import _file

    loss, changes, phrases, _ = {**MISTAKES, **PADDLESEGS}[case]
    path = _file(tmp_path, loss, changes)
    result = call("check", path, "--lang", "zh")
    assert result.exit_code == 1
    assert f"{len(phrases)} 处错误" in result.output
    explained = result.output.partition("改正后")[0].partition("\n")[2]
    assert HAN.search(explained)
    # What Paddle itself says stays as it is.
    assert not english_in(explained.replace("dtype must be any of", "")), explained
    assert not half_width_in(result.output.partition("改正后")[0])


@pytest.mark.parametrize(
    "line", ["show TverskiLoss", "check {}/nothing.yml", "weights {}/nothing.txt", "doctor --config {}/nothing.yml",
             "plot DiceLoss smoth=1", "plot DiceLoss smooth=-1", "plot WeightedSumLoss", "run {}/nothing.py",
             "check {}", "data mni --out {}/there", "train --config {}/nothing.yml"]
)  # fmt: skip
def test_errors_in_chinese(line, call, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/file").touch()
    result = call(*line.format(tmp_path).split(), "--lang", "zh")
    assert result.exit_code == 1
    text = result.stderr or result.stdout
    assert HAN.search(text)
    assert not english_in(text), text
    assert not half_width_in(text)


def test_a_choice_of_language_ends_with_its_command(call):
    assert "错误" in call("show", "X", "--lang", "zh").stderr
    assert i18n.language() == "en"
    assert "error" in call("show", "X").stderr


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        ("warning: text", "警告：text"),
        ("[Errno 13] Permission denied: 'x'", "没有权限：'x'（错误号 13）"),
        ("found unexpected end of stream", "文件意外结束"),
        ("expected <block end>, but found ','", "应为 <block end>，却是 ','"),
        ("what nobody knows", "what nobody knows"),
    ],
)
def test_what_other_libraries_say(said, chinese):
    from paddleseg_losses.i18n.foreign import recognized

    with i18n.speaking("zh"):
        assert str(recognized(said)) == chinese
    assert str(recognized(said)) == said

"""Errors and mistakes in Chinese: nothing that the package raises leaves an English sentence on the command line."""

import ast
import itertools
import re
from pathlib import Path

import click
import pytest
from paddleseg_losses.cli.phrases import BOOK, commented, translated

import paddleseg_losses
from integrations.mistakes import MISTAKES, PADDLESEGS
from paddleseg_losses import errors
from paddleseg_losses.cli import main, progress

HAN = re.compile("[\u4e00-\u9fff]")


def english_in(text):
    """Runs of three words or more that nobody has translated: names, numbers and quotations apart."""
    text = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\{[^}]*\}|\[[^\]]*\]", "", text)
    return re.findall(r"\b[a-z]+(?: [a-z]+){2,}\b", text)


PACKAGE = Path(paddleseg_losses.__file__).parent
ERRORS = {name for name, cls in vars(errors).items() if isinstance(cls, type) and issubclass(cls, errors.LossError)}
# What only those who write Python can meet: a loss or a law of their own, our functions called by themselves.
ELSEWHERE = ("__init__.py", "kernels", "testing", "registry.py", "drawing/training.py", "precomputed_maps.py")
VALUE = "'1'"
OF_PYTHON = {
    "pip install pillow",
    f"{VALUE} is not registered.",
    "a final class with a spec",
    "decorate it with @registered(...)",
}


@pytest.fixture
def chinese():
    with click.Context(main) as context:
        context.meta["paddleseg_losses.cli.language.chosen"] = "zh"
        yield


def sentences(node):
    """The texts that an expression can give, with `VALUE` where a value would stand."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return sentences(node.body) + sentences(node.orelse)
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in sentences(value)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        pieces = [sentences(side) or [VALUE] for side in (node.left, node.right)]
    elif isinstance(node, ast.JoinedStr):
        values = [value.value if isinstance(value, ast.FormattedValue) else value for value in node.values]
        pieces = [
            (sentences(value) if isinstance(value, (ast.Constant, ast.IfExp)) else []) or [VALUE] for value in values
        ]
    else:
        return []
    return ["".join(choice) for choice in itertools.product(*pieces)]


def raised(path):
    """Every text in the errors, findings and refusals of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
        if name in ERRORS | {"mistake", "remark", "comment", "say", "warn"} and path.parts[-2] != "cli":
            yield from (text for argument in node.args for text in sentences(argument))
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            yield from (text for item in node.value.elts for text in sentences(item))


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if not str(path.relative_to(PACKAGE)).startswith(ELSEWHERE)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_error_has_its_chinese(path, chinese):
    texts = set(raised(path)) - OF_PYTHON
    left = [text for text in texts if english_in(translated(text))]
    placed = f"{VALUE}: "  # a file before a sentence, which nothing but its name tells
    assert not [text for text in left if english_in(translated(text.removeprefix(placed)))]


@pytest.mark.parametrize("path", sorted((PACKAGE / "doctor").glob("*.py")), ids=lambda path: path.stem)
def test_every_comment_of_the_doctor_has_its_chinese(path, chinese):
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    pieces = {piece for node in nodes if isinstance(node, ast.JoinedStr) for piece in node.values}
    whole = [node for node in nodes if isinstance(node, (ast.Constant, ast.JoinedStr)) and node not in pieces]
    texts = [text for node in whole for text in sentences(node)]
    comments = {comment for text in texts for comment in re.findall(r"# (.+)$", text, flags=re.MULTILINE)}
    assert not [comment for comment in comments if english_in(translated(comment))]


@pytest.mark.parametrize(
    "line",
    [
        "training FastSCNN on cpu, 4 images, loss 1 x ComboLoss()\nlog and checkpoints: output",
        "iter 2/4  loss 0.5440  lr 0.00772  0.26 s/iter  left 00:00:00",
        "iter 2/4  loss 0.5440 (head 0: dice 1 x 0.8; head 1: DiceLoss 1 x 0.9)  lr 0.01  0.2 s/iter  left 00:00:01",
        "iter 2  mIoU 0.0085 on the validation images (averaged weights)",
        "the loss is nan at iteration 2: lower the learning rate, or look for labels outside the classes "
        "(the losses' option checks: always finds them)",
        "warning: DiceLoss: the labels hold only 0 and 255, and 255 is the ignore_index, so there is no foreground. "
        "If this is a 0/255 mask, use (labels > 0).astype('int64').",
    ],
)
def test_lines_of_a_training_in_chinese(line, chinese, capsys):
    display = progress.display()
    display.say(line)
    said = capsys.readouterr().out
    assert HAN.search(said)
    assert not english_in(said)
    assert not re.search(r"\b(iter|loss|left|head|warning)\b", said)


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


def test_a_file_before_a_sentence_stays(chinese):
    assert translated("my files/a.yml: loss.coef: it is missing.") == "my files/a.yml: loss.coef: 缺少这一项。"


def test_a_file_inside_a_sentence_is_no_place(chinese):
    assert translated("PaddleSeg cannot use my files/a.yml: why") == "PaddleSeg 无法使用 my files/a.yml：why"


def test_an_error_that_the_doctor_repeats(chinese):
    said = "a.yml: PaddleSeg knows nothing called 'Adamm'. Expected: options that it takes."
    assert translated(said) == "a.yml: PaddleSeg 中没有名为 'Adamm' 的组件。应为：它支持的选项。"
    assert translated("SGD cannot be made: why. Expected: a YAML file.") == "无法创建 SGD：why。应为：一个 YAML 文件。"


def test_comments_in_yaml_are_chinese(chinese):
    assert commented("a: 1  # val_dataset too\nb: '#2'") == "a: 1  # val_dataset 也一样\nb: '#2'"


def test_a_word_of_the_data_is_no_word_of_ours(chinese):
    assert translated("background") == "background"


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

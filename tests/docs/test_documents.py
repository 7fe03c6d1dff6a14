"""The documents say the same in both languages, what they show runs, links lead somewhere, and nothing has drifted."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.builder import pictures
from docs.builder.advice import ranking
from paddleseg_losses import registry

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
NAMES = [ROOT / "README.md", *sorted(DOCS.glob("[a-z]*.md")), *sorted((DOCS / "losses").glob("*.md"))]
PAIRS = {str(p.relative_to(ROOT)): (p, p.with_name(f"{p.stem}_cn.md")) for p in NAMES if not p.stem.endswith("_cn")}
TEXTS = {name: tuple(path.read_text(encoding="utf-8") for path in pair) for name, pair in PAIRS.items()}
GUIDE = "docs/guide.md"
THIS_TREE = {**os.environ, "PYTHONPATH": str(ROOT)}  # not another one that may be installed
each_pair = pytest.mark.parametrize("name", TEXTS)


def _blocks(text):
    return re.findall(r"```(\w+)\n(.*?)```", text, flags=re.DOTALL)


def _links(text):
    """Where the links go; those to the other language are at one place in each page and go from each to the other."""
    text = re.sub(r"\[(English|中文)\]\(\S+?\)", "", text)
    return [target.replace("_cn.md", ".md") for target in re.findall(r"\]\((\S+?)\)", text)]


@each_pair
def test_same_structure(name):
    marks = r"^(#+) |^(!\[)|^(\|)|^(```\w*)|^(\* )|^(\d+\. )|^(<a id=.*>)"
    english, chinese = ([m.group(0) for m in re.finditer(marks, t, flags=re.MULTILINE)] for t in TEXTS[name])
    assert english == chinese
    assert _links(TEXTS[name][0]) == _links(TEXTS[name][1])


@each_pair
def test_same_code(name):
    english, chinese = ([b for b in _blocks(text) if name == GUIDE or b[0] != "text"] for text in TEXTS[name])
    assert english == chinese


def _words(text):
    """Number of words; Chinese is written without blanks: 1.6 characters are a word."""
    characters = re.findall("[\u4e00-\u9fff]", text)
    return len(re.sub("[\u4e00-\u9fff，。；：、（）“”…]", " ", text).split()) + len(characters) / 1.6


def test_the_readme_is_short_and_counts_the_losses():
    for text in TEXTS["README.md"]:
        assert _words(text) <= 900
        assert re.findall(r"(\d+) (?:segmentation losses|个语义分割损失函数)", text) == [str(len(registry.names()))]


def test_an_index_shows_the_readme_without_links_into_the_repository():
    command = [sys.executable, "setup.py", "--name", "--long-description"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    name, _, shown = done.stdout.partition("\n")
    assert name == "paddleseg-losses", done.stderr
    assert "segmentation losses" in shown
    assert "(`docs/guide.md`)" in shown
    assert not re.findall(r"\]\((?!https?:)", shown)


@each_pair
def test_no_cell_ends_with_attributes(name):
    """Braces at the end of a cell that are no code are not shown on the site."""
    for text in TEXTS[name]:
        assert not re.findall(r"\{[^|`\n]*\} *\|", text)


@each_pair
def test_links_lead_somewhere(name):
    for path, text in zip(PAIRS[name], TEXTS[name]):
        for target in re.findall(r"\]\((?!http)(\S+?)\)", text):
            file, _, anchor = target.partition("#")
            goal = path.parent / file if file else path
            assert goal.exists(), target
            assert not anchor or f'<a id="{anchor}"></a>' in goal.read_text(encoding="utf-8"), target


@each_pair
def test_chinese_is_chinese(name):
    """No English sentence is left where a translation belongs: code, names, links and bibliography apart."""
    text = re.sub(r"```(?!text).*?```", "", TEXTS[name][1], flags=re.DOTALL)
    text = re.sub(r"`[^`]*`|<[^>]*>|\]\([^)]*\)|^[A-Z].*(arXiv|\. <http).*", "", text, flags=re.MULTILINE)
    for line in text.splitlines():
        words = re.findall(r"\b[a-z]{3,}\b", line)
        assert len(words) < 4 or re.search("[\u4e00-\u9fff]", line), line


def _exact(text):
    """What a translation has to keep: numbers, intervals, names."""
    words = r"\d+(?:\.\d+)?(?:e-\d+)?|\w+Loss\b|\b(?:alpha|beta|gamma|TP|FP|FN)\b|[\[(][-\d∞.]+, [-\d∞.]+[\])]"
    return set(re.findall(words, text.replace("inf", "∞").replace("_", " ")))


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("docs/")])
def test_translations_keep_numbers_and_names(name):
    for english, chinese in zip(*(text.split("\n\n") for text in TEXTS[name])):
        if english.startswith(("[中文]", "|")):
            continue
        lost = _exact(_without_links(english)) ^ _exact(_without_links(chinese))
        assert not lost, f"{english}\n{chinese}\n{lost}"


def _without_links(text):
    return re.sub(r"\]\([^)]*\)", "]", text)


PYTHON = [code for name in ("README.md", GUIDE) for kind, code in _blocks(TEXTS[name][0]) if kind == "python"]


@pytest.mark.parametrize("code", PYTHON)
def test_python_blocks_run(code, tmp_path):
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=THIS_TREE, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_error_shown_is_the_error_raised():
    import paddle

    from paddleseg_losses import DiceLoss, errors

    shown = next(code for kind, code in _blocks(TEXTS[GUIDE][0]) if kind == "text")
    with pytest.raises(errors.LabelError) as caught:
        DiceLoss()(paddle.zeros([1, 3, 2, 2]), paddle.full([1, 2, 2], 254, "int64"))
    assert str(caught.value) == shown.strip()


def test_the_generated_parts_are_fresh():
    """The command of a checkout, which runs every loss to see whether its pictures still show its numbers."""
    command = [sys.executable, str(DOCS / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, env=THIS_TREE, timeout=300)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("spec", list(registry.specs()), ids=lambda spec: spec.name)
def test_every_loss_has_its_pages_and_pictures(spec):
    for text in TEXTS[f"docs/losses/{spec.name}.md"]:
        for kind in pictures.KINDS:
            assert f"](../images/losses/{spec.name}_{kind}.png)" in text
    signatures = {pictures.shown(pictures.path_of(spec.name, kind)) for kind in pictures.KINDS}
    assert signatures == {pictures.signature(pictures.stored()[spec.name])}


def test_pictures_are_small():
    assert sum(path.stat().st_size for path in pictures.FOLDER.glob("*.png")) < 6e6


@pytest.fixture
def copy(tmp_path):
    """The documents in a folder of their own, to be spoilt."""
    shutil.copytree(DOCS, tmp_path / "docs")
    for name in PAIRS["README.md"]:
        shutil.copy(name, tmp_path)
    for folder in ("tests/other_libraries", "examples", "configs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    stub = Path("paddleseg_losses/losses/__init__.pyi")
    (tmp_path / stub).parent.mkdir(parents=True)
    shutil.copy(ROOT / stub, tmp_path / stub)
    shutil.copytree(ROOT / "paddleseg_losses/catalogue", tmp_path / "paddleseg_losses/catalogue")
    for results in ("results.json", "traffic/results.json", "cuda_code.json", "gpu_check.json"):
        (tmp_path / "benchmarks" / results).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "benchmarks" / results, tmp_path / "benchmarks" / results)
    return tmp_path


def test_every_drift_is_told(copy):
    def spoil(path, old, new):
        text = (copy / path).read_text(encoding="utf-8")
        assert old in text
        (copy / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    spoil("docs/losses/DiceLoss.md", "# Dice", "# Dies")
    spoil("docs/losses/README_cn.md", "Dice 损失", "Dies 损失")
    spoil(
        "docs/images/losses/numbers.json",
        '"DiceLoss": {"values": {"object": [0',
        '"DiceLoss": {"values": {"object": [9',
    )
    (copy / "docs/images/losses/MCCLoss_curve.png").unlink()
    (copy / "docs/losses/LostLoss.md").write_text("# Lost")
    (copy / "docs/images/losses/LostLoss_curve.png").write_bytes(b"")
    # The numbers of the losses are as stored, and the translations, which are the package's and not the copy's, are up
    # to date: that they are is what the test above has to say.
    code = (
        "import json, sys; from builder import pictures, translations; import generate\n"
        "numbers = json.loads(sys.stdin.read()); pictures.measured = lambda: numbers\n"
        "translations.problems = list; sys.exit(generate.main(['--check']))"
    )
    numbers = pictures.NUMBERS.read_text(encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(copy / "docs"), str(ROOT)])}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, input=numbers, timeout=120)
    expected = [
        "docs/losses/DiceLoss.md has drifted",
        "docs/losses/README_cn.md has drifted",
        "DiceLoss: its numbers are not those of its pictures",
        "DiceLoss_curve.png does not show its numbers",
        "DiceLoss_gradient.png does not show its numbers",
        "MCCLoss_curve.png does not show its numbers",
        "docs/losses/LostLoss.md has drifted",
        "LostLoss_curve.png belongs to no loss",
    ]
    told = done.stdout.splitlines()
    assert len(told) == len(expected), done.stdout + done.stderr
    for problem in expected:
        assert any(line.startswith(problem) for line in told), problem


def test_the_combinations_of_the_chooser_can_be_built():
    import yaml

    sections = [code for text in TEXTS["docs/choose.md"] for code in re.findall(r"`({losses: .*?})`", text)]
    assert sections
    for code in sections:
        assert len(registry.build({"type": "WeightedSumLoss", **yaml.safe_load(code)}).losses) == 2


def test_the_chooser_ranks_what_the_registry_says():
    assert list(ranking()) == list(registry.SYMPTOMS)
    for symptom, names in ranking().items():
        assert set(names) == set(registry.names(symptom=symptom))

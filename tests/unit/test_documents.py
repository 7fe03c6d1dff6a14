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
ENGLISH, CHINESE = TEXTS["README.md"]
THIS_TREE = {**os.environ, "PYTHONPATH": str(ROOT)}  # not another one that may be installed
each_pair = pytest.mark.parametrize("name", TEXTS)


def _blocks(text):
    return re.findall(r"```(\w+)\n(.*?)```", text, flags=re.DOTALL)


def _links(text):
    """Where the links go; those to the other language are at one place in each page and go from each to the other."""
    text = re.sub(r"\[(English|中文)\]\(\S+?\)", "", text)
    return [target.replace("_cn.md", ".md") for target in re.findall(r"\]\((\S+?)\)", text)]


def _generate(root, *arguments):
    command = [sys.executable, str(root / "docs/generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=THIS_TREE, timeout=300)


@each_pair
def test_same_structure(name):
    marks = r"^(#+) |^(!\[)|^(\|)|^(```\w*)|^(\* )|^(\d+\. )|^(<a id=.*>)"
    english, chinese = ([m.group(0) for m in re.finditer(marks, t, flags=re.MULTILINE)] for t in TEXTS[name])
    assert english == chinese
    assert _links(TEXTS[name][0]) == _links(TEXTS[name][1])


@each_pair
def test_same_code(name):
    english, chinese = ([b for b in _blocks(text) if name == "README.md" or b[0] != "text"] for text in TEXTS[name])
    assert english == chinese


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


@pytest.mark.parametrize("number", range(sum(kind == "python" for kind, _ in _blocks(ENGLISH))))
def test_python_blocks_run(number, tmp_path):
    code = [code for kind, code in _blocks(ENGLISH) if kind == "python"][number]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=THIS_TREE, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_error_shown_is_the_error_raised():
    import paddle

    from paddleseg_losses import DiceLoss, errors

    shown = next(code for kind, code in _blocks(ENGLISH) if kind == "text")
    with pytest.raises(errors.LabelError) as caught:
        DiceLoss()(paddle.zeros([1, 3, 2, 2]), paddle.full([1, 2, 2], 254, "int64"))
    assert str(caught.value) == shown.strip()


def test_the_generated_parts_are_fresh():
    done = _generate(ROOT, "--check")
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
    (tmp_path / "benchmarks").mkdir()
    shutil.copy(DOCS.parent / "benchmarks/results.json", tmp_path / "benchmarks")
    return tmp_path


def test_every_drift_is_told(copy):
    def spoil(path, old, new):
        text = (copy / path).read_text(encoding="utf-8")
        assert old in text
        (copy / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    spoil("docs/losses/DiceLoss.md", "# Dice", "# Dies")
    spoil("README_cn.md", "Dice 损失", "Dies 损失")
    spoil(
        "docs/images/losses/numbers.json",
        '"DiceLoss": {"values": {"object": [0',
        '"DiceLoss": {"values": {"object": [9',
    )
    (copy / "docs/images/losses/MCCLoss_curve.png").unlink()
    (copy / "docs/losses/LostLoss.md").write_text("# Lost")
    (copy / "docs/images/losses/LostLoss_curve.png").write_bytes(b"")
    done = _generate(copy, "--check")
    assert done.returncode == 1
    for problem in (
        "docs/losses/DiceLoss.md has drifted",
        "README_cn.md has drifted",
        "DiceLoss: its numbers are not those of its pictures",
        "DiceLoss_curve.png does not show its numbers",
        "MCCLoss_curve.png does not show its numbers",
        "docs/losses/LostLoss.md has drifted",
        "LostLoss_curve.png belongs to no loss",
    ):
        assert problem in done.stdout


def test_the_combinations_of_the_chooser_can_be_built():
    import yaml

    found = [code for text in TEXTS["docs/choose.md"] for code in re.findall(r"`({losses: .*?})`", text)]
    assert found
    for code in found:
        assert len(registry.build({"type": "WeightedSumLoss", **yaml.safe_load(code)}).losses) == 2


def test_the_chooser_ranks_what_the_registry_says():
    assert list(ranking()) == list(registry.SYMPTOMS)
    for symptom, names in ranking().items():
        assert set(names) == set(registry.names(symptom=symptom))

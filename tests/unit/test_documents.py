"""The two READMEs say the same, what they show runs, and their generated parts have not drifted."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READMES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README_cn.md")}
ENGLISH, CHINESE = READMES.values()


def _blocks(text):
    return re.findall(r"```(\w+)\n(.*?)```", text, flags=re.DOTALL)


def test_same_structure():
    marks = r"^(#+) |^(!\[)|^(\| `\w+`)|^(```\w*)"
    shapes = [[m.group(0)[:3] for m in re.finditer(marks, text, flags=re.MULTILINE)] for text in (ENGLISH, CHINESE)]
    assert shapes[0] == shapes[1]
    assert re.findall(r"\]\((?!README)(\S+?)\)", ENGLISH) == re.findall(r"\]\((?!README)(\S+?)\)", CHINESE)


def test_same_code():
    assert _blocks(ENGLISH) == _blocks(CHINESE)


@pytest.mark.parametrize("number", range(sum(kind == "python" for kind, _ in _blocks(ENGLISH))))
def test_python_blocks_run(number, tmp_path):
    code = [code for kind, code in _blocks(ENGLISH) if kind == "python"][number]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_error_shown_is_the_error_raised():
    import paddle

    from paddleseg_losses import DiceLoss, errors

    shown = next(code for kind, code in _blocks(ENGLISH) if kind == "text")
    with pytest.raises(errors.LabelError) as caught:
        DiceLoss()(paddle.zeros([1, 3, 2, 2]), paddle.full([1, 2, 2], 254, "int64"))
    assert str(caught.value) == shown.strip()


@pytest.mark.parametrize("text", READMES.values(), ids=list(READMES))
def test_links_lead_somewhere(text):
    for target in re.findall(r"\]\((?!http)(\S+?)\)", text):
        assert (ROOT / target).exists(), target


def test_the_generated_parts_are_fresh():
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs/generate.py"), "--check"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout

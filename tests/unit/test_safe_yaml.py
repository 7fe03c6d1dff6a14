"""YAML that nobody should read as PyYAML reads it: each is refused within a second, by a sentence that names it."""

import os
import socket
import time

import pytest
import yaml

from paddleseg_losses import safe_yaml
from paddleseg_losses.errors import ConfigError
from paddleseg_losses.paddleseg.config import load
from paddleseg_losses.paddleseg.runner import run

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 60))
REFUSED = {
    "anchor bomb": (f"{BOMB}loss: {{types: [*a11], coef: [1]}}\n", "more than 20000 values", "line 5"),
    "merge bomb": (MERGED, "more than 20000 values", "line 1"),
    "brackets": ("loss: " + "[" * 3000, "more than 64 levels", "line 1"),
    "closed brackets": ("loss: " + "[" * 500 + "]" * 500, "more than 64 levels", "line 1"),
    "indentation": ("\n".join(" " * i + "a:" for i in range(400)), "more than 64 levels", "line 65"),
    "list in itself": ("loss: &a [1, *a]\n", "*a inside of itself", "line 1"),
    "mapping in itself": ("loss: &a\n  types: {b: *a}\n", "*a inside of itself", "line 2"),
    "number": (f"iters: {'9' * 5000}\n", "a number of 5000 characters", "line 1"),
    "fraction": (f"iters: 0.{'9' * 5000}\n", "a number of 5002 characters", "line 1"),
    "base 60": (f"iters: {'1:' * 3000}1\n", "a number of 6001 characters", "line 1"),
    "python name": ("loss: !!python/name:os.system\n", "the tag !!python/name:os.system", "line 1"),
    "python object": ('x: !!python/object/apply:os.system ["exit 3"]\n', "the tag !!python/object/apply", "line 1"),
    "python tuple": ("x: !!python/tuple [1, 2]\n", "the tag !!python/tuple", "line 1"),
    "binary": ("loss: !!binary R0lGODlhDAAMAIQAAP==\n", "the tag !!binary", "line 1"),
    "unknown tag": ("loss: !loss {}\n", "the tag !loss", "line 1"),
    "tag that does not fit": ("iters: !!int many\n", "invalid literal", "top.yml"),
    "date": ("iters: 2024-13-45\n", "month must be in 1..12", "top.yml"),
    "NUL": ("iters: 1\nloss: \0\n", "the control character U+0000", "line 2"),
    "escape": ("iters: \x1b[31m\n", "the control character U+001B", "line 1"),
    "list as a key": ("[1, 2]: 3\n", "a list or mapping as a key", "line 1"),
    "key twice": ("iters: 1\nloss: {}\niters: 2\n", "the key 'iters' with another value than in line 1", "line 3"),
    "section twice": ("m: {a: [1]}\nm: {a: [2]}\n", "the key 'm' with another value than in line 1", "line 2"),
    "text and number": ('i: "255"\ni: 255\n', "the key 'i' with another value than in line 1", "line 2"),
    "truth and text": ("m: {a: [yes]}\nm: {a: ['yes']}\n", "the key 'm' with another value than in line 1", "line 2"),
    "full-width colon": ("loss：\n  types: []\n", "full-width punctuation", "line 1"),
    "full-width colons before a key": (
        "iters: 1\nloss：\n  types：\n    - type: DiceLoss\nmodel:\n  type: UNet\n",
        "full-width punctuation in 'loss：'",
        "line 2",
    ),
    "full-width colon in a list": (
        "types:\n  - type：DiceLoss\n",
        "full-width punctuation in 'type：DiceLoss'",
        "line 2",
    ),
    "full-width comma": ("coef: [1，2]\n", "full-width punctuation in '1，2'", "line 1"),
    "full-width bracket": ("coef: 【1, 2】\n", "full-width punctuation", "line 1"),
    "full-width blank": ("loss:\n\u3000types: []\n", "full-width punctuation", "line 2"),
    "curly quotes": ("type: “DiceLoss”\n", "full-width punctuation in '“DiceLoss”'", "line 1"),
    "tab": ("loss:\n\ttypes: []\n", "cannot start any token", "line 2"),
    "anchor that is not there": ("loss: *a\n", "undefined alias", "line 1"),
    "base of another type": ("_base_: {a: 1}\n", "`_base_` is {'a': 1}", "top.yml"),
    "base that is a number": ("_base_: [7]\n", "`_base_` is [7]", "top.yml"),
    "base that is no YAML": ("_base_: secret.txt\n", "secret.txt (a `_base_` of", "not named as a YAML file"),
    "base that is a device": ("_base_: /dev/zero\n", "/dev/zero (a `_base_` of", "a device, not a file"),
    "base that is a pipe": ("_base_: pipe.yml\n", "pipe.yml (a `_base_` of", "a pipe, not a file"),
    "bases of bases": ("_base_: [b0.yml, b0.yml]\n", "inherits from more than 100 files", "top.yml"),
}


@pytest.fixture
def folder(tmp_path):
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "secret.txt").write_text("password: 12345\n")
    for i in range(60):
        (tmp_path / f"b{i}.yml").write_text(f"_base_: [b{i + 1}.yml, b{i + 1}.yml]\n")
    (tmp_path / "b60.yml").write_text("iters: 1\n")
    return tmp_path


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_for_what_it_is(case, folder):
    text, *words = REFUSED[case]
    path = folder / "top.yml"
    path.write_bytes(text.encode())
    start = time.perf_counter()
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert time.perf_counter() - start < 1
    for each in words:
        assert each in str(caught.value.found)
    assert "12345" not in str(caught.value)
    assert str(caught.value.cure)


def test_files_that_are_none(tmp_path):
    (tmp_path / "large.yml").write_bytes(b"# \n" * 20_000_000)
    with pytest.raises(ConfigError, match="is larger than 256 KiB"):
        load(tmp_path / "large.yml")
    with pytest.raises(ConfigError, match="is a device, not a file"):
        load("/dev/zero")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "s.yml"))
        with pytest.raises(ConfigError, match="is a socket, not a file"):
            load(tmp_path / "s.yml")
    for text in (b"a: \xff", "名: 数据".encode("gbk"), "a: 1".encode("utf-16")):
        (tmp_path / "other.yml").write_bytes(text)
        with pytest.raises(ConfigError, match="codec can't decode") as caught:
            load(tmp_path / "other.yml")
        assert "UTF-8" in str(caught.value.cure)


RIGHT = {
    "marks in texts": "a: 'x：y'\nb: 数据：一\nc: 2024-01-31\nd: \"“x”\"\n# 注释：（无）\n",
    "the same twice": "loss: {types: [1], coef: [2]}\nloss: {types: [1], coef: [2]}\n",
    "the same in quotes": "a: x\na: 'x'\nb: 255\nb: !!int 255\n",
    "anchors": "a: &a {x: 1, y: [1, 2]}\nb: {<<: *a, x: 2}\nc: [*a, *a]\n",
    "plain tags": "a: !!str 1\nb: !!float 1\n",
    "long text": f"a: {'x' * 5000}\nb: {'word ' * 500}\n",
    "a byte-order mark, Windows": "\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n",
    "only a comment": "# nothing\n",
}


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize("case", RIGHT)
def test_all_else_is_what_pyyaml_reads(case, loader, tmp_path, monkeypatch):
    monkeypatch.setattr(safe_yaml, "_LOADER", getattr(yaml, loader))
    (tmp_path / "a.yml").write_bytes(RIGHT[case].encode())
    assert safe_yaml.read(tmp_path / "a.yml") == yaml.load(RIGHT[case].replace("\r", ""), Loader=yaml.FullLoader)


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_both_parsers_refuse_the_same(loader, folder, monkeypatch):
    monkeypatch.setattr(safe_yaml, "_LOADER", getattr(yaml, loader))
    for case in ("anchor bomb", "closed brackets", "indentation", "NUL", "key twice", "full-width blank", "tab"):
        test_it_is_refused_for_what_it_is(case, folder)


def test_a_script_does_not_get_such_a_file(folder):
    (folder / "top.yml").write_text(BOMB)
    (folder / "script.py").write_text("raise SystemExit('it ran')\n")
    for arguments in (["--config", "top.yml"], ["--config=top.yml"], ["-c", "pipe.yml"]):
        words = [word.replace("top.yml", str(folder / "top.yml")) for word in arguments]
        words = [word.replace("pipe.yml", str(folder / "pipe.yml")) for word in words]
        with pytest.raises(ConfigError, match=r"more than 20000 values|a pipe"):
            run(folder / "script.py", words)


def test_a_script_may_have_tags_of_its_own(folder):
    (folder / "script.py").write_text("raise SystemExit('it ran')\n")
    (folder / "base.yml").write_text("rate:\n  schedulers:\n  - !PiecewiseDecay\n    gamma: 0.1\n    milestones: [8]\n")
    top = folder / "top.yml"
    top.write_text("_base_: base.yml\na: !A [1]\nb: !B x\n")
    with pytest.raises(SystemExit, match="it ran"):
        run(folder / "script.py", ["--config", str(top)])
    with pytest.raises(ConfigError, match="the tag !A"):
        load(top)
    assert load(folder / "base.yml", local_tags=True)["rate"]["schedulers"] == [{"gamma": 0.1, "milestones": [8]}]
    for code in (
        "!!python/name:os.system",
        "!<tag:yaml.org,2002:python/name:os.system>",
        "!!binary R0lG",
        "!A " + "[" * 99,
    ):
        top.write_text(f"a: {code}\n")
        with pytest.raises(ConfigError, match=r"the tag !!|more than 64 levels"):
            run(folder / "script.py", ["--config", str(top)])
    top.write_text("%TAG ! tag:yaml.org,2002:python/\n---\na: !name:os.system\n")
    with pytest.raises(ConfigError, match="the tag !!python"):
        run(folder / "script.py", ["--config", str(top)])

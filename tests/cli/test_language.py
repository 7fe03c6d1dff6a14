"""The language of a command, `--lang` and `--json` on either side of its name, exit codes, colour on terminals only."""

import io
import os
import re
import subprocess
import sys

import click
import pytest

from paddleseg_losses import registry
from paddleseg_losses.cli import main, screen
from paddleseg_losses.cli.command import every_command
from paddleseg_losses.describe import describe
from paddleseg_losses.i18n import of_locale, speaking

HAN = re.compile("[\u4e00-\u9fff]")


COMMANDS = dict(every_command(main))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN", "LC_ALL": ""}, "zh"),
        ({"LANG": "za_CN.UTF-8"}, "en"),
        ({}, "en"),
    ],
    ids=str,
)
def test_the_locale_decides(environment, expected):
    assert of_locale(environment) == expected


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_in_both_languages(path, call):
    english, chinese = call(*path, "--help").output, call(*path, "--help", "--lang", "zh").output
    assert not HAN.search(english)
    assert f"paddleseg-losses {' '.join(path)}" in english.partition("Example")[2]
    assert f"paddleseg-losses {' '.join(path)}" in chinese.partition("示例")[2]
    for word in ("Usage", "Options", "Commands", "Example", "[default", "[required]"):
        assert word not in chinese
    with speaking("zh"):
        for parameter in COMMANDS[path].params:
            if isinstance(parameter, click.Option):
                assert HAN.search(parameter.help), parameter.name


@pytest.mark.parametrize(
    "line", ["--lang zh list", "list --lang zh", "list --lang=zh", "list --family region --lang zh"]
)
def test_lang_on_either_side(line, call):
    assert "用途" in call(*line.split()).output


@pytest.mark.parametrize("line", ["--json list", "list --json", "--lang zh list --json --mode binary"])
def test_json_on_either_side(line, call):
    import json

    printed = json.loads(call(*line.split()).output)
    assert printed[0]["family"] == "distribution"
    assert bool(HAN.search(printed[0]["purpose"])) == ("zh" in line)


def test_the_locale_reaches_the_command_line(shell):
    code, out, _ = shell("list", "--for", "小目标", LC_ALL="zh_CN.UTF-8")
    assert code == 0
    assert "DiceLoss" in out
    assert HAN.search(out)


def test_usage_errors_in_chinese(call):
    for line, text in {
        "show --lang zh": "缺少参数 '名称'",
        "--lang zh list --famly region": "没有选项 '--famly'。 （是不是 '--family'？）",
        "--lang zh list --family x": "'--family' 的取值无效",
    }.items():
        result = call(*line.split())
        assert result.exit_code == 2
        assert result.stderr.startswith("用法：")
        assert text in result.stderr


def test_errors_in_chinese_and_in_json(call, call_json):
    result = call("show", "TverskiLoss", "--lang", "zh")
    assert result.exit_code == 1
    assert re.match(r"错误：.*\n  应为：.*\n  怎么办：", result.stderr)
    code, printed = call_json("show", "TverskiLoss")
    assert code == 1
    assert printed["error"]["what_to_do"] == "did you mean TverskyLoss?"


def test_run_has_no_json(call):
    assert call("--json", "run", "x.py").exit_code == 2
    assert call("run", "--json", "x.py").exit_code == 1  # it would be an option of nobody: the script comes first


@pytest.mark.parametrize("spec", list(registry.specs()), ids=lambda spec: spec.name)
def test_options_are_chinese_in_chinese(spec):
    with speaking("zh"):
        for option in describe(spec).options:
            assert HAN.search(option.meaning), option.name
            assert not re.search(r"\b(a|one|list|number|whole|or|of)\b", option.values), option.values


@pytest.mark.parametrize("spec", list(registry.specs()), ids=lambda spec: spec.name)
def test_show_is_chinese_in_chinese(spec, call, call_json):
    text = call("show", spec.name, "--lang", "zh").output
    for english in ("For:", "Against:", "From the paper", " then the mean", "of the paper"):
        assert english not in text
    _, printed = call_json("show", spec.name, "--lang", "zh")
    for section in ("when", "differences", "shape"):
        assert HAN.search(printed[section]), section
    assert not HAN.search(call("show", spec.name).output)


def test_colour_on_a_terminal_only(shell, tmp_path):
    _, piped, _ = shell("list", "--family", "boundary")
    assert "\x1b" not in piped
    assert not any(line != line.rstrip() for line in piped.splitlines())
    if not hasattr(os, "openpty"):
        pytest.skip("there are no pseudo-terminals here")
    leader, follower = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "paddleseg_losses", "list", "--family", "boundary"],
        stdout=follower, stdin=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LC_ALL": "C"},
    ):  # fmt: skip
        os.close(follower)
        seen = b""
        try:
            while part := os.read(leader, 65536):
                seen += part
        except OSError:  # the end, on Linux
            pass
    os.close(leader)
    assert b"\x1b[" in seen
    assert max(len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in seen.decode().splitlines()) <= 100


def test_a_reader_that_has_seen_enough(tmp_path):
    command = f"set -o pipefail; {sys.executable} -m paddleseg_losses list | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert done.stderr == ""


def test_nothing_is_cut_off_on_a_narrow_terminal():
    from rich.console import Console

    console = Console(width=40, file=io.StringIO())
    console.print(screen.table(["option", "meaning"], [["weight", "权" * 60]]))
    shown = console.file.getvalue()
    assert (shown.count("权"), shown.count("…")) == (60, 0)

"""How the tests call a command."""

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import paddleseg_losses
from paddleseg_losses.cli import main

HOME = str(Path(paddleseg_losses.__file__).parents[1])  # a shell in another folder imports this package too


@pytest.fixture
def call(monkeypatch):
    """A command in this process; English, whatever the locale."""
    monkeypatch.delenv("PADDLESEG_LOSSES_TRACEBACK", raising=False)
    monkeypatch.setenv("LC_ALL", "C")

    apart = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}  # click < 8.2

    def invoke(*arguments):
        return CliRunner(**apart).invoke(main, [str(argument) for argument in arguments])

    return invoke


@pytest.fixture
def call_json(call):
    """The exit code of a command, and the JSON it writes."""

    def invoke(*arguments):
        result = call(*arguments, "--json")
        return result.exit_code, json.loads(result.stdout)

    return invoke


@pytest.fixture
def shell(tmp_path):
    """A command as the shell runs it: exit code, stdout, stderr."""

    def invoke(*arguments, **environment):
        done = subprocess.run(
            [sys.executable, "-m", "paddleseg_losses", *map(str, arguments)],
            capture_output=True, text=True, timeout=300, cwd=tmp_path, stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": HOME, **environment},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return invoke

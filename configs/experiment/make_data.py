"""Makes the data of `compare.yml`: the command of each task stands in its file."""

import re
import shlex
import sys
from pathlib import Path

from paddleseg_losses.cli import main

COMMAND = re.compile(r"^# The data comes from `paddleseg-losses (.+)`\.$", flags=re.MULTILINE)


def commands() -> list[str]:
    """One for each dataset."""
    files = sorted(Path(__file__).parent.glob("*.yml"))
    matches = (COMMAND.search(file.read_text(encoding="utf-8")) for file in files)
    return [match[1] for match in matches if match]


if __name__ == "__main__":
    for command in commands():
        if code := main.main(shlex.split(command), standalone_mode=False):
            sys.exit(code)

"""Handing over to a script of a PaddleSeg clone, which then finds our losses registered."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterable
from pathlib import Path

from .. import safe_yaml
from ..errors import ConfigError
from ..i18n import _
from . import config as configs
from .map_loading import provide_maps
from .monitor import monitored
from .registration import register
from .shims import fixed, swapped


def run(script: str | Path, arguments: Iterable[str] = (), override: str | Iterable[str] = ()) -> None:
    """Run a script as `python SCRIPT ARGUMENTS` would, after registering our losses and fixing PaddleSeg.

    If the script lies in a clone of PaddleSeg, it gets the clone's `paddleseg`, whatever else is installed.

    Args:
        script: the Python file.
        arguments: what the script finds in `sys.argv` after its name.
        override: built-in losses of PaddleSeg to replace with ours, see `register`.
    """
    file = Path(script)
    if not file.is_file():
        raise ConfigError(
            _("There is no script {path}.", path=script),
            _("a Python file such as tools/train.py of a PaddleSeg clone"),
            _("change into the clone first, or use `paddleseg-losses train`, which does not need one"),
        )
    arguments = list(arguments)
    _refuse_unsafe_files(arguments)
    folder = file.resolve().parent
    clone = next(
        (str(home) for home in (folder, folder.parent) if (home / "paddleseg" / "__init__.py").is_file()), None
    )
    paths = [str(folder), *([clone] if clone else []), *sys.path]
    with swapped((sys, "argv", [str(script), *arguments]), (sys, "path", paths)):
        register(override)
        with fixed(), monitored(), swapped(provide_maps()):
            runpy.run_path(str(script), run_name="__main__")


def _refuse_unsafe_files(arguments: Iterable[str]) -> None:
    """The script reads its YAML files without a limit, with all that they inherit."""
    for path in (Path(word.rpartition("=")[2]) for word in arguments):
        named_so = path.suffix in (".yml", ".yaml") and path.exists() and not path.is_dir()
        if named_so and isinstance(safe_yaml.read(path), dict):
            configs.load(path)

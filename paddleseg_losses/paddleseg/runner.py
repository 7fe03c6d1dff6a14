"""Handing over to a script of a clone of PaddleSeg, or of its MedicalSeg, which then finds our losses registered."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path

import paddle

from .. import safe_yaml
from ..errors import ConfigError
from ..i18n import _
from . import config as configs
from .map_loading import provide_maps
from .monitor import monitored
from .registration import register_in
from .resuming import safe_load
from .shims import fixed, swapped
from .toolkits import PADDLESEG, clones


def run(script: str | Path, arguments: Iterable[str] = (), override: str | Iterable[str] = ()) -> None:
    """Run a script as `python SCRIPT ARGUMENTS` would, after registering our losses and fixing PaddleSeg.

    If the script lies in a clone, or the working folder does, it gets the clone's packages, whatever else is installed;
    in `contrib/MedicalSeg` that is `medicalseg`, and PaddleSeg need not be installed.

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
    toolkit, clone = next(clones(folder, folder.parent, Path.cwd()), (PADDLESEG, None))
    paths = [str(folder), *([str(clone)] if clone else []), *sys.path]
    mended = fixed if toolkit is PADDLESEG else nullcontext
    with swapped((sys, "argv", [str(script), *arguments]), (sys, "path", paths)):
        register_in(toolkit, override)
        with mended(), monitored(toolkit=toolkit), swapped(provide_maps(), (paddle, "load", safe_load(paddle.load))):
            runpy.run_path(str(script), run_name="__main__")


def _refuse_unsafe_files(arguments: Iterable[str]) -> None:
    """The script reads its YAML files without a limit, with all that they inherit; it may define tags of its own."""
    for path in (Path(word.rpartition("=")[2]) for word in arguments):
        named_so = path.suffix in (".yml", ".yaml") and path.exists() and not path.is_dir()
        if named_so and isinstance(safe_yaml.read(path, local_tags=True), dict):
            configs.load(path, local_tags=True)

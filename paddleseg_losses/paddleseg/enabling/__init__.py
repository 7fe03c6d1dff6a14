"""An opt-in after which a plain `python tools/train.py` finds our losses: two small files beside the packages.

Python reads `.pth` files at every start. Ours imports a hook that waits for `paddleseg` and `medicalseg`; Paddle and
this package are imported only then.
"""

from __future__ import annotations

import site
import sys
import sysconfig
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...errors import ConfigError
from ...i18n import _, of_locale, use
from ...i18n.foreign import recognized
from ..map_loading import evaluation_swaps
from ..monitor import monitor_swaps
from ..registration import register_in
from ..shims import Swap
from ..toolkits import TOOLKITS

_MODULE = "_paddleseg_losses_enable"
_LINE = f'import sys; exec("try:\\n import {_MODULE}\\nexcept Exception:\\n pass")\n'  # one line: Python wants it so


@dataclass(frozen=True)
class Change:
    """What was written or removed; nothing if it was so before."""

    enabled: bool
    files: tuple[Path, ...]
    changed: bool


def activate(package: str = "paddleseg") -> None:
    """What the hook calls after an import: register the losses, and monitor every training of this process."""
    use(of_locale())
    for toolkit in TOOLKITS:
        if toolkit.package == package:
            register_in(toolkit)
        for trainer in toolkit.trainers:
            if trainer.startswith(f"{package}.") and toolkit.imported:  # `nnunet` is a package of others too
                _swap(monitor_swaps(trainer=trainer))
    if package in (toolkit.package for toolkit in TOOLKITS):
        _swap(evaluation_swaps(package))


def _swap(swaps: list[Swap]) -> None:
    for owner, name, value in swaps:
        setattr(owner, name, value)


def enable(folder: str | Path | None = None) -> Change:
    """Write the two files, by default beside the packages of this interpreter, else beside those of this user."""
    folders = [Path(folder)] if folder is not None else _folders()
    for place in folders[:-1]:
        with suppress(OSError):
            return _write(place)
    try:
        return _write(folders[-1])
    except OSError as error:
        raise ConfigError(
            _("{folder} cannot be written to ({error}).", folder=folders[0], error=recognized(str(error.strerror))),
            _("a package folder that you may write to"),
            _("create a virtual environment (python -m venv), or use `paddleseg-losses run tools/train.py`"),
        ) from error


def _write(folder: Path) -> Change:
    hook, pth = _files(folder)
    wanted = {hook: Path(__file__).with_name("hook.py").read_text(encoding="utf-8"), pth: _LINE}
    changed = any(not file.is_file() or file.read_text(encoding="utf-8") != text for file, text in wanted.items())
    if changed:
        if folder == _of_user():  # pip creates it when it is first needed
            folder.mkdir(parents=True, exist_ok=True)
        for file, text in wanted.items():  # the hook first: the other one names it
            file.write_text(text, encoding="utf-8")
    return Change(True, (hook, pth), changed)


def disable(folder: str | Path | None = None) -> Change:
    """Remove the files, wherever `enable` of this environment may have written them."""
    folders = [Path(folder)] if folder is not None else _folders()
    files = [file for place in folders for file in reversed(_files(place)) if file.is_file()]
    for file in files:  # the .pth first, for the same reason
        try:
            file.unlink()
        except OSError as error:
            raise ConfigError(
                _("{path} cannot be removed ({error}).", path=file, error=recognized(str(error.strerror))),
                _("a package folder that you may write to"),
                _("remove it with the rights of its owner"),
            ) from error
    return Change(False, tuple(files), bool(files))


def _files(folder: Path) -> tuple[Path, Path]:
    return folder / f"{_MODULE}.py", folder / "paddleseg_losses_enable.pth"


def _packages() -> Path:
    return Path(sysconfig.get_paths()["purelib"])


def _folders() -> list[Path]:
    """Where this environment reads `.pth` files and has them to itself, the preferred one first.

    A virtual environment may see the user's own packages, but so do others.
    """
    own = _of_user()
    return [_packages(), own] if site.ENABLE_USER_SITE and sys.prefix == sys.base_prefix else [_packages()]


def _of_user() -> Path:
    return Path(site.getusersitepackages())

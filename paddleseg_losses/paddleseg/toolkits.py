"""The trainers that find losses by name: which package each is, and where it trains."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MissingDependencyError
from ..i18n import Text, _


@dataclass(frozen=True)
class Toolkit:
    """A package with a registry in `cvlibs.manager`.

    Attributes:
        package: its name in Python.
        title: its name.
        trainers: modules that hold a function `train`; those of a further package belong to it too.
        where: what to install.
        cure: how.
    """

    package: str
    title: str
    trainers: tuple[str, ...]
    where: Text
    cure: Text

    @property
    def imported(self) -> bool:
        """Whether this process has imported it."""
        return sys.modules.get(self.package) is not None

    def manager(self) -> Any:
        """Its registry, or an error that says how to install it."""
        try:
            return importlib.import_module(f"{self.package}.cvlibs").manager
        except ImportError as error:
            raise MissingDependencyError(
                _("{package} cannot be imported ({error}).", package=self.title, error=error), self.where, self.cure
            ) from error

    def found_trainers(self) -> Iterator[str]:
        """The modules that train, without those of a further package that cannot be imported here."""
        first, *further = self.trainers
        yield first
        for name in further:
            with suppress(Exception):  # it needs packages of its own; a script that imports it will say so
                importlib.import_module(name)
                yield name


PADDLESEG = Toolkit(
    "paddleseg",
    "PaddleSeg",
    ("paddleseg.core.train",),
    _("PaddleSeg 2.8.0, or a clone of its repository on PYTHONPATH"),
    'pip install "paddleseg-losses[paddleseg]"',
)
MEDICALSEG = Toolkit(
    "medicalseg",
    "MedicalSeg",
    ("medicalseg.core.train", "nnunet.core.train"),
    _("the folder contrib/MedicalSeg of a clone of PaddleSeg"),
    _("change into that folder, and install what its requirements.txt names"),
)
TOOLKITS = (PADDLESEG, MEDICALSEG)


def toolkit_of(config: dict[str, Any]) -> Toolkit:
    """Which toolkit a configuration is for: MedicalSeg insists on a `data_root`, PaddleSeg has none."""
    return MEDICALSEG if "data_root" in config else PADDLESEG


@contextmanager
def importable(toolkit: Toolkit, config: Path) -> Iterator[None]:
    """Let a clone in the working folder, or above the configuration, be found where none is installed."""
    homes = [home for kind, home in clones(Path.cwd(), *config.resolve().parents) if kind is toolkit]
    before = list(sys.path)
    sys.path.extend(map(str, homes[:1]))
    try:
        yield
    finally:
        sys.path[:] = before


def clones(*folders: Path) -> Iterator[tuple[Toolkit, Path]]:
    """The toolkits whose code lies in these folders, with the folder."""
    for folder in folders:
        for toolkit in TOOLKITS:
            if (folder / toolkit.package / "__init__.py").is_file():
                yield toolkit, folder

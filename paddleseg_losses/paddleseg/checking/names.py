"""What the name of a loss means in PaddleSeg's YAML: ours, PaddleSeg's own, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ... import registry
from ...errors import MissingDependencyError
from ...registry import PREFIX
from ..registration import available, built_in
from ..toolkits import MEDICALSEG, PADDLESEG, Toolkit

# PaddleSeg's own losses, for when it is not installed; those of the wheel and of the newest code.
# fmt: off
BUILT_IN = (
    "BCELoss", "BootstrappedCrossEntropyLoss", "CrossEntropyLoss", "DetailAggregateLoss", "DiceLoss",
    "DistillCrossEntropyLoss", "DistillationLoss", "DualTaskLoss", "EdgeAttentionLoss", "FocalLoss", "KLLoss", "L1Loss",
    "LovaszHingeLoss", "LovaszSoftmaxLoss", "MSELoss", "MaskFormerLoss", "MixedLoss", "MultiClassFocalLoss",
    "OhemCrossEntropyLoss", "OhemEdgeAttentionLoss", "PixelContrastCrossEntropyLoss", "PointCrossEntropyLoss",
    "RMILoss", "RelaxBoundaryLoss", "SECrossEntropyLoss", "SemanticConnectivityLoss",
)
# fmt: on
BUILT_IN_MEDICALSEG = ("BCELoss", "CrossEntropyLoss", "DC_and_CE_loss", "DiceLoss", "MixedLoss", "MultipleLoss")


class Unseen:
    """Stands for a loss of PaddleSeg's that cannot be looked at."""


@dataclass(frozen=True)
class Names:
    """Every name that a YAML file may use. `installed` is false if the toolkit's own losses could not be looked at."""

    table: dict[str, type]
    installed: bool
    toolkit: Toolkit = PADDLESEG

    def suggest(self, name: str) -> str | None:
        """The nearest name, dotted if the misspelt one is."""
        if "." in name:
            near = registry.suggest(name.rpartition(".")[2], registry.names())
            return PREFIX + near if near else None
        return registry.suggest(name, [known for known in self.table if "." not in known])


def read_names(override: str | Iterable[str] = (), toolkit: Toolkit = PADDLESEG) -> Names:
    """The names that hold once ours are registered; nothing is registered here."""
    if toolkit is MEDICALSEG:  # a folder, not a package that is installed: looked at only where it is in use
        own = dict(built_in(toolkit)) if toolkit.imported else {}
        own, installed = {**dict.fromkeys(BUILT_IN_MEDICALSEG, Unseen), **own}, toolkit.imported
    else:
        try:
            own, installed = built_in(), True
        except MissingDependencyError:
            own, installed = dict.fromkeys(BUILT_IN, Unseen), False
    return Names({**own, **available(own, override)}, installed, toolkit)

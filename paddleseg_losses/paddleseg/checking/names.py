"""What the name of a loss means in PaddleSeg's YAML: ours, PaddleSeg's own, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ... import registry
from ...errors import MissingDependencyError
from ...registry import PREFIX
from ..registration import available, built_in

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


class Unseen:
    """Stands for a loss of PaddleSeg's that cannot be looked at."""


@dataclass(frozen=True)
class Names:
    """Every name that a YAML file may use. `installed` is false if PaddleSeg's own losses could not be looked at."""

    table: dict[str, type]
    installed: bool

    def suggest(self, name: str) -> str | None:
        """The nearest name, dotted if the misspelt one is."""
        if "." in name:
            near = registry.suggest(name.rpartition(".")[2], registry.names())
            return PREFIX + near if near else None
        return registry.suggest(name, [known for known in self.table if "." not in known])


def read_names(override: str | Iterable[str] = ()) -> Names:
    """The names that hold once ours are registered; nothing is registered here."""
    try:
        own, installed = built_in(), True
    except MissingDependencyError:
        own, installed = dict.fromkeys(BUILT_IN, Unseen), False
    return Names({**own, **available(own, override)}, installed)

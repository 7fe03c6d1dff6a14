"""Our losses and transforms in PaddleSeg's registry, where a YAML file finds them by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import registry
from ..errors import MissingDependencyError, UnknownLossError
from ..i18n import Message, _
from ..registry import PREFIX
from ..transforms import TRANSFORMS
from .unet import UNet


def register(override: str | Iterable[str] = ()) -> dict[str, type]:
    """Make every loss available in PaddleSeg's YAML files; calling it again changes nothing.

    Each loss gets its dotted name, `type: paddleseg_losses.DiceLoss`, and its bare name where PaddleSeg has no loss of
    that name. PaddleSeg's own `CrossEntropyLoss`, `DiceLoss`, `FocalLoss`, `LovaszHingeLoss` and `LovaszSoftmaxLoss`
    stay what they are unless they are named here. The transforms of `paddleseg_losses.transforms` and the `UNet`
    of experiments get dotted names.

    Args:
        override: built-in losses of PaddleSeg to replace with ours: a name, several names, or "all".

    Returns:
        The names that now mean a loss of this package, with their classes.

    Raises:
        MissingDependencyError: PaddleSeg cannot be imported.
        UnknownLossError: `override` holds a name that is not one of our losses.
    """
    known = built_in()
    ours = available(known, override)
    known.update(ours)  # `add_component` would warn about every name that is taken
    manager = import_manager()
    manager.TRANSFORMS.components_dict.update({PREFIX + each.__name__: each for each in TRANSFORMS})
    manager.MODELS.components_dict[PREFIX + UNet.__name__] = UNet
    return ours


def available(known: dict[str, type], override: str | Iterable[str] = ()) -> dict[str, type]:
    """The names that mean a loss of ours beside PaddleSeg's `known` ones."""
    replaced = _replaced(override)
    ours: dict[str, type] = {}
    for spec in registry.specs():
        ours[PREFIX + spec.name] = spec.cls
        if spec.name in replaced or known.get(spec.name, spec.cls) is spec.cls:
            ours[spec.name] = spec.cls
    return ours


def built_in() -> dict[str, type]:
    """PaddleSeg's own table of losses: what is written into it is what YAML files mean."""
    return import_manager().LOSSES.components_dict  # type: ignore[no-any-return]


def import_manager() -> Any:
    """PaddleSeg's registry, or an error that says how to install it."""
    try:
        from paddleseg.cvlibs import manager
    except ImportError as error:
        raise MissingDependencyError(
            _("{package} cannot be imported ({error}).", package="PaddleSeg", error=error),
            _("PaddleSeg 2.8.0, or a clone of its repository on PYTHONPATH"),
            'pip install "paddleseg-losses[paddleseg]"',
        ) from error
    return manager


def _replaced(override: str | Iterable[str]) -> set[str]:
    names = [override] if isinstance(override, str) else list(override)
    if "all" in names:
        return set(registry.names())
    try:
        return {registry.get(name).name for name in names}
    except UnknownLossError as error:
        raise UnknownLossError(
            Message("override: {found}", found=error.found),
            _('"all", or {expected}', expected=error.expected),
            error.cure,
        ) from None

"""Our losses and transforms in the registry of PaddleSeg, and of MedicalSeg: YAML files find them there by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import registry
from ..errors import MissingDependencyError, UnknownLossError
from ..i18n import _
from ..registry import PREFIX
from ..transforms import TRANSFORMS
from .medicalseg.adapter import adapted, adapted_transform
from .toolkits import MEDICALSEG, PADDLESEG, TOOLKITS, Toolkit
from .unet import UNet


def register(override: str | Iterable[str] = ()) -> dict[str, type]:
    """Make every loss available in PaddleSeg's YAML files; calling it again changes nothing.

    Each loss gets its dotted name, `type: paddleseg_losses.DiceLoss`, and its bare name where PaddleSeg has no loss of
    that name. PaddleSeg's own `CrossEntropyLoss`, `DiceLoss`, `FocalLoss`, `LovaszHingeLoss` and `LovaszSoftmaxLoss`
    stay what they are unless they are named here. The transforms of `paddleseg_losses.transforms` and the `UNet`
    of experiments get dotted names.

    A program that has imported `medicalseg` gets them in MedicalSeg's YAML files instead, or in both.

    Args:
        override: built-in losses of PaddleSeg to replace with ours: a name, several names, or "all".

    Returns:
        The names that now mean a loss of this package, with their classes.

    Raises:
        MissingDependencyError: PaddleSeg cannot be imported.
        UnknownLossError: `override` holds a name that is not one of our losses.
    """
    ours: dict[str, type] = {}
    for toolkit in _in_use():
        ours = register_in(toolkit, override) | ours
    return ours


def register_in(toolkit: Toolkit, override: str | Iterable[str] = ()) -> dict[str, type]:
    """The same for one toolkit."""
    known = built_in(toolkit)
    ours = available(known, override)
    medical = toolkit is MEDICALSEG
    # `add_component` would warn about every name that is taken
    known.update({name: adapted(cls) for name, cls in ours.items()} if medical else ours)
    transforms = {PREFIX + each.__name__: adapted_transform(each) if medical else each for each in TRANSFORMS}
    toolkit.manager().TRANSFORMS.components_dict.update(transforms)
    if not medical:  # whose images have a third axis
        toolkit.manager().MODELS.components_dict[PREFIX + UNet.__name__] = UNet
    return ours


def _in_use() -> list[Toolkit]:
    """Those that the program has imported; else the first that can be."""
    toolkits = [toolkit for toolkit in TOOLKITS if toolkit.imported]
    if toolkits:
        return toolkits
    try:
        PADDLESEG.manager()
    except MissingDependencyError:
        try:
            MEDICALSEG.manager()
        except MissingDependencyError:
            return [PADDLESEG]  # whose error is the helpful one
        return [MEDICALSEG]
    return [PADDLESEG]


def available(known: dict[str, type], override: str | Iterable[str] = ()) -> dict[str, type]:
    """The names that mean a loss of ours beside a toolkit's `known` ones."""
    replaced = _replaced(override)
    ours: dict[str, type] = {}
    for spec in registry.specs():
        ours[PREFIX + spec.name] = spec.cls
        meant = known.get(spec.name, spec.cls)
        if spec.name in replaced or getattr(meant, "loss_class", meant) is spec.cls:
            ours[spec.name] = spec.cls
    return ours


def built_in(toolkit: Toolkit = PADDLESEG) -> dict[str, type]:
    """A toolkit's own table of losses: what is written into it is what YAML files mean."""
    return toolkit.manager().LOSSES.components_dict  # type: ignore[no-any-return]


def import_manager() -> Any:
    """PaddleSeg's registry, or an error that says how to install it."""
    return PADDLESEG.manager()


def _replaced(override: str | Iterable[str]) -> set[str]:
    names = [override] if isinstance(override, str) else list(override)
    if "all" in names:
        return set(registry.names())
    try:
        return {registry.get(name).name for name in names}
    except UnknownLossError as error:
        raise UnknownLossError(
            _("{place}: {found}", place="override", found=error.found),
            _('"all", or {expected}', expected=error.expected),
            error.cure,
        ) from None

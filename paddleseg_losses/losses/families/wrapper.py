"""Losses around another one."""

from __future__ import annotations

from typing import Any, ClassVar

from paddle import nn

from ...errors import OptionError
from ...i18n import _
from ...registry import SupportedInputs
from ..base import Loss
from .inner import made, named, require_agreement
from .scalar import CompoundLoss


class WrapperLoss(CompoundLoss):
    """An inner loss of ours, which the final class calls in a way of its own; the hook is `terms`."""

    refused_inside: ClassVar[tuple[str, ...]] = ()  # classes that make no sense below it

    loss: Any  # an option that the final class declares, by `one_loss`

    def setup(self) -> None:
        """Build the inner loss; refuse what cannot be inside."""
        if getattr(self, "_made_of", None) is not self.loss:  # else the same object goes on
            self.layers = nn.LayerList([self._required(made(self.loss))])
            object.__setattr__(self, "loss", self.inner.to_config())  # already read
            self._made_of = self.loss
        self.require_use(self.inner)
        require_agreement(self, self.inner)

    def _required(self, inner: Any) -> Loss:
        outer, layers = type(self).__name__, inner.sublayers(include_self=True) if isinstance(inner, Loss) else [inner]
        if not isinstance(inner, Loss):
            raise OptionError(
                _("{outer}: {loss} is not a loss of this package.", outer=outer, loss=named(inner)),
                _("a loss of this package, or a WeightedSumLoss, which takes those of PaddleSeg too"),
                _("write for example {code}", code="loss: {type: paddleseg_losses.DiceLoss}"),
            )
        for name in {type(layer).__name__ for layer in layers} & set(self.refused_inside):
            raise OptionError(
                _("{outer}: there is a {loss} inside.", outer=outer, loss=name),
                _("none of {names}", names=", ".join(self.refused_inside)),
                _("give the loss inside the inner {loss} to the outer one", loss=name)
                if name == outer
                else _("put the {loss} around the {outer}, or beside it in a WeightedSumLoss", loss=name, outer=outer),
            )
        return inner

    def require_use(self, inner: Loss) -> None:
        """Refuse an inner loss that has no meaning here, by its options for example."""

    @property
    def inner(self) -> Loss:
        """The loss inside."""
        loss: Loss = self.layers[0]
        return loss

    @property
    def options(self) -> dict[str, Any]:
        """Every option with its value; the inner loss as it is now."""
        return {**super().options, "loss": self.inner.to_config()}

    @property
    def supported(self) -> SupportedInputs:
        """What the inner loss takes."""
        own = SupportedInputs(self.spec.modes, self.spec.soft, label_sets=self.spec.label_sets)
        return own.both(self.inner.supported)

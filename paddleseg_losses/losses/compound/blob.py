"""Every instance counts alike."""

from __future__ import annotations

from typing import Any

import paddle

from ...errors import InputError, OptionError
from ...functional.instances import Instances, instances, sums_of_views, views, views_together
from ...i18n import _
from ...inputs import Inputs, Tensor
from ...known_spacing import sample_alone
from ...options import number, one_loss, whole_or_none
from ...registry import SupportedInputs, registered
from ..base import Loss
from ..families import WrapperLoss, named
from ..refusals import no_label_sets


@registered(
    family="compound",
    title="Blob loss",
    purpose="every object counts alike, however small: each is also scored on its own",
    paper="Kofler et al., blob loss, IPMI 2023",
    link="https://arxiv.org/abs/2205.08209",
    equation="the definition of blob loss",
    range=(-float("inf"), float("inf")),
    suits=("small-objects", "missed-objects"),
    neighbours=True,
    one_vs_rest=False,
    background_special=True,
    dynamic_only=True,
    label_maps="Instances",
    example={"loss": {"type": "paddleseg_losses.DiceLoss"}},
)
class BlobLoss(WrapperLoss):
    r"""Minimises a loss on the whole image, and the same on each object alone; range (-inf, inf).

    Formula:
        L = alpha inner(z, y) + beta mean_n mean_b inner(z_n, y_n^b)
        inner(z, y): the loss inside, option `loss`
        y_n^b: labels of sample `n` in which all objects but `b` are ignored
        b: an object of sample `n`: connected pixels of one class other than the background; in a multilabel problem of
            one channel, which is then scored alone
        n: a sample that has objects

    When:
        For: many objects of unequal size, such as lesions, where the small ones matter as much. Against: one object, or
            touching objects that the labels do not tell apart.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D. `parts` holds the last value of each term, `whole` and `instances`.

    Reference:
        Kofler et al. 2023 (arXiv 2205.08209).

    Differences:
        The authors multiply the logits of the other objects by 0, so that with BCE each of their pixels costs log 2,
        however good the prediction. Here they are ignored. With Dice on probabilities both are the same.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import BlobLoss
        >>> logits = paddle.to_tensor([[[[2.0, 1.0, -1.0, -2.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[1, 1, 0, 0, 1]]])
        >>> loss = BlobLoss(loss="DiceLoss")
        >>> print(f"{float(loss(logits, labels)):.4f}", sorted(loss.parts))
        0.6241 ['instances', 'whole']

    YAML:
        loss:
          types:
            - type: BlobLoss
              loss:
                type: paddleseg_losses.DiceCELoss
          coef: [1]
    """

    refused_inside = ("BlobLoss", "DeepSupervisionLoss")

    loss: Any = one_loss(
        help="the loss of the whole image and of each object, with options of its own; those that all losses share "
        "stand beside it",
    )
    alpha: float = number(default=2.0, low=0.0, help="weight of the loss on the whole image")
    beta: float = number(default=1.0, low=0.0, help="weight of the mean over the objects")
    connectivity: int | None = whole_or_none(
        default=None,
        low=1,
        high=3,
        help="along how many axes pixels of an object that touch may differ: 1 is faces alone, None all axes",
    )

    def require_use(self, inner: Loss) -> None:
        """Refuse what has no meaning for one object of one sample."""
        for layer in inner.sublayers(include_self=True):
            if getattr(layer, "label_sets", None):
                raise no_label_sets("BlobLoss")
            if getattr(layer, "sync", False):
                raise OptionError(
                    _("BlobLoss: {loss} has {setting}.", loss=named(layer), setting="sync=True"),
                    _("sync=False: ranks with different numbers of objects would wait for each other for ever"),
                    _("omit sync"),
                )

    @property
    def supported(self) -> SupportedInputs:
        """What the inner loss takes: a channel of a multilabel problem is binary."""
        inner = super().supported
        modes = tuple(mode for mode in inner.modes if mode != "multilabel" or "binary" in inner.modes)
        return SupportedInputs(modes, logits_only=inner.logits_only)

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """The loss on the whole image, and its mean over the objects."""
        terms, factor = {}, self.inner.factor
        objects = self._instances(inputs) if self.beta else None
        if self.alpha or objects is None:
            terms["whole"] = (self.alpha * factor, self.inner.compute(inputs))
        if objects is not None:
            terms["instances"] = (self.beta * factor, self._mean(objects))
        return terms

    def _instances(self, inputs: Inputs) -> Instances | None:
        if not paddle.in_dynamic_mode():
            raise InputError(
                _("BlobLoss is called in a static graph."),
                _("dynamic mode: how many objects there are is known when the labels are"),
                _("leave the loss out of paddle.jit.to_static, or set full_graph=False"),
            )
        if self.connectivity is not None and self.connectivity > inputs.axes:
            raise OptionError(
                _(
                    "BlobLoss: connectivity={value} for an image with {axes} spatial axes.",
                    value=self.connectivity,
                    axes=inputs.axes,
                ),
                _("None, or a number from 1 to {axes}", axes=inputs.axes),
                _("omit connectivity: pixels then touch at corners too"),
            )
        return instances(inputs, self.connectivity)

    def _mean(self, objects: Instances) -> Tensor:
        sums = sums_of_views(objects, self.inner.requests)
        values = self.inner.each_sample(views_together(objects, sums)) if sums else None
        if values is None:
            each = []
            for sample, view in views(objects, sums):
                with sample_alone(sample):
                    each.append(self.inner.compute(view))
            values = paddle.stack(each)
        return (values * objects.weights).sum()

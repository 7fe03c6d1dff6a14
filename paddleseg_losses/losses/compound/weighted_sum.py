"""Any losses, added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import paddle
from paddle import nn

from ...errors import InputError, OptionError
from ...i18n import _
from ...i18n.counts import losses, numbers
from ...ignored_labels import IgnoredLabels
from ...inputs import Inputs, Tensor
from ...options import loss_list, numbers_or_none, options_of
from ...registry import SupportedInputs, registered
from ..base import Loss
from ..families import CompoundLoss, disagreement, made, named, require_agreement
from ..guards import zero_if_all_ignored
from ..refusals import no_pixel_weight_elsewhere


@registered(
    family="compound",
    order=11,
    title="Weighted sum",
    purpose="any losses together, in one PaddleSeg entry that returns one number",
    paper="no paper: a sum, paddleseg-losses 2026",
    link="https://arxiv.org/abs/2006.14822",
    equation="sum of coef times loss",
    range=(-float("inf"), float("inf")),
    soft=True,
    soft_minimum=False,
    one_vs_rest=False,
    published=False,
    example={"losses": ({"type": "paddleseg_losses.FocalLoss"}, {"type": "paddleseg_losses.DiceLoss"})},
    label_sets=True,
)
class WeightedSumLoss(CompoundLoss):
    r"""Minimises a weighted sum of losses, read from the same tensors once; range (-inf, inf).

    Formula:
        L = sum_k w_k L_k
        w_k: weight of the term, option `coef`
        L_k: the `k`-th term, option `losses`
        k: number of a term

    When:
        For: combinations that have no name, sums of sums, and sums with PaddleSeg's own losses. Against: two terms with
        the same purpose; a boundary term with a weight that drowns the others (see `parts`).

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; what every term takes.
        output: 0-D. `parts` holds the last value of each term, and of the terms of a compound as `ComboLoss.dice`;
            `weights` what it was multiplied by, which a `schedule` beside a term moves.

    Reference:
        None: the sum is ours; each term has its own paper.

    Differences:
        From PaddleSeg's MixedLoss: one number, `parts`, and labels that no term can overwrite. `ignore_index`,
        `label_sets`, `mode`, `from_logits` and `data_format` are those of the sum: losses that are not ours get logits
        [N, C, *S], and labels in which ignored pixels carry the value that those losses ignore.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import WeightedSumLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> loss = WeightedSumLoss(losses=["CrossEntropyLoss", {"type": "DiceLoss", "smooth": 1.0}], coef=[1, 0.5])
        >>> print(f"{float(loss(logits, labels)):.4f}", sorted(loss.parts))
        1.0510 ['CrossEntropyLoss', 'DiceLoss']

    YAML:
        loss:
          types:
            - type: WeightedSumLoss
              losses:
                - type: paddleseg_losses.FocalLoss
                - type: paddleseg_losses.DiceLoss
                  schedule: {kind: linear, start: 0.1, end: 1, steps: 4000}
              coef: [1, 0.5]
          coef: [1]
    """

    takes_pixel_weight = True

    losses: tuple[Any, ...] = loss_list(
        help="the terms: names, mappings with `type`, or losses; PaddleSeg's own too",
    )
    coef: tuple[float, ...] | None = numbers_or_none(default=None, help="weight of each term, 1 if None")

    def setup(self) -> None:
        """Build the terms; refuse what they cannot share."""
        built = self._made_terms()
        self.terms_by_name = _named(built)
        self.layers = nn.LayerList([term for term in self._leaves() if isinstance(term, nn.Layer)])
        for term in self._leaves():
            self._require_agreement(term)
        if sum(map(_rebalances, built)) > 1:
            raise OptionError(
                _("WeightedSumLoss: two terms have a schedule of kind rebalance."),
                _("one such term: the others share what it leaves"),
                _("make the other schedules linear"),
            )
        if self.coef is not None and len(self.coef) != len(built):
            raise OptionError(
                _(
                    "WeightedSumLoss: {losses}, but coef has {numbers}.",
                    losses=losses(len(built)),
                    numbers=numbers(len(self.coef)),
                ),
                _("one number for each loss"),
                _("give coef {numbers}", numbers=numbers(len(built))),
            )

    def refusal_of_pixel_weight(self) -> InputError | None:
        """That of the first term that does not take them."""
        refusals = (
            term.refusal_of_pixel_weight() if isinstance(term, Loss) else no_pixel_weight_elsewhere(type(term).__name__)
            for term in self._leaves()
        )
        return next((refusal for refusal in refusals if refusal is not None), None)

    def _made_terms(self) -> list[Any]:
        """The terms: the same objects for as long as `losses` is not set anew."""
        if getattr(self, "_made_of", None) is not self.losses:
            self._terms = [made(item) for item in self.losses]
            configs = tuple(term.to_config() if isinstance(term, Loss) else term for term in self._terms)
            object.__setattr__(self, "losses", configs)  # already read
            self._made_of = configs
        return self._terms

    @property
    def options(self) -> dict[str, Any]:
        """Every option with its value; the terms as they are now."""
        terms = self.terms_by_name.values()
        now = tuple(term.to_config() if isinstance(term, Loss) else term for term in terms)
        return {**super().options, "losses": now}

    @property
    def supported(self) -> SupportedInputs:
        """What every term takes."""
        foreign = SupportedInputs(self.spec.modes, soft=False)
        common = SupportedInputs(self.spec.modes, self.spec.soft, label_sets=self.spec.label_sets)
        for term in self._leaves():
            common = common.both(term.supported if isinstance(term, Loss) else foreign)
        if not common.modes:
            ours = [term for term in self._leaves() if isinstance(term, Loss)]
            kinds = [f"{type(term).__name__}: {', '.join(term.supported.modes)}" for term in ours]
            raise OptionError(
                _("WeightedSumLoss: no kind of problem is supported by all terms ({kinds}).", kinds="; ".join(kinds)),
                _("terms that support the same kind of problem"),
                _("replace one of them"),
            )
        return common

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Every term's value, with its weight at this step."""
        weights = self._weights()
        return {
            name: (weight, self._value(term, inputs))
            for weight, (name, term) in zip(weights, self.terms_by_name.items())
        }

    def _weights(self) -> list[float]:
        """The coefficients times the schedules; a term that rebalances leaves the others what is left to 1."""
        terms = list(self.terms_by_name.values())
        factors = [getattr(term, "factor", 1.0) for term in terms]
        for term, left in [(term, 1.0 - factor) for term, factor in zip(terms, factors) if _rebalances(term)]:
            factors = [factor if other is term else factor * left for other, factor in zip(terms, factors)]
        return [weight * factor for weight, factor in zip(self.coef or (1.0,) * len(terms), factors)]

    @property
    def last(self) -> dict[str, tuple[float, Tensor]]:
        """Weight and value of each term in the last call, and of the terms of compounds."""
        terms = super().last
        for name, term in self.terms_by_name.items():
            terms.update({f"{name}.{part}": pair for part, pair in getattr(term, "last", {}).items()})
        return terms

    @property
    def parts(self) -> dict[str, float]:
        """Last value of each term; where a term has a schedule, the weights that they had too, as `DiceLoss.weight`."""
        values = super().parts
        if any(getattr(term, "schedule", None) for term in self.terms_by_name.values()):
            values.update({f"{name}.weight": self.weights[name] for name in self.terms_by_name if name in values})
        return values

    def _leaves(self) -> Iterator[Any]:
        """The terms, with those of PaddleSeg's MixedLoss instead of itself."""
        for term in self.terms_by_name.values():
            yield from _unmixed(term)

    def _value(self, term: Any, inputs: Inputs) -> Tensor:
        if isinstance(term, Loss):
            value: Tensor = term.compute(inputs)
            return zero_if_all_ignored(value, inputs) if self.pools_ranks and not term.pools_ranks else value
        if _mixes(term):  # its terms would see each other's labels
            parts = zip(term.coef, term.losses)
            return sum(coef * getattr(part, "factor", 1.0) * self._value(part, inputs) for coef, part in parts)
        # On labels of its own: PaddleSeg's DiceLoss writes over them.
        ignored = paddle.full_like(inputs.labels, _ignored_by(term, IgnoredLabels(self.ignore_index).one))
        labels = paddle.where(inputs.valid, inputs.labels, ignored)
        value = term(inputs.logits, labels.squeeze(1) if labels.shape[1] == 1 else labels)
        value = sum(value) if isinstance(value, (list, tuple)) else value
        if value.size != 1:
            raise InputError(
                _(
                    "WeightedSumLoss: {loss} returns a tensor of shape {shape}.",
                    loss=type(term).__name__,
                    shape=list(value.shape),
                ),
                _("terms that are a single number each"),
                _("give it reduction='mean'"),
            )
        return value.reshape([])

    def _require_agreement(self, term: Any) -> None:
        if not isinstance(term, Loss):
            return self._require_use(term)
        return require_agreement(self, term)

    def _require_use(self, term: Any) -> None:
        """Refuse what a loss that is not ours would misunderstand."""
        name, sums = type(term).__name__, IgnoredLabels(self.ignore_index)
        ignored = _ignored_by(term, sums.one)
        if name == "KLLoss" or (name == "BCELoss" and getattr(term, "edge_label", False)):
            raise OptionError(
                _("WeightedSumLoss: {loss} compares with something other than labels.", loss=name),
                _("terms that are called with logits and labels"),
                _("make it an entry of its own in loss.types, where PaddleSeg's trainer recognizes it by name"),
            )
        if ignored >= 0 and ignored not in sums.every and ignored != options_of(type(self))["ignore_index"].default:
            raise disagreement(self, name, "ignore_index", ignored)
        if getattr(term, "data_format", "NCHW") == "NHWC":
            raise OptionError(
                _("{outer}: {loss} has {setting}.", outer="WeightedSumLoss", loss=name, setting="data_format='NHWC'"),
                _("data_format only at the sum: its terms get the channels first"),
                _("move {option} from {loss} to {outer}", option="data_format", loss=name, outer="WeightedSumLoss"),
            )


def _named(terms: list[Any]) -> dict[str, Any]:
    """The terms by the names of their classes, numbered from the second of a class on."""
    names = list(map(named, terms))
    earlier = [names[:place].count(name) for place, name in enumerate(names)]
    return {f"{name}_{n + 1}" if n else name: term for name, n, term in zip(names, earlier, terms)}


def _mixes(term: Any) -> bool:
    return type(term).__name__ == "MixedLoss"


def _unmixed(term: Any) -> Iterator[Any]:
    if not _mixes(term):
        yield term
        return
    for part in term.losses:
        yield from _unmixed(part)


def _ignored_by(term: Any, otherwise: int) -> int:
    index = getattr(term, "ignore_index", None)
    return index if isinstance(index, int) else otherwise


def _rebalances(term: Any) -> bool:
    return (getattr(term, "schedule", None) or {}).get("kind") == "rebalance"

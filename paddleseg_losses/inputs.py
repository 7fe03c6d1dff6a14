"""Clean tensors of one call, and what all losses derive from them.

Ignored pixels are settled for all losses: their scores are replaced by 0 through `where` (and skipped by the kernels),
so the value cannot depend on them, their gradient is exactly 0, and an infinity there does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Callable, TypeVar

import paddle

from . import numeric, softmax
from .cached_in_graph import cached_in_graph
from .kernels import find
from .labelled import Labelled
from .problem import Problem
from .shares import Shares, excess, likelihood, log_odds

Tensor = Any
Value = TypeVar("Value")

CLIP = 1e-7  # logarithms of given probabilities stop here


@dataclass(frozen=True, eq=False)
class Inputs(Labelled):
    """Clean tensors of one call: labels and probabilities.

    Attributes:
        pixel_weight: float `[N, 1, *S]`, or None.
        invalid: whether an unchecked value was out of range, bool or bool 0-D; None if that is not known.
        any_valid: whether any pixel counts, bool or bool 0-D.
        class_counts: number of labels of each class, as the native kernel counts them, if that is known.
        cache: what the formulas have computed, which the terms of a compound share.
        requests: the sums that will be asked for; see `functional.error_sums`.
    """

    pixel_weight: Tensor | None = None
    invalid: Tensor | bool | None = None
    any_valid: Tensor | bool = True
    class_counts: Any = None
    cache: dict[Any, Any] = field(default_factory=dict, repr=False)
    requests: dict[Any, None] = field(default_factory=dict, repr=False)

    def memoize(self, make: Callable[..., Value], *args: float) -> Value:
        """`make(self, *args)`, computed at most once."""
        key = (make, *args)
        if key not in self.cache:
            self.cache[key] = make(self, *args)
        return self.cache[key]  # type: ignore[no-any-return]

    def with_problem(self, problem: Problem) -> Inputs:
        """The same call with another problem; nothing computed is kept."""
        return replace(self, problem=problem, class_counts=None, cache={}, requests={})

    def with_logits(self, logits: Tensor) -> Inputs:
        """The same call with other logits."""
        problem = replace(self.problem, scores=logits, from_logits=True)
        return replace(self, problem=problem, cache={}, requests={})

    def restricted(self, valid: Tensor) -> Inputs:
        """The same call in which fewer pixels count; what does not depend on them is kept."""
        other = replace(self, problem=replace(self.problem, valid=valid), class_counts=None, cache={}, requests={})
        of_scores = ("scores", "_scores", "logits", "prob", "log_prob", "_likelihood", "_log_odds")
        kept = ("labels", "index", "_in_range", *of_scores)
        if paddle.in_dynamic_mode():  # in a static graph, what was computed under no_grad has no gradient
            vars(other).update({name: vars(self)[name] for name in kept if name in vars(self)})
        return other

    @property
    def unweighted(self) -> Inputs:
        """The same call without weights of pixels."""
        return self if self.pixel_weight is None else replace(self, pixel_weight=None, cache={}, requests={})

    def weighed(self, values: Tensor) -> Tensor:
        """Values of pixels, times the pixels' weights if there are any."""
        return values if self.pixel_weight is None else values * self.pixel_weight

    @cached_in_graph
    def weighted_mask(self) -> Tensor:
        """How much each pixel counts: its weight, else 1; 0 where ignored."""
        return self.weighed(self.mask)

    @cached_in_graph
    def _scores(self) -> Tensor:
        return paddle.where(self.valid, self.scores, paddle.zeros([], self.dtype))

    @cached_in_graph
    def logits(self) -> Tensor:
        """Logits, 0 where ignored; of given probabilities those that stop at the clip."""
        if self.problem.from_logits:
            return self._scores
        return self.log_prob if self.multiclass else self.log_prob - self.log_one_minus_prob

    @cached_in_graph
    def prob(self) -> Tensor:
        """Probability p `[N, C, *S]`; meaningless where ignored: multiply by `mask` or `target`."""
        if not self.problem.from_logits:
            return numeric.clipped(self._scores)
        kernel = find("probabilities", self.problem)
        if kernel is not None:
            return kernel(self.problem)
        if self.multiclass:
            return softmax.softmax(self.scores, self.valid)
        return numeric.sigmoids(self.logits)[0]

    @cached_in_graph
    def one_minus_prob(self) -> Tensor:
        """1 - p, which keeps its digits where p is nearly 1."""
        if not self.problem.from_logits:
            return 1 - self.prob
        return softmax.one_minus_shares(self.prob) if self.multiclass else numeric.sigmoids(self.logits)[1]

    @cached_in_graph
    def scored_by_prob(self) -> Problem:
        """The problem whose scores are the probabilities, for kernels that work on those."""
        return replace(self.problem, scores=self.prob, from_logits=True)

    @cached_in_graph
    def signed_prob(self) -> Tensor:
        """Probabilities with all their digits: of the true class p - 1 where p > 1/2 (p = 1 is -0), else p."""
        kernel = find("probabilities", self.problem)
        if kernel is not None:
            return kernel(self.problem, signed=True)
        negated = self.error * paddle.full([], -1.0, self.dtype)  # Paddle's minus makes 0 of 0, not -0
        negated = negated.expand_as(self.prob)  # and so does a `where` of Paddle 2.6 that broadcasts
        return paddle.where(paddle.logical_and(self.positive, self.prob > 0.5), negated, self.prob + 0.0)  # no -0

    @cached_in_graph
    def folded_prob(self) -> Tensor:
        """Probabilities with all their digits, whatever the labels: p - 1 where p > 1/2 (p = 1 is -0), else p."""
        kernel = find("folded_probabilities", self.problem)
        if kernel is not None:
            return kernel(self.problem)
        negated = self.one_minus_prob * paddle.full([], -1.0, self.dtype)  # Paddle's minus makes 0 of 0, not -0
        return paddle.where(self.prob > 0.5, negated, self.prob + 0.0)  # no -0

    @property
    def of_probabilities(self) -> Problem:
        """The problem to find kernels for that work on probabilities, which are not computed yet."""
        return replace(self.problem, from_logits=True)

    @cached_in_graph
    def scored_by_signed_prob(self) -> Problem:
        """The problem whose scores are these, for kernels that work on them."""
        return replace(self.problem, scores=self.signed_prob, from_logits=True)

    @cached_in_graph
    def scored_by_folded_prob(self) -> Problem:
        """The problem whose scores are the folded ones."""
        return replace(self.problem, scores=self.folded_prob, from_logits=True)

    @property
    def for_labels(self) -> Problem:
        """The problem for kernels that read labels alone, or do not care what the scores are."""
        return self.problem if self.problem.from_logits else self.scored_by_prob

    @cached_in_graph
    def log_prob(self) -> Tensor:
        """Log p `[N, C, *S]`."""
        if not self.problem.from_logits:
            return paddle.log(self.prob.clip(CLIP, 1.0))
        return softmax.log_softmax(self.logits) if self.multiclass else -numeric.softplus(-self.logits)

    @cached_in_graph
    def log_one_minus_prob(self) -> Tensor:
        """log(1 - p) `[N, C, *S]`: every channel against the rest."""
        if not self.problem.from_logits:
            return self._log_rest(self.prob)
        return -numeric.softplus(softmax.one_vs_rest(self.logits) if self.multiclass else self.logits)

    @staticmethod
    def _log_rest(p: Tensor) -> Tensor:
        """Log(1 - p) of given probabilities; 1 - p of a small one would be rounded."""
        large = p > 0.5
        small = paddle.where(large, paddle.zeros([], p.dtype), p)
        return paddle.where(large, paddle.log((1 - p).clip(CLIP, 1.0)), paddle.log1p(-small))

    @cached_in_graph
    def prob_true(self) -> Tensor:
        """Probability of the true label, `[N, 1, *S]` (multilabel: `[N, C, *S]`); hard labels only."""
        if not self.problem.from_logits:
            return self.at_label(self.prob) if self.multiclass else self._of_side(self.prob, self.one_minus_prob)
        return paddle.exp(-self.nll) if self._by_shares else numeric.sigmoid(-self._log_odds)

    @cached_in_graph
    def error(self) -> Tensor:
        """Probability of the wrong labels together: 1 - `prob_true`, which keeps its digits near 0."""
        if not self.problem.from_logits:
            return 1 - self.prob_true if self.multiclass else self._of_side(self.one_minus_prob, self.prob)
        return self._likelihood[0] if self._by_shares else numeric.sigmoid(self._log_odds)

    @cached_in_graph
    def nll(self) -> Tensor:
        """Minus the logarithm of `prob_true`."""
        if self.problem.from_logits:
            return self._likelihood[1] if self._by_shares else numeric.softplus(self._log_odds)
        if self.multiclass:
            return -paddle.log(self.prob_true.clip(CLIP, 1.0))
        return -self._of_side(self.log_prob, self.log_one_minus_prob)

    @property
    def log_prob_true(self) -> Tensor:
        """Logarithm of `prob_true`."""
        return -self.nll

    @cached_in_graph
    def excess(self) -> Tensor:
        """Probability minus target, p - g `[N, C, *S]`, which keeps its digits near 0; meaningless where ignored."""
        if self.soft:
            return paddle.where(self.target > 0.5, (1 - self.target) - self.one_minus_prob, self.prob - self.target)
        if self.of_one_label:
            return excess(self.shares)
        return paddle.where(self.positive, -self.error, self.prob if self.multiclass else self.error)

    def _of_side(self, positive: Tensor, negative: Tensor) -> Tensor:
        """What belongs to each pixel's label where each channel has one of its own."""
        return paddle.where(self.positive, positive, negative)

    @property
    def masked_excess(self) -> Tensor:
        """`excess`, 0 where ignored."""
        return self.excess if self.of_one_label else self.excess * self.mask

    @property
    def of_one_label(self) -> bool:
        """Whether logits compete for one label of each pixel, and gradients can be our own: fewer passes are enough."""
        several = self.soft or self.problem.label_sets
        return self.multiclass and self.problem.from_logits and not several and paddle.in_dynamic_mode()

    @cached_in_graph
    def shares(self) -> Shares:
        """Probabilities of competing classes, for operations that know the labels."""
        return Shares(self.scores, self.index, self.valid)

    @property
    def _by_shares(self) -> bool:
        """Whether error and `nll` are made of `shares`, because another term reads those: log-odds alone cost less."""
        known = vars(self)
        if "_log_odds" in known or "_likelihood" in known:
            return "_likelihood" in known
        return self.of_one_label and ("shares" in known or any(spec.reads_shares for spec in self.requests))

    @cached_in_graph
    def _likelihood(self) -> tuple[Tensor, Tensor]:
        """Error and `nll` from the shares."""
        return likelihood(self.shares)

    @cached_in_graph
    def _log_odds(self) -> Tensor:
        """Of the error: all that a loss of the true label's probability needs."""
        if self.problem.label_sets:
            return softmax.log_odds(self.logits, self._candidate, self.negative)
        if self.of_one_label:
            return log_odds(self.scores, self.index, self.valid)
        if self.multiclass:
            return softmax.log_odds_against(self.scores, self.index, self.negative)
        return self._of_side(-self.logits, self.logits)


@dataclass(frozen=True, eq=False)
class Outputs(Inputs):
    """Clean tensors of several outputs of a model. The call is valid where all of them are.

    Attributes:
        levels: one for each output; None for those that are left out.
    """

    levels: tuple[Inputs | None, ...] = ()

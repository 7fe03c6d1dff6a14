"""Which losses to try on a dataset, from its masks and from what the experiment measured."""

from .proposals import Proposal as Proposal
from .proposals import Suggestion as Suggestion
from .proposals import suggest as suggest

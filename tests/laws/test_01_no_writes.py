"""Law 1: a loss never writes to logits, labels or weights."""

from .scenes import hold

test_law = hold(1)

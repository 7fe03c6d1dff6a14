"""Law 1: a loss never writes to logits, labels or weights, nor to the gradient of another use of the logits."""

from .cases import property_test

test_law = property_test(1)

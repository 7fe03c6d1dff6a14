"""Law 8: finite value and gradient for every logit up to 1e4 and every exponent."""

from .cases import property_test

test_law = property_test(8)

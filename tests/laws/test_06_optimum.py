"""Law 6: values stay in the stated range, the perfect prediction is the minimum, and descent descends."""

from .cases import property_test

test_law = property_test(6)

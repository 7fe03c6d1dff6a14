"""Law 4: the same problem written differently has the same loss."""

from .cases import property_test

test_law = property_test(4)

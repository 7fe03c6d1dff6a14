"""Law 5: order carries no meaning: of classes, of samples, and of pixels or axes."""

from .cases import property_test

test_law = property_test(5)

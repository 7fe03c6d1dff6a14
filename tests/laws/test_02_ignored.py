"""Law 2: nothing depends on the logits of ignored pixels, and no gradient reaches them."""

from .cases import property_test

test_law = property_test(2)

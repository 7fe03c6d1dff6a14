"""Law 3: with everything ignored the loss is 0, attached to the graph, with a gradient of 0."""

from .cases import property_test

test_law = property_test(3)

"""Law 7: the gradient equals finite differences in float64.

Detached quantities (distance maps, increments) are constant between jumps, and the steps are too small to cross one;
those that move smoothly are held at their first value.
"""

from .cases import property_test

test_law = property_test(7)

"""Law 7: the gradient equals finite differences in float64.

Detached quantities (distance maps, increments) are constant between jumps, and the steps are too small to cross one;
those that move smoothly are held at their first value.
"""

from .scenes import hold

test_law = hold(7)

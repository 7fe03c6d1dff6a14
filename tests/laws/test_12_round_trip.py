"""Law 12: text rebuilds a loss; defaults work; unknown options are refused with the nearest name."""

import paddleseg_losses
from paddleseg_losses import registry

from .cases import property_test

test_law = property_test(12)


def test_the_package_itself_is_enough_to_evaluate_a_repr():
    for spec in registry.specs():
        loss = spec.cls(**spec.example)
        assert eval(repr(loss), vars(paddleseg_losses)).options == loss.options

"""Any loss by its name, and a problem that it takes."""

import paddle

from paddleseg_losses import registry

t = paddle.to_tensor


def build(name, **options):
    """The loss with the options that its example asks for."""
    return registry.build(name, **{**registry.get(name).example, **options})


def problem(name, logits, labels):
    """As many channels of the logits as it takes, and labels for them."""
    spec = registry.get(name)
    channels = (spec.most_classes or 3) if "multiclass" in spec.modes else 1
    return logits[:, :channels], labels % max(channels, 2)

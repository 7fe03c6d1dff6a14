"""A U-Net whose size can be chosen, for experiments: PaddleSeg's own has 13 million weights at the least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle
from paddle import nn
from paddle.nn import functional as F


class UNet(nn.Layer):
    """The U-Net of Ronneberger et al. 2015 with padding, batch normalization and bilinear enlargement.

    Args:
        num_classes: output channels.
        channels: of each level, from the finest.
        convolutions: at each level, on the way down and on the way up.
        in_channels: of the image.

    ```yaml
    model:
      type: paddleseg_losses.UNet
      num_classes: 2
      channels: [8, 16, 32]
    ```
    """

    def __init__(
        self,
        num_classes: int,
        channels: Sequence[int] = (32, 64, 128, 256),
        convolutions: int = 2,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        steps = list(zip((in_channels, *channels), channels))
        self.down = nn.LayerList([_block(before, after, convolutions) for before, after in steps])
        self.narrow = nn.LayerList(
            [nn.Conv2D(below, beside, 1) for beside, below in zip(channels[-2::-1], channels[:0:-1])]
        )
        self.up = nn.LayerList([_block(2 * beside, beside, convolutions) for beside in channels[-2::-1]])
        self.head = nn.Conv2D(channels[0], num_classes, 1)

    def forward(self, image: Any) -> list[Any]:
        """Logits `[N, num_classes, H, W]`, in a list as PaddleSeg wants them."""
        levels: list[Any] = []
        features = image
        for block in self.down:
            features = block(F.max_pool2d(features, 2, ceil_mode=True) if levels else features)
            levels.append(features)
        for narrow, block, beside in zip(self.narrow, self.up, levels[-2::-1]):
            larger = F.interpolate(narrow(features), beside.shape[2:], mode="bilinear", align_corners=False)
            features = block(paddle.concat([beside, larger], axis=1))
        return [self.head(features)]


def _block(before: int, after: int, convolutions: int) -> Any:
    layers: list[Any] = []
    for _step in range(convolutions):
        layers += [nn.Conv2D(before, after, 3, padding=1, bias_attr=False), nn.BatchNorm2D(after), nn.ReLU()]
        before = after
    return nn.Sequential(*layers)

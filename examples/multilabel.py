"""Labels that do not exclude each other: a channel and a sigmoid for each, and labels that are not always known."""

import paddle
from shapes import batch, dice

from paddleseg_losses import DiceCELoss

NAMES = ["ball", "bright part"]  # the second lies inside the first


def overlapping(labels: paddle.Tensor) -> paddle.Tensor:
    """Labels `[N, C, H, W]` of 0 and 1: a pixel may bear both."""
    return paddle.stack([labels >= 1, labels == 2], axis=1).astype("int64")


paddle.seed(0)
model = paddle.nn.Sequential(
    paddle.nn.Conv2D(1, 16, 5, padding=2), paddle.nn.ReLU(), paddle.nn.Conv2D(16, len(NAMES), 5, padding=2)
)
optimizer = paddle.optimizer.Adam(1e-2, parameters=model.parameters())
loss = DiceCELoss(mode="multilabel")  # two channels of labels would tell it, too

for step in range(80):
    images, labels = batch(4, (40, 56), seed=step)
    labels = overlapping(labels)
    labels[:2, 1] = 255  # of half the images nobody marked the bright part: only the first channel teaches there
    value = loss(model(images), labels)
    value.backward()
    optimizer.step()
    optimizer.clear_grad()
    if step % 20 == 0:
        print(f"step {step:2d}  loss {float(value):.3f}")

images, labels = batch(24, (40, 56), seed=1000)
predicted, truth = model(images) > 0, overlapping(labels) == 1
for k, name in enumerate(NAMES):
    print(f"Dice of the {name} on new images: {dice(predicted[:, k], truth[:, k]):.3f}")
both = paddle.logical_and(predicted[:, 0], predicted[:, 1]).astype("int64").sum()
print(f"pixels that bear both labels: {int(both)}")

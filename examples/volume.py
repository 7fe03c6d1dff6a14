"""Volumes: logits [N, C, D, H, W], and voxels that are not cubes.

Slices lie 3 mm apart, pixels 1 mm: `spacing` makes the distances of a boundary loss millimetres.
"""

import paddle
from shapes import batch, dice

from paddleseg_losses import WeightedSumLoss

SPACE, SPACING = (12, 24, 28), [3.0, 1.0, 1.0]

paddle.seed(0)
model = paddle.nn.Sequential(
    paddle.nn.Conv3D(1, 12, 5, padding=2),
    paddle.nn.ReLU(),
    paddle.nn.Conv3D(12, 12, 3, padding=1),
    paddle.nn.ReLU(),
    paddle.nn.Conv3D(12, 2, 1),
)
optimizer = paddle.optimizer.Adam(1e-2, parameters=model.parameters())
loss = WeightedSumLoss(
    losses=["CrossEntropyLoss", "DiceLoss", {"type": "BoundaryLoss", "spacing": SPACING}], coef=[1, 1, 0.02]
)

for step in range(60):
    images, labels = batch(2, SPACE, seed=step)
    labels = labels.clip(max=1)  # the whole ball
    value = loss(model(images), labels)
    value.backward()
    optimizer.step()
    optimizer.clear_grad()
    if step % 15 == 0:
        terms = ", ".join(f"{name} {term:.3f}" for name, term in loss.parts.items())
        print(f"step {step:2d}  loss {float(value):.3f}  ({terms})")

images, labels = batch(8, SPACE, seed=1000)
logits = model(images)
print(f"logits {list(logits.shape)}, labels {list(labels.shape)}")
print(f"Dice of the ball in new volumes: {dice(logits.argmax(axis=1) == 1, labels >= 1):.3f}")

"""The smallest training loop: Paddle alone, one of the losses, and what its terms say on the way."""

import paddle
from shapes import batch, dice

from paddleseg_losses import ComboLoss

paddle.seed(0)
model = paddle.nn.Sequential(
    paddle.nn.Conv2D(1, 16, 5, padding=2),
    paddle.nn.ReLU(),
    paddle.nn.Conv2D(16, 16, 5, padding=2),
    paddle.nn.ReLU(),
    paddle.nn.Conv2D(16, 3, 1),  # a logit for each of three classes; the loss does the softmax
)
optimizer = paddle.optimizer.Adam(1e-2, parameters=model.parameters())
loss = ComboLoss()  # cross entropy and Dice, half each

for step in range(60):
    images, labels = batch(4, (40, 56), seed=step)
    labels[:, :2] = 255  # say that the upper rows are unknown: they count for nothing
    value = loss(model(images), labels)
    value.backward()
    optimizer.step()
    optimizer.clear_grad()
    if step % 10 == 0:
        terms = ", ".join(f"{name} {term:.3f}" for name, term in loss.parts.items())
        print(f"step {step:2d}  loss {float(value):.3f}  ({terms})")

images, labels = batch(16, (40, 56), seed=1000)
predicted = model(images).argmax(axis=1)
for k, name in enumerate(["noise", "large ball", "small ball"]):
    print(f"Dice of the {name} on new images: {dice(predicted == k, labels == k):.3f}")

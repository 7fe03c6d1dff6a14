"""One foreground class: the same model under three losses, and what each of them buys.

The foreground is a few pixels in a hundred. One channel is enough: a sigmoid makes it a probability.
"""

import paddle
from shapes import batch, dice

from paddleseg_losses import BinaryCrossEntropyLoss, DiceLoss, TverskyLoss


def trained(loss: paddle.nn.Layer) -> paddle.nn.Layer:
    """A small model after some steps with a loss; all start alike and see the same images."""
    paddle.seed(0)
    model = paddle.nn.Sequential(
        paddle.nn.Conv2D(1, 12, 5, padding=2), paddle.nn.ReLU(), paddle.nn.Conv2D(12, 1, 5, padding=2)
    )
    optimizer = paddle.optimizer.Adam(1e-2, parameters=model.parameters())
    for step in range(80):
        images, labels = batch(4, (40, 56), seed=step)
        loss(model(images), (labels == 2).astype("int64")).backward()  # logits [N, 1, H, W], labels [N, H, W]
        optimizer.step()
        optimizer.clear_grad()
    return model


images, labels = batch(24, (40, 56), seed=1000)
truth = labels == 2
print(f"foreground: {100 * float(truth.astype('float32').mean()):.1f} % of the pixels\n")
losses = {
    "BinaryCrossEntropyLoss()": BinaryCrossEntropyLoss(),
    "DiceLoss()": DiceLoss(),
    "TverskyLoss(alpha=0.1, beta=0.9)": TverskyLoss(alpha=0.1, beta=0.9),
}
print(f"{'loss':<34}  Dice  found  right")
for name, loss in losses.items():
    predicted = trained(loss)(images).squeeze(1) > 0  # a logit above 0 is a probability above a half
    both = paddle.logical_and(predicted, truth).astype("float32").sum()
    recall, precision = (float(both / mask.astype("float32").sum()) for mask in (truth, predicted))
    print(f"{name:<34}  {dice(predicted, truth):.2f}   {recall:.2f}   {precision:.2f}")
print("\nfound: share of the foreground that is found; right: share of what is found that is foreground.")
print("beta > alpha weighs misses more than false alarms: more is found, and less of it is correct.")

import pickle

import paddle
from medicalseg.cvlibs import manager


@manager.LOSSES.add_component
class MultipleLoss(paddle.nn.Layer):
    def __init__(self, losses, coef, ignore_index=255, plan_path=None, stage=None):
        super().__init__()
        self.loss = losses[0]
        with open(plan_path, "rb") as file:
            levels = len(pickle.load(file)["plans_per_stage"][stage]["pool_op_kernel_sizes"])
        weights = [0.5**level if level < levels - 1 or level == 0 else 0.0 for level in range(levels)]
        self.weight_factors = [weight / sum(weights) for weight in weights]

    def forward(self, logits, labels):
        total, dice = self.loss(logits[0], labels[0])
        total = self.weight_factors[0] * total
        for level in range(1, len(logits)):
            if self.weight_factors[level]:
                total += self.weight_factors[level] * self.loss(logits[level], labels[level])[0]
        return total, dice

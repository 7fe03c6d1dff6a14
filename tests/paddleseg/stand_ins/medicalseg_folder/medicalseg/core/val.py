"""Evaluation looks at the loss of the first head, on logits without their batch axis."""

import numpy as np
import paddle

from medicalseg.utils import logger, loss_computation


def evaluate(model, eval_dataset, losses, num_workers=0, save_dir=None, is_save_data=True, has_dataset_json=True):
    first = {"types": losses["types"][:1], "coef": losses["coef"][:1]}
    model.eval()
    loader = paddle.io.DataLoader(eval_dataset, batch_size=1, num_workers=num_workers, return_list=True)
    total, dices = 0.0, []
    with paddle.no_grad():
        for image, label, _path in loader:
            logits = model(image)[0]
            values, dice = loss_computation(logits, label.astype("int32"), first)
            total += sum(values).numpy()
            dices.append(dice)
    total = total / len(loader)
    logger.info(f"[EVAL] Dice: {np.mean(dices):.4f}, Loss: {total[0]:6f}")
    return {"mdice": np.mean(dices)}

"""The loop: it goes on to the end of the epoch, and divides the Dice of a loss that gives none."""

import os

import numpy as np
import paddle

from medicalseg.core.val import evaluate
from medicalseg.utils import logger, loss_computation, resume, train_profiler


def train(
    model,
    train_dataset,
    val_dataset=None,
    optimizer=None,
    save_dir="output",
    iters=10,
    batch_size=2,
    resume_model=None,
    save_interval=1000,
    log_iters=10,
    num_workers=0,
    use_vdl=False,
    losses=None,
    profiler_options=None,
    is_save_data=True,
    has_dataset_json=True,
):
    model.train()
    step = resume(model, optimizer, resume_model) if resume_model else 0
    sampler = paddle.io.DistributedBatchSampler(train_dataset, batch_size=batch_size, shuffle=True)
    loader = paddle.io.DataLoader(train_dataset, batch_sampler=sampler, num_workers=num_workers, return_list=True)
    total, dice_sum, best = 0.0, 0.0, -1.0
    while step < iters:
        for data in loader:
            images, labels = data[0], data[1].astype("int32")
            values, dice = loss_computation(logits_list=model(images), labels=labels, losses=losses)
            loss = sum(values)
            loss.backward()
            optimizer.step()
            step += 1
            train_profiler.add_profiler_step(profiler_options)
            model.clear_gradients()
            total, dice_sum = total + float(loss), dice_sum + np.mean(dice) * 100
            if step % log_iters == 0:
                logger.info(
                    f"[TRAIN] iter: {step}/{iters}, loss: {total / log_iters:.4f}, DSC: {dice_sum / log_iters:.4f}"
                )
                total = dice_sum = 0.0
            if step % save_interval == 0 or step == iters:
                os.makedirs(os.path.join(save_dir, f"iter_{step}"), exist_ok=True)
                paddle.save(model.state_dict(), os.path.join(save_dir, f"iter_{step}", "model.pdparams"))
                if val_dataset is not None:
                    best = max(best, evaluate(model, val_dataset, losses, has_dataset_json=has_dataset_json)["mdice"])
                    model.train()

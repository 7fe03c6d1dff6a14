"""Its loop: the dataset makes the batches."""

import numpy as np
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
    precision="fp32",
    profiler_options=None,
):
    model.train()
    step = resume(model, optimizer, resume_model) if resume_model else 0
    while step < iters:
        for data in train_dataset:
            values, dice = loss_computation(logits_list=model(data[0]), labels=data[1], losses=losses)
            loss = sum(values)
            loss.backward()
            optimizer.step()
            step += 1
            if step > iters:
                break
            train_profiler.add_profiler_step(profiler_options)
            model.clear_gradients()
            if step % log_iters == 0:
                logger.info(f"[TRAIN] iter: {step}/{iters}, loss: {float(loss):.4f}, DSC: {np.mean(dice) * 100:.4f}")

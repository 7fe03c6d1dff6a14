import os

import paddle


def resume(model, optimizer, resume_model):
    model.set_state_dict(paddle.load(os.path.join(resume_model, "model.pdparams")))
    return int(resume_model.rpartition("_")[2])

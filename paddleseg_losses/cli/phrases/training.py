"""What is said before and during a training, and by the command line itself, in Chinese."""

BOOK = {
    "PaddleSeg cannot use {}: {}": "PaddleSeg 无法使用 {0}：{1}",
    "a configuration that PaddleSeg can build": "PaddleSeg 能够构建的配置",
    "The model has {} output(s), the file losses for {}.": "模型有 {0} 个输出，而文件中的损失对应 {1} 个输出。",
    "a coefficient for each of the {} outputs": "{0} 个输出各一个系数",
    "The images of a batch differ in size: {}.": "同一批次的图像大小不一：{0}。",
    "transforms that make all images alike": "让所有图像大小一致的 transforms",
    "add {} with {} to the transforms of train_dataset": "在 train_dataset 的 transforms 中加入 {0}（{1}）",
    "{}: labels hold {}.": "{0}：标签中含有 {1}。",
    "{} to {}, or ignore_index={}": "{0} 到 {1}，或 ignore_index={2}",
    "if {} marks pixels to leave out, set ignore_index={}; else raise the number of classes": (
        "若 {0} 表示要忽略的像素，请设置 ignore_index={1}；否则增大类别数"
    ),
    "write one loss in `types` and {} numbers in `coef`; losses of the same output belong into one MixedLoss, "
    "or use a compound such as ComboLoss": (
        "在 `types` 中写一个损失，在 `coef` 中写 {0} 个数；同一输出的多个损失应放进一个 MixedLoss，"
        "或使用 ComboLoss 等复合损失"
    ),
    "{} (`paddleseg-losses check {}` shows all)": "{0}（`paddleseg-losses check {1}` 会列出全部错误）",
    "PaddleSeg knows nothing called {}.": "PaddleSeg 中没有名为 {0} 的组件。",
    "a model, backbone, dataset, transform, loss or optimizer of PaddleSeg": (
        "PaddleSeg 的模型、骨干网络、数据集、变换、损失或优化器"
    ),
    "look for the name in PaddleSeg's documents": "在 PaddleSeg 的文档中查找名称",
    "correct its section of the file": "改正文件中的这一节",
    "correct what it names": "改正它指出的问题",
    # flags
    "--{} is set, but PaddleSeg {} knows nothing of it.": "给出了 --{0}，但 PaddleSeg {1} 不支持它。",
    "flags that it knows": "它支持的选项",
    "leave the flag out, or clone PaddleSeg and use its newest code: `paddleseg-losses run tools/train.py ...`": (
        "去掉这个选项，或克隆 PaddleSeg 使用最新代码：`paddleseg-losses run tools/train.py ...`"
    ),
    "--{} is set, but nothing will be exported.": "给出了 --{0}，但不会导出任何模型。",
    "uniform_output_enabled: true in the file, and PaddleSeg's newest code, for a model that is exported": (
        "要导出模型，需在文件中写 uniform_output_enabled: true，并使用 PaddleSeg 的最新代码"
    ),
    "leave the flag out: PaddleSeg's tools/export.py exports after training": (
        "去掉这个选项：训练之后用 PaddleSeg 的 tools/export.py 导出"
    ),
    "--do_eval is set, but {} has no val_dataset.": "给出了 --do_eval，但 {0} 没有 val_dataset。",
    "a val_dataset": "一个 val_dataset",
    "add it, or omit --do_eval": "加上它，或去掉 --do_eval",
    "--early_stop_intervals is set without --do_eval.": "给出了 --early_stop_intervals，却没有 --do_eval。",
    "evaluations to judge by": "需要评估结果作为依据",
    "add --do_eval": "加上 --do_eval",
    "--resume_model {} cannot be trained on to iteration {}.": "无法从 --resume_model {0} 继续训练到第 {1} 次迭代。",
    "a checkpoint folder such as output/iter_1000, of fewer iterations than that": (
        "output/iter_1000 之类的检查点目录，且其迭代次数小于目标"
    ),
    "name such a folder, or raise --iters": "给出这样的目录，或增大 --iters",
    "--data_format NHWC with the model {}.": "模型 {0} 使用了 --data_format NHWC。",
    "DeepLabV3P, the only model that PaddleSeg can train in this layout": (
        "DeepLabV3P：PaddleSeg 只有这个模型能以此布局训练"
    ),
    "leave --data_format out": "去掉 --data_format",
    "--device {}, but Paddle {} sees none.": "给出了 --device {0}，但飞桨 {1} 找不到这种设备。",
    "a Paddle built for {}, its driver and a device": "支持 {0} 的飞桨、驱动与设备",
    "--device cpu, or install paddlepaddle-gpu for an NVIDIA GPU": (
        "用 --device cpu；若有 NVIDIA GPU，请安装 paddlepaddle-gpu"
    ),
    "train_dataset has {} image(s), less than one batch ({}).": "train_dataset 只有 {0} 张图像，不足一个批次（{1}）。",
    "at least one whole batch for every process": "每个进程至少一个完整的批次",
    "lower batch_size, or repeat the images with --repeats": "减小 batch_size，或用 --repeats 重复图像",
    "override: {}": "选项 override：{0}",
    '"all", or one of {}': '"all"，或以下之一：{0}',
    "There is no script {}.": "没有脚本 {0}。",
    "a Python file such as tools/train.py of a PaddleSeg clone": "Python 文件，例如 PaddleSeg 源码中的 tools/train.py",
    "go into the clone first, or use `paddleseg-losses train`, which needs none": (
        "先进入源码目录；或使用不需要源码的 `paddleseg-losses train`"
    ),
    # progress
    "training {} on {}, {} images, loss {}\nlog and checkpoints: {}": (
        "训练 {0}，设备 {1}，{2} 张图像，损失 {3}\n日志与检查点：{4}"
    ),
    "iter {}/{}  loss {}  lr {}  {} s/iter  left {}": "迭代 {0}/{1}  损失 {2}  学习率 {3}  {4} 秒/次  剩余 {5}",
    "{} (head {}: {}; head {}: {})": "{0}（输出 {1}：{2}；输出 {3}：{4}）",
    "{} (head {}: {}; head {}: {}; head {}: {})": "{0}（输出 {1}：{2}；输出 {3}：{4}；输出 {5}：{6}）",
    "iter {}  loss {}": "迭代 {0}  损失 {1}",
    "iter {}  mIoU {} on the validation images": "迭代 {0}  验证图像上的 mIoU {1}",
    "iter {}  mIoU {} on the validation images (averaged weights)": "迭代 {0}  验证图像上的 mIoU {1}（滑动平均权重）",
    "loss {}  lr {}": "损失 {0}  学习率 {1}",
    "training": "训练",
    "evaluating": "评估",
    "class {}": "类别 {0}",
    "class": "类别",
    "mean": "平均",
    "{} holds an earlier training: its checkpoints and metrics.json are written over; "
    "--save_dir names another folder": (
        "{0} 中已有一次训练：其检查点与 metrics.json 会被覆盖；可用 --save_dir 换一个目录"
    ),
    "the loss is {} at iteration {}: lower the learning rate, or look for labels outside the classes "
    "(the losses' option checks: always finds them)": (
        "第 {1} 次迭代的损失为 {0}：请降低学习率，或检查是否有超出类别的标签（损失的选项 checks: always 会找出它们）"
    ),
    # what click says
    "{} is not in the range {}.": "{0} 不在范围 {1} 内。",
    "{} is not one of {}.": "{0} 不是以下之一：{1}。",
    "{} is not a valid {}.": "{0} 不是有效的{1}。",
    "integer": "整数",
    "integer range": "整数",
    "float": "数",
    "Missing command.": "缺少子命令。",
    "No such command {}.": "没有子命令 {0}。",
    "Got unexpected extra argument ({})": "多余的参数 {0}",
    "Got unexpected extra arguments ({})": "多余的参数 {0}",
    "Option {} requires an argument.": "选项 {0} 需要一个值。",
    "Option {} does not take a value.": "选项 {0} 不带值。",
    "Directory {} is a file.": "{0} 是文件而不是目录。",
}  # fmt: skip

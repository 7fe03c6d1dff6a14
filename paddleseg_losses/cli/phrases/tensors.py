"""What the losses say of their options and inputs, in Chinese."""

BOOK = {
    "{} was given a {} problem.": "{0} 用在了 {1} 任务上。",
    "for {} problems use one of {}": "{0} 任务请使用：{1}",
    "{}: sync=True with batch=False.": "{0}：sync=True 而 batch=False。",
    "batch=True with sync=True: only sums over the batch are shared by the ranks": (
        "sync=True 需要 batch=True：进程间只共享批次上的和"
    ),
    "{}: {} has {} number(s), {}; logits have {} channel(s).": "{0}：{1} 有 {2} 个数 {3}，而 logits 有 {4} 个通道。",
    "give {} one number for each of the {} classes, or check num_classes of the model": (
        "为 {0} 给出 {1} 个数，每类一个；或检查模型的 num_classes"
    ),
    "{}: {} in a multiclass problem of {} classes.": "{0}：在 {2} 类的多分类任务中给出 {1}。",
    "None or a list of {} numbers: libraries disagree about what one number means": (
        "None，或 {0} 个数的列表：单独一个数在各库中含义不同"
    ),
    "for two classes write {}; else one number for each class": "两类时写 {0}；否则每类一个数",
    "{}: classes={} with {} channel(s).": "{0}：classes={1}，而模型有 {2} 个通道。",
    "classes out of {}": "{0} 中的类别",
    "remove the classes that the model does not have, or set include_background=True": (
        "删去模型没有的类别，或设置 include_background=True"
    ),
    "binary or multilabel": "binary 或 multilabel",
    "WeightedSumLoss: {} compares with something else than labels.": "WeightedSumLoss：{0} 不是与标签作比较。",
    "terms that are called with logits and labels": "以 logits 与标签调用的损失",
    "make it an entry of its own in loss.types, where PaddleSeg's trainer knows it by its name": (
        "把它单独作为 loss.types 的一项，PaddleSeg 的训练器按名称识别它"
    ),
    "set batch=True": "设置 batch=True",
    "{} gives {} numbers.": "{0} 返回 {1} 个数。",
    "one number: PaddleSeg adds the losses up": "一个数：PaddleSeg 会把各损失相加",
    "leave reduction out": "去掉 reduction",
    "from {}: {}": "来自 {0}：{1}",
    "this holds for type: {}, not for PaddleSeg's own loss": "以上针对 type: {0}，而不是 PaddleSeg 自带的损失",
    "{} is {}; default {}": "{0} 的含义：{1}；默认值 {2}",
    "{}; for one-hot or soft labels set mode='multiclass'": "{0}；one-hot 或软标签请设 mode='multiclass'",
    "{}: coef has {} number(s), losses has {}.": "{0}：coef 有 {1} 个数，losses 有 {2} 个损失。",
    "one number for each loss": "每个损失一个数",
    "give coef {} number(s)": "为 coef 给出 {0} 个数",
    "WeightedSumLoss: no kind of problem suits all terms ({}).": "WeightedSumLoss：没有一种任务适合所有项（{0}）。",
    "terms that take the same kind of problem": "适用于同一种任务的各项",
    "replace one of them": "换掉其中一项",
    "WeightedSumLoss: {} gives {} numbers, of shape {}.": "WeightedSumLoss：{0} 返回 {1} 个数，形状为 {2}。",
    "terms that are one number each": "每一项都是一个数",
    "give it reduction='mean'": "设置 reduction='mean'",
    "WeightedSumLoss: {} has {}={}, the sum {}.": "WeightedSumLoss：{0} 的 {1} 为 {2}，而总和的为 {3}。",
    "{} at the sum alone: all terms read the same tensors": "只在总和上设置 {0}：各项读取同样的张量",
    "{} at the sum alone: its terms get the channels first": "只在总和上设置 {0}：各项得到的是通道在前的张量",
    "{} at the sum alone": "只在总和上设置 {0}",
    "move {} from the term to the WeightedSumLoss": "把 {0} 从该项移到 WeightedSumLoss",
    "move {} from {} to the WeightedSumLoss": "把 {0} 从 {1} 移到 WeightedSumLoss",
    "WeightedSumLoss: {} has {}.": "WeightedSumLoss：{0} 的 {1}。",
    "terms that are one number each, so reduction='mean'": "每一项都是一个数，即 reduction='mean'",
    "leave reduction out, and scale the term by coef": "去掉 reduction，用 coef 调节该项",
    "leave it out of {}": "从 {0} 中去掉它",
    "FocalLoss: alpha={} in a {} problem.": "FocalLoss：在 {1} 任务中给出 alpha={0}。",
    "one number in [0, 1], the factor of the positives; negatives get 1 - alpha": (
        "[0, 1] 中的一个数，即正样本的系数；负样本为 1 - alpha"
    ),
    "set alpha: 0.25, for example; class weights are called `weight`": "例如 alpha: 0.25；类别权重请用 `weight`",
    "LovaszHingeLoss: {} channels that exclude each other.": "LovaszHingeLoss：{0} 个互斥的通道。",
    "one channel, two channels (their difference is taken), or labels with a channel for each class": (
        "一个通道、两个通道（取其差），或每类一个通道的标签"
    ),
    "use LovaszSoftmaxLoss": "使用 LovaszSoftmaxLoss",
    "{}: spacing={} for an image of {} spatial axes.": "{0}：spacing={1}，而图像有 {2} 个空间维度。",
    "{}: spacing={} for a label of {} axes.": "{0}：spacing={1}，而标签有 {2} 个维度。",
    "one number, or {} in the order of the axes": "一个数，或按维度顺序给出 {0} 个数",
    "one number > 0, or {} in the order of the axes": "一个正数，或按维度顺序给出 {0} 个正数",
    "leave the batch and channel axes out": "不要包括批次维与通道维",
    "give the spacing of the losses": "写成与损失相同的 spacing",
    "num_classes is the number of channels of the model": "num_classes 是模型的通道数",
    "a set of classes for each channel": "每个通道对应一组类别",
    "{} was given {} without a name.": "传给 {0} 的 {1} 没有写选项名。",
    "options by name": "按名称给出选项",
    "{} was given a pixel_weight.": "{0} 不接受 pixel_weight。",
    "none: its value is not a sum over pixels": "不给：它的值不是逐像素之和",
    "use a pixel loss such as CrossEntropyLoss or FocalLoss": "使用逐像素的损失，例如 CrossEntropyLoss 或 FocalLoss",
    # tensors
    "{}: the labels hold only 0 and 255, and 255 is the ignore_index, so there is no foreground. If this is a 0/255 "
    "mask, use {}.": "{0}：标签中只有 0 和 255，而 255 是 ignore_index，因此没有前景。若是 0/255 掩码，请用 {1}。",
    "{}: {} is a {}.": "{0}：{1} 的类型是 {2}。",
    "a Tensor of real numbers": "实数 Tensor",
    "paddle.to_tensor({}) makes one of numbers": "用 paddle.to_tensor({0}) 转换",
    "PaddleSeg models return a list with one Tensor for each head: pass one of them, for example logits[0]": (
        "PaddleSeg 的模型返回列表，每个输出一个 Tensor：请传入其中之一，例如 logits[0]"
    ),
    "{}: logits have shape {}.": "{0}：logits 的形状为 {1}。",
    "{} with 1 to 3 spatial axes and no empty axis": "{0}，1 到 3 个空间维度，且各维非空",
    "add the missing axis, for example logits.unsqueeze(0) for a single image": (
        "补上缺少的维度，例如单张图像用 logits.unsqueeze(0)"
    ),
    "{}: logits are {}.": "{0}：logits 的类型为 {1}。",
    "floating-point scores of every class, before softmax or sigmoid": "每个类别的浮点得分，未经 softmax 或 sigmoid",
    "pass the model's output, not its argmax": "传入模型的输出，而不是它的 argmax",
    "{}: labels have shape {}, logits {}.": "{0}：标签的形状为 {1}，logits 的为 {2}。",
    "labels {} of class indices": "类别编号组成的标签 {0}",
    "labels {} of class indices, or {} of 0 and 1 (multilabel)": (
        "类别编号组成的标签 {0}，或由 0 与 1 组成的 {1}（多标签）"
    ),
    "this looks like an RGB(A) mask: turn its colours into class indices first": (
        "这像是 RGB(A) 掩码：请先把颜色换成类别编号"
    ),
    "this looks like an RGB(A) mask: turn its colours into class indices first; if it is one-hot labels, {}": (
        "这像是 RGB(A) 掩码：请先把颜色换成类别编号；若是 one-hot 标签，用 {0}"
    ),
    "the classes of the labels are on the last axis: {}": "标签的类别在最后一维：用 {0}",
    "height and width of the labels are swapped: {}": "标签的高与宽颠倒了：用 {0}",
    "the batch axis is missing: logits.unsqueeze(0) and labels.unsqueeze(0)": (
        "缺少批次维：用 logits.unsqueeze(0) 与 labels.unsqueeze(0)"
    ),
    "the batch axis of the logits is missing: logits.unsqueeze(0)": "logits 缺少批次维：用 logits.unsqueeze(0)",
    "the channels of the logits are on axis 1: leave data_format out": "logits 的通道在第 1 维：去掉 data_format",
    "the channels of the logits are on the last axis: set data_format='NHWC'": (
        "logits 的通道在最后一维：设 data_format='NHWC'"
    ),
    "give labels and logits of the same samples: labels have {}, logits {}": (
        "标签与 logits 应来自同样的样本：标签有 {0} 个，logits 有 {1} 个"
    ),
    "set num_classes of the model to {}, or give class indices": "把模型的 num_classes 设为 {0}，或给出类别编号",
    "skip batches without samples": "跳过没有样本的批次",
    "merge axes, or take one at a time": "合并维度，或逐个处理",
    "resize logits or labels to the same size, and look for a lost or swapped axis": (
        "把 logits 或标签缩放到同样大小，并检查是否丢失或颠倒了维度"
    ),
    "{}: mode={}, but logits have {} channel(s) and labels one channel a class.": (
        "{0}：mode={1}，但 logits 有 {2} 个通道，标签每类一个通道。"
    ),
    "{}: mode={}, but logits have {} channel(s) and labels one index a pixel.": (
        "{0}：mode={1}，但 logits 有 {2} 个通道，标签每个像素一个编号。"
    ),
    "binary: 1 channel; multiclass: 2 or more and an index a pixel; multilabel: labels [N, C, *S]": (
        "binary：1 个通道；multiclass：2 个以上通道，每个像素一个编号；multilabel：标签为 [N, C, *S]"
    ),
    "leave mode out: it is then {}": "去掉 mode：此时为 {0}",
    "{}: labels are {}.": "{0}：标签的类型为 {1}。",
    "integer labels: this loss has no form for soft targets": "整数标签：这个损失不支持软标签",
    "labels.astype('int64'), if they hold class indices": "若标签是类别编号，用 labels.astype('int64')",
    "{}: labels are {} with one number a pixel, logits have {} channels.": (
        "{0}：标签的类型为 {1}，每个像素一个数，而 logits 有 {2} 个通道。"
    ),
    "class indices as integers, or soft targets with one channel a class": "整数类别编号，或每类一个通道的软标签",
    "{}: from_logits=False in a {} problem.": "{0}：在 {1} 任务中设了 from_logits=False。",
    "logits: the loss reads them themselves, and probabilities do not determine them": (
        "logits：这个损失直接读取它们，而概率不能唯一确定它们"
    ),
    "pass the model's raw output and leave from_logits=True": "传入模型的原始输出，保持 from_logits=True",
    "{}: one-hot labels with ignore_index={}.": "{0}：one-hot 标签，而 ignore_index={1}。",
    "an ignore_index that is neither 0 nor 1, in all channels of a pixel to leave out": (
        "ignore_index 不为 0 或 1，且写在要忽略像素的所有通道中"
    ),
    "pass class indices [N, *S], or mark ignored pixels by 255 in every channel": (
        "传入类别编号 [N, *S]，或在每个通道中用 255 标出要忽略的像素"
    ),
    "{}: pixel_weight has shape {}.": "{0}：pixel_weight 的形状为 {1}。",
    "one weight for each pixel, {}": "每个像素一个权重，{0}",
    "resize it like the labels": "像标签一样缩放它",
    "{}: pixel_weight ranges from {} to {}.": "{0}：pixel_weight 的取值为 {1} 到 {2}。",
    "finite weights of at least 0": "有限的非负权重",
    "clip it, and look for a division by 0 where it is made": "截断它，并检查计算它的地方是否除以了 0",
    "{}: from_logits=False, but the input ranges from {} to {}.": "{0}：from_logits=False，但输入的取值为 {1} 到 {2}。",
    "probabilities in [0, 1]": "[0, 1] 内的概率",
    "pass the model's raw output and leave from_logits=True, or apply softmax or sigmoid first": (
        "传入模型的原始输出并保持 from_logits=True，或先做 softmax 或 sigmoid"
    ),
    "{}: from_logits=False, but the channels sum to between {} and {}.": (
        "{0}：from_logits=False，但各通道之和在 {1} 与 {2} 之间。"
    ),
    "probabilities of competing classes, which sum to 1": "互斥类别的概率，其和为 1",
    "apply softmax, not sigmoid, or pass the raw output and leave from_logits=True": (
        "用 softmax 而不是 sigmoid；或传入原始输出并保持 from_logits=True"
    ),
    "{}: soft labels range from {} to {}.": "{0}：软标签的取值为 {1} 到 {2}。",
    "shares in [0, 1] (a pixel is ignored where all its channels hold the ignore_index)": (
        "[0, 1] 内的占比（所有通道都为 ignore_index 的像素被忽略）"
    ),
    "divide a 0/255 mask by 255; use integers for class indices": "0/255 掩码请除以 255；类别编号请用整数",
    "{}: the soft labels of a pixel sum to between {} and {}.": "{0}：一个像素的软标签之和在 {1} 与 {2} 之间。",
    "shares of the classes that sum to 1 in every pixel": "每个像素上各类别的占比之和为 1",
    "labels / labels.sum(axis=1, keepdim=True), or leave mode out if the classes do not exclude each other": (
        "labels / labels.sum(axis=1, keepdim=True)；若各类别并不互斥，则去掉 mode"
    ),
}  # fmt: skip

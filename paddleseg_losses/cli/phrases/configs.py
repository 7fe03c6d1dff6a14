"""What `check` and the reading of configurations say, in Chinese."""

BOOK = {
    # names and options
    "No loss is called {}.": "没有名为 {0} 的损失。",
    "a loss of this package (`paddleseg-losses list`) or one of PaddleSeg's own": (
        "本包的损失（见 `paddleseg-losses list`）或 PaddleSeg 自带的损失"
    ),
    "look for the name in the list": "在列表中查找名称",
    "`paddleseg-losses list` shows them all": "`paddleseg-losses list` 会列出全部名称",
    "did you mean type instead of {}?": "是否应为 type 而不是 {0}？",
    "did you mean {}?": "是不是 {0}？",
    "remove {}: {} is given too": "删去 {0}：已经给出了 {1}",
    "remove {}": "删去 {0}",
    "remove it": "删去它",
    "add {}: ...": "加上 {0}: ...",
    "PaddleSeg's own {} has no option {}; that of this package has.": "PaddleSeg 自带的 {0} 没有选项 {1}；本包的有。",
    "{} has no option {}.": "{0} 没有选项 {1}。",
    "{} needs {}.": "{0} 需要 {1}。",
    "a value for it": "给出它的值",
    "write {}: {}; losses of the same output belong into one MixedLoss, or use a compound such as ComboLoss": (
        "改为 {0}: {1}；同一输出的多个损失应放进一个 MixedLoss，或使用 ComboLoss 等复合损失"
    ),
    "write {}, or set the dataset's to {}": "改为 {0}，或把数据集的改为 {1}",
    "write {}": "改为 {0}",
    "{}: weight has {} number(s), {}; the file has {} classes.": "{0}：weight 有 {1} 个数 {2}，而文件中有 {3} 个类别。",
    "{} numbers, one for each class, the background included": "{0} 个数，每类一个，包括背景",
    "give one number for each class, or check num_classes": "每个类别给一个数，或检查 num_classes",
    "{} cannot be made: {}": "无法创建 {0}：{1}",
    "options that it takes": "它支持的选项",
    "see its source": "参见其源码",
    "one of {}": "以下之一：{0}",
    "{}: A schedule is {}.": "{0}：schedule 写成了 {1}。",
    "did you mean kind: {}?": "是不是 kind: {0}？",
    "give a kind: {}": "给出 kind：{0}",
    "write kind instead of type: PaddleSeg would look for a component of that name": (
        "用 kind 而不是 type：否则 PaddleSeg 会去找同名组件"
    ),
    "WeightedSumLoss: two terms rebalance.": "WeightedSumLoss：有两项的 schedule 为 rebalance。",
    "one term whose schedule is of kind rebalance: the others get what it leaves": (
        "只有一项为 rebalance：其余各项得到它剩下的份额"
    ),
    "make the other schedules linear": "把其他 schedule 改为 linear",
    # sections
    "There is no loss section.": "没有 loss 部分。",
    "a key `loss`": "键 `loss`",
    "add `loss` with `types` and `coef`": "加上 `loss`，其中包含 `types` 与 `coef`",
    "it is one loss without `types`.": "这里只有一个损失，没有 `types`。",
    "it is missing.": "缺少这一项。",
    "types: a list of losses, and coef: a number for each output of the model": (
        "types：损失的列表；coef：模型的每个输出对应一个数"
    ),
    "see `paddleseg-losses show DiceLoss`": "参见 `paddleseg-losses show DiceLoss`",
    "put it into `types`": "把它放进 `types`",
    "the key {} means nothing here.": "键 {0} 在这里没有意义。",
    "a list of losses": "损失的列表",
    "a mapping whose `type` is the name of a loss": "一个映射，其 `type` 为损失名称",
    "write - type: and a name": "写成 - type: 名称",
    "MixedLoss has no option {}.": "MixedLoss 没有选项 {0}。",
    "a list of numbers": "数的列表",
    "a coefficient for each loss, or one loss that serves all outputs of the model": (
        "每个损失一个系数；或只写一个损失，用于模型的所有输出"
    ),
    "a coefficient for each loss": "每个损失一个系数",
    "coef has {} number(s), {} has {} loss(es).": "coef 有 {0} 个数，{1} 有 {2} 个损失。",
    "it is {}, which is no number.": "值为 {0}，不是数。",
    "ignore_index is {}, that of the dataset {}.": "ignore_index 为 {0}，数据集的为 {1}。",
    "ignore_index: {}, or none, since PaddleSeg passes on the dataset's": (
        "ignore_index: {0}；或不写，PaddleSeg 会传入数据集的"
    ),
    "the same {} everywhere": "各处的 {0} 一致",
    "make them equal": "改成一致",
    "it is {}.": "值为 {0}。",
    "PaddleSeg's own {} has no schedule.": "PaddleSeg 自带的 {0} 没有 schedule。",
    "a WeightedSumLoss of this package around it, which can have one": (
        "外面套一个本包的 WeightedSumLoss，它可以有 schedule"
    ),
    "None or one of {}, the same with cosine or rebalance, {}": (
        "None，或以下之一：{0}（cosine 与 rebalance 的写法相同），{1}"
    ),
    "correct it: {}": "请改正：{0}",
    "{} is a number from 0 to {}": "{0} 应为 0 到 {1} 之间的数",
    "{} counts steps, from {} on": "{0} 是步数，不小于 {1}",
    "`at` grows, and `values` has one number more than `at`": "`at` 须递增，且 `values` 比 `at` 多一个数",
    "A loss was described by {}.": "损失写成了 {0}。",
    "a name, or a mapping whose `type` is a name": "名称，或 `type` 为名称的映射",
    "write for example {}": "例如 {0}",
    "{} cannot be tried: {}": "无法试用 {0}：{1}",
    "options that work together": "能够同时使用的选项",
    "change them": "修改这些选项",
    "it is {} in {}, {} in {}.": "{1} 中为 {0}，{3} 中为 {2}。",
    "it is {} in {}, {} in {}, {} in {}.": "{1} 中为 {0}，{3} 中为 {2}，{5} 中为 {4}。",
    # comments below the corrected section
    "{}    <- {}": "{0}    <- 说明：{1}",
    "{} has no such option": "{0} 没有这个选项",
    "cannot be used here: {}": "不能用在这里：{0}",
    "a loss with a type is needed here": "这里需要一个带 type 的损失",
    "{}: give the name of a loss": "{0}：请给出一个损失的名称",
    "{}: a value is needed": "{0}：需要一个值",
    "{}: at least one loss is needed, such as {}": "{0}：至少需要一个损失，例如 {1}",
    # notes
    "there is no train_dataset here: what the losses ignore cannot be compared with it": (
        "这里没有 train_dataset：无法与损失的 ignore_index 核对"
    ),
    "{} is PaddleSeg's own loss here; that of this package is {}": "这里的 {0} 是 PaddleSeg 自带的损失；本包的写作 {1}",
    "{} is PaddleSeg's own, which is not installed: its options are not checked": (
        "{0} 是 PaddleSeg 自带的损失，而 PaddleSeg 未安装：不检查其选项"
    ),
    "{} wants one channel a class: if the labels are so, --use_multilabel": (
        "{0} 需要每类一个通道：若标签确实如此，请加 --use_multilabel"
    ),
    "PaddleSeg is not installed: what the dataset {} ignores, and its classes, are unknown": (
        "PaddleSeg 未安装：不知道数据集 {0} 忽略什么，也不知道它有几个类别"
    ),
    "PaddleSeg has no dataset {}: what it ignores, and its classes, are unknown": (
        "PaddleSeg 没有数据集 {0}：不知道它忽略什么，也不知道它有几个类别"
    ),
    # reading a file
    "{} cannot be read: {}.": "无法读取 {0}：{1}。",
    "a YAML file in UTF-8": "UTF-8 编码的 YAML 文件",
    "a list of files in UTF-8": "UTF-8 编码的文件列表",
    "save it again": "重新保存",
    "give a file in it": "请给出其中的一个文件",
    "'utf-8' codec can't decode byte {} in position {}: {}": "第 {1} 个字节 {0} 不是 UTF-8 编码（{2}）",
    "YAML": "YAML 格式",
    "mapping values are not allowed here": "这里不能出现“键: 值”",
    "mapping values are not allowed in this context": "这里不能出现“键: 值”",
    "expected {}, but found {}": "应为 {0}，却是 {1}",
    "could not find expected {}": "缺少 {0}",
    "found character {} that cannot start any token": "字符 {0} 不能出现在开头",
    "found undefined alias {}": "别名 {0} 没有定义",
    "found unexpected end of stream": "文件意外结束",
    "found unexpected {}": "意外的 {0}",
}  # fmt: skip

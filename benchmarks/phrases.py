"""The words of verdicts in Chinese."""

from __future__ import annotations

import re

PHRASES = (
    (r"^>= (\S+)x fastest peer at C >= (\d+)$", r"C ≥ \2 时不低于最快对手的 \1 倍"),
    (r"^>= (\S+)x fastest peer$", r"不低于最快对手的 \1 倍"),
    (r"^>= (\S+)x (\S+)$", r"不低于 \2 的 \1 倍"),
    (r"^<= (\S+)x Dice, or a reason$", r"不超过 Dice 的 \1 倍，否则说明原因"),
    (r"^tiny: no slower than composed of Paddle's operators$", "极小输入：不慢于用 Paddle 算子组合"),
    (r"^one gradient \+ (.+)$", r"一份梯度加 \1"),
    (r"^flat along pixels \(<= (\S+)x\)$", r"每像素耗时不随图像增大（不超过 \1 倍）"),
    (r"^flat along classes \(<= (\S+)x\)$", r"每类别耗时不随类别数增大（不超过 \1 倍）"),
    (r"^(\d+) threads >= (\S+)x one$", r"\1 个线程不低于单线程的 \2 倍"),
    (r"^one-hot labels <= (\S+)x class indices$", r"one-hot 标签的耗时不超过类别索引的 \1 倍"),
    (r"^soft labels <= (\S+)x class indices$", r"软标签的耗时不超过类别索引的 \1 倍"),
    (r"^sums within (\S+)$", r"求和误差不超过 \1"),
    (r"^gradient within (\S+) of its largest$", r"梯度误差不超过其最大值的 \1"),
    (r"^it runs$", "能够运行"),
    (r"^gradient (\S+) MiB (\S+) MiB$", r"梯度 \1 MiB，另加 \2 MiB"),
    (r"(\d+) us, composed (\d+) us", r"\1 微秒，组合 \2 微秒"),
    (r", unchecked and by hand (\d+) us$", r"，不作检查的手写版本 \1 微秒"),
    (r"^(\S+), composed (\S+)$", r"\1，组合 \2"),
    (r"^(\S+)x \((\S+) to (\S+) ns\)$", r"\1x（\2 至 \3 纳秒）"),
    (r"^256\^2 to 4096\^2$", "256² 至 4096²"),
    (r"^C 2 to 150$", "C 从 2 到 150"),
    (r"^accuracy$", "精度"),
    (r"soft skeletons of .*$", "p 与标签的软骨架：每张图 iters + 1 次腐蚀与膨胀，反向再走一遍"),
    (r"three ball means of .*$", "六种半径下每张图三次球形均值，各为球内各行之和"),
    (r"up to ten means over .*$", "每张图至多十次十字邻域均值，各自拉伸到自身两端，反向再走一遍"),
    (r"an exact distance transform of the true rim .*$", "每个类别真实轮廓的精确距离变换，范围为包含两条轮廓的方框"),
    (r"an exact distance transform of the labels; .*$", "标签的精确距离变换；类别少时 Dice 只是很短的一遍"),
    (r"an exact distance transform of every class; .*$", "每个类别的精确距离变换；known_maps 可由数据流水线预先算好"),
    (r"a sort of every class's errors: .*$", "对每个类别的误差排序：Lovász 部分另有目标"),
    (r"counts of the labels in a window .*$", "统计每个像素邻域窗口内各类别的标签数"),
    (r"values of all pixels, .*$", "先算所有像素的值，扫描五遍找出最大者，再算一遍交叉熵"),
)  # fmt: skip


def chinese(text: str) -> str:
    """A verdict's words; numbers and names stay."""
    for pattern, words in PHRASES:
        text = re.sub(pattern, words, text)
    return text

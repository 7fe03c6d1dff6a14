"""Volumes in .npy files, and transforms that are called with an image and a label."""

import os

import numpy as np
import paddle

from .cvlibs import manager


class Compose:
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, image, label):
        for transform in self.transforms:
            outputs = transform(image, label)
            image, label = outputs if len(outputs) == 2 else (outputs[0], label)
        return image[None], label


@manager.DATASETS.add_component
class MedicalDataset(paddle.io.Dataset):
    def __init__(
        self, dataset_root, result_dir, transforms, num_classes, mode="train", ignore_index=255, dataset_json_path=""
    ):
        self.dataset_root, self.num_classes, self.mode, self.ignore_index = (
            dataset_root,
            num_classes,
            mode,
            ignore_index,
        )
        self.transforms, self.dataset_json_path = Compose(transforms), dataset_json_path
        with open(os.path.join(dataset_root, f"{mode}_list.txt"), encoding="utf-8") as file:
            self.file_list = [[os.path.join(dataset_root, name) for name in line.split()] for line in file]

    def __len__(self):
        return len(self.file_list)

    def __getitem__(self, index):
        image, label = (np.load(path) for path in self.file_list[index])
        return (*self.transforms(image, label), self.file_list[index][0])


@manager.TRANSFORMS.add_component
class Resize3D:
    def __init__(self, size):
        self.size = size

    def __call__(self, image, label=None):
        places = [np.arange(new) * old // new for new, old in zip(self.size, image.shape)]
        return image[np.ix_(*places)], None if label is None else label[np.ix_(*places)]

"""Building what a YAML file describes; a mapping with a `type` becomes an object before what holds it."""

import copy
import os

import yaml

from . import manager


class Config:
    def __init__(self, path, iters=None, batch_size=None):
        with open(path, encoding="utf-8") as file:
            self.dic = yaml.safe_load(file)
        if "data_root" not in self.dic:
            raise RuntimeError("no data_root")
        self.dic.update({key: value for key, value in {"iters": iters, "batch_size": batch_size}.items() if value})
        self._model = self._loss = None

    @property
    def batch_size(self):
        return self.dic.get("batch_size", 1)

    @property
    def train_dataset(self):
        return self._dataset("train_dataset")

    @property
    def val_dataset(self):
        return self._dataset("val_dataset")

    def _dataset(self, name):
        section = dict(self.dic[name])
        for key in ("dataset_root", "result_dir"):
            section[key] = os.path.join(self.dic["data_root"], section[key])
        return self._made(section)

    @property
    def model(self):
        if self._model is None:
            self._model = self._made(self.dic["model"])
        return self._model

    @property
    def loss(self):
        if self._loss is None:
            section = copy.deepcopy(self.dic["loss"])
            types, coef = section["types"], section["coef"]
            types = types * len(coef) if len(types) == 1 else types
            if len(types) != len(coef):
                raise ValueError("The length of types should equal to coef")
            for entry in types:
                if entry["type"] != "MixedLoss":
                    assert entry.get("ignore_index", self.train_dataset.ignore_index) == self.train_dataset.ignore_index
                    entry["ignore_index"] = self.train_dataset.ignore_index
            self._loss = {"types": [self._made(entry) for entry in types], "coef": coef}
        return self._loss

    @property
    def optimizer(self):
        import paddle

        return paddle.optimizer.Momentum(0.01, parameters=self.model.parameters())

    def _made(self, section):
        options = dict(section)
        name = options.pop("type")
        tables = (manager.MODELS, manager.BACKBONES, manager.DATASETS, manager.TRANSFORMS, manager.LOSSES)
        found = next((each.components_dict[name] for each in tables if name in each.components_dict), None)
        if found is None:
            raise RuntimeError(f"The specified component was not found {name}.")
        return found(**{key: self._nested(value) for key, value in options.items()})

    def _nested(self, value):
        if isinstance(value, list):
            return [self._nested(item) if isinstance(item, dict) else item for item in value]
        return self._made(value) if isinstance(value, dict) and "type" in value else value

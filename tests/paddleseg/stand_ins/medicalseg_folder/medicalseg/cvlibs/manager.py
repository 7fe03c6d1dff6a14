"""The registry: a live table for each kind of component."""


class Table:
    def __init__(self):
        self.components_dict = {}

    def add_component(self, cls):
        self.components_dict[cls.__name__] = cls
        return cls


MODELS, BACKBONES, DATASETS, TRANSFORMS, LOSSES = (Table() for _ in range(5))

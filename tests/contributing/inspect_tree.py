"""What a tree knows about the losses that were made up in it: run inside the tree, prints JSON."""

import json

import numpy as np
import paddle

import paddleseg_losses
from paddleseg_losses import registry
from paddleseg_losses.testing import check
from paddleseg_losses.testing.cases import CASES, supports

PREFIX = "MadeUp"


def documented(made_up):
    """What the generator of the documents complains of."""
    import generate  # of the tree's docs folder
    from builder import pictures, translations

    numbers = pictures.stored()
    numbers.update({spec.name: numbers["DiceLoss"] for spec in made_up})  # of pictures that nobody looks at here
    pictures.stored = lambda: numbers
    untranslated = translations.update()
    texts = generate.documents()
    for spec in made_up:
        assert any(path.name == f"{spec.name}.md" for path in texts)
        assert spec.name in texts[generate.STUB]
    return [*generate.misfits(), *untranslated]


def furthest(spec, reference):
    """The largest relative distance from the reference."""
    gaps = []
    for case in (case for case in CASES if supports(spec, case)):
        logits, labels = case.logits(seed=3), case.labels(seed=4)
        value = float(spec.cls()(paddle.to_tensor(logits), paddle.to_tensor(labels)))
        gaps.append(abs(value / reference(logits, labels) - 1))
    return float(np.max(gaps))


def main():
    """Everything that the test asks for."""
    from tests.reference import REFERENCE  # of the tree's tests

    made_up = [spec for spec in registry.specs() if spec.name.startswith(PREFIX)]
    known = [spec for spec in made_up if spec.name in REFERENCE]
    return {
        "public": [spec.name for spec in made_up if getattr(paddleseg_losses, spec.name) is spec.cls],
        "problems": documented(made_up),
        "gaps": {spec.name: furthest(spec, REFERENCE[spec.name]) for spec in known},
        "laws": {spec.name: sum(check(spec.cls).cases.values()) for spec in known},
    }


if __name__ == "__main__":
    print(json.dumps(main()))

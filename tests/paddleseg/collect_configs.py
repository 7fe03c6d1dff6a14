"""What `check` reads in each configuration of a clone of PaddleSeg: python -m tests.paddleseg.collect_configs CLONE.

Files that say the same of it are one; `configs.json` names them all.
"""

import json
import sys
from pathlib import Path

from paddleseg_losses.paddleseg.config import load

STORED = Path(__file__).with_name("configs.json")
DATA = ("type", "num_classes", "ignore_index")
READ, UNREAD = ("loss", "distill_loss", "model", "test_config"), ("backbone", "pretrained")


def collected(clone):
    """Contents, each with its files."""
    contents = {}
    for path in sorted((clone / "configs").rglob("*.yml")):
        name = path.relative_to(clone).as_posix()
        if not name.startswith("configs/_base_/"):
            contents.setdefault(json.dumps(_reduced(load(path)), sort_keys=True), []).append(name)
    return [{"files": files, **json.loads(text)} for text, files in contents.items()]


def _reduced(config):
    sections = {name: config.get(name) or {} for name in ("train_dataset", "val_dataset")}
    data = {name: {key: section[key] for key in DATA if key in section} for name, section in sections.items()}
    return {**{key: _plain(config[key]) for key in READ if key in config}, **data}


def _plain(value):
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key not in UNREAD}
    return value


if __name__ == "__main__":
    lines = (json.dumps(each, ensure_ascii=False) for each in collected(Path(sys.argv[1])))
    STORED.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")

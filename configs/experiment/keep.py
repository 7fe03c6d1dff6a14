"""Keeps the runs of `make experiment` in docs/evidence/, and their numbers where the package finds them.

python configs/experiment/keep.py              keep output/experiment
python configs/experiment/keep.py --restore    lay the kept runs out as output/experiment, to go on with them
python configs/experiment/keep.py --partial    keep the table of output/partial, the study of partial labels
"""

import argparse
import dataclasses
import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from paddleseg_losses.datasets import measure, open_source
from paddleseg_losses.evidence import FILE
from paddleseg_losses.experiment.archive import pack, read_archive, unpack
from paddleseg_losses.experiment.ledger import Ledger
from paddleseg_losses.experiment.results import TaskResults
from paddleseg_losses.experiment.study import stored
from paddleseg_losses.experiment.summary import summarize

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT / "docs" / "evidence"
STUDY = Path(__file__).with_name("compare.yml")
COMMAND = "make experiment"


def keep(folder: Path, commit: str) -> None:
    """Pack the runs of what is finished, and write down what they say."""
    study, ledger = stored(folder), Ledger(folder)
    ledger.read(study)
    finished = {task.name: TaskResults(study, ledger, task).finished for task in study.tasks}
    ledger.rows = {run: row for run, row in ledger.rows.items() if run.loss in finished[run.task]}
    pack(ledger, ARCHIVE)
    versions = sorted({row["versions"] for row in ledger.rows.values()})
    about = {"command": COMMAND, "versions": versions, "runs": len(ledger.rows)}
    results = {"about": about, **summarize(study, read_archive(study, ARCHIVE))}
    known = json.loads(FILE.read_text(encoding="utf-8"))["tasks"]
    for name, task in results["tasks"].items():
        before = known.get(name, {"commits": [], "losses": {}})
        same = task["losses"].keys() == before["losses"].keys()
        task.update(data=masks(name), commits=before["commits"] if same else [*before["commits"], commit])
    FILE.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def masks(task: str) -> dict[str, Any]:
    """Statistics of the masks of a task that are trained on."""
    config = yaml.safe_load(STUDY.read_text(encoding="utf-8"))["tasks"][task]
    file = config if isinstance(config, str) else config["config"]
    source = open_source(STUDY.parent / file)
    statistics = measure((name, source.read(i)) for i, name in enumerate(source.names))
    classes = {str(label): _short(dataclasses.asdict(each)) for label, each in statistics.classes.items()}
    return {"masks": statistics.masks, "size": list(statistics.size), "classes": classes}


def _short(value: Any) -> Any:
    """With four digits; what is no number becomes nothing."""
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_short(each) for each in value]
    return (None if math.isnan(value) else float(f"{value:.4g}")) if isinstance(value, float) else value


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restore", action="store_true", help="lay the kept runs out again")
    parser.add_argument("--folder", type=Path, default=ROOT / "output" / "experiment")
    parser.add_argument("--commit", help="with which the runs were made (that of this checkout)")
    parser.add_argument("--partial", action="store_true", help="keep the table of output/partial")
    given = parser.parse_args()
    if given.partial:
        shutil.copyfile(ROOT / "output" / "partial" / "runs.csv", ARCHIVE / "partial.csv")
    elif given.restore:
        unpack(ARCHIVE, Ledger(given.folder))
    else:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
        keep(given.folder, given.commit or head.stdout.strip())

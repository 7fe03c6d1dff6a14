"""The table of runs survives what can happen to it."""

import numpy as np
import pytest

from paddleseg_losses.errors import ConfigError
from paddleseg_losses.experiment.ledger import COLUMNS, Ledger, number
from paddleseg_losses.experiment.study import Run, read
from tests.tiny import config, write

FIRST, SECOND = Run("task", "DiceLoss", 0.01, 1), Run("task", "DiceLoss", 0.01, 2)


@pytest.fixture
def study(tmp_path):
    return read(write(tmp_path / "task.yml", config(tmp_path, {"type": "DiceLoss"}, classes=2)), losses="DiceLoss")


def _append(study, folder, *runs, **outcome):
    with Ledger(folder).opened(study) as ledger:
        for run in runs:
            np.savez(ledger.counts_file(run), tp=[[1, 1]])
            ledger.append(run, {"status": "ok", "dice": 0.5, **outcome})
    return folder / "runs.csv"


def test_rows_come_back(study, tmp_path):
    _append(study, tmp_path / "out", FIRST, detail='a "quoted",\nbroken text')
    with Ledger(tmp_path / "out").opened(study) as ledger:
        assert list(ledger.rows) == [FIRST]
        row = ledger.rows[FIRST]
    assert (row["status"], number(row, "dice"), row["detail"]) == ("ok", 0.5, 'a "quoted", broken text')
    assert number(row, "hd95") != number(row, "hd95")  # NaN: there is none


@pytest.mark.parametrize("torn", [1, 10, 25])
def test_a_torn_last_line_is_one_run_that_is_repeated(study, tmp_path, torn):
    file = _append(study, tmp_path / "out", FIRST, SECOND)
    whole = file.read_bytes()
    file.write_bytes(whole[:-torn])
    with Ledger(tmp_path / "out").opened(study) as ledger:
        assert list(ledger.rows) == [FIRST]
        ledger.append(SECOND, {"status": "ok", "dice": 0.5})
    assert file.read_bytes() == whole


def test_a_torn_header_is_written_again(study, tmp_path):
    file = _append(study, tmp_path / "out")
    file.write_bytes(b"task,lo")
    _append(study, tmp_path / "out", FIRST)
    assert file.read_text().splitlines()[0] == ",".join(COLUMNS)


def test_failed_runs_can_be_forgotten(study, tmp_path):
    folder = tmp_path / "out"
    _append(study, folder, FIRST)
    _append(study, folder, SECOND, status="crashed")
    with Ledger(folder).opened(study) as ledger:
        ledger.forget({"crashed"})
    with Ledger(folder).opened(study) as ledger:
        assert list(ledger.rows) == [FIRST]


def test_two_processes_do_not_share_a_folder(study, tmp_path):
    first, second = Ledger(tmp_path / "out"), Ledger(tmp_path / "out")
    with first.opened(study), pytest.raises(ConfigError, match="Another process"), second.opened(study):
        pass


def test_nothing_is_written_over(study, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "runs.csv").write_text("somebody's table\n")
    with pytest.raises(ConfigError, match="other files"), Ledger(folder).opened(study):
        pass
    assert (folder / "runs.csv").read_text() == "somebody's table\n"


def test_a_run_without_its_numbers_is_repeated(study, tmp_path):
    """The line may be on the disk before a power cut, the numbers not."""
    folder = tmp_path / "out"
    _append(study, folder, FIRST, SECOND)
    (folder / "counts" / f"{FIRST.name}.npz").write_bytes(b"")
    for _time in range(2):
        with Ledger(folder).opened(study) as ledger:
            assert list(ledger.rows) == [SECOND]


def test_learning_rates_keep_their_digits(study, tmp_path):
    run = Run("task", "DiceLoss", 1.23456789e-3, 1)
    _append(study, tmp_path / "out", run)
    with Ledger(tmp_path / "out").opened(study) as ledger:
        assert list(ledger.rows) == [run]


def test_the_folder_of_a_project_is_refused(study, tmp_path):
    """Its `configs` would be written over."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConfigError, match="other files"), Ledger(tmp_path).opened(study):
        pass
    assert sorted(tmp_path.rglob("*")) == before


def test_a_damaged_study_file(study, tmp_path):
    _append(study, tmp_path / "out", FIRST)
    (tmp_path / "out" / "study.json").write_text("{")
    with pytest.raises(ConfigError, match=r"study.json cannot be read"):
        _append(study, tmp_path / "out", SECOND)


def test_reading_changes_nothing(study, tmp_path):
    """Neither a torn line nor a run without numbers is mended, and the folder may be in use."""
    file = _append(study, tmp_path / "out", FIRST, SECOND)
    file.write_bytes(file.read_bytes() + b"task,Di")
    Ledger(tmp_path / "out").counts_file(SECOND).unlink()
    before = file.read_bytes()
    ledger = Ledger(tmp_path / "out")
    with Ledger(tmp_path / "out").opened(study):
        file.write_bytes(before)
        ledger.read(study)
        assert list(ledger.rows) == [FIRST]
    assert file.read_bytes() == before


def test_nothing_to_read(study, tmp_path):
    with pytest.raises(ConfigError, match=r"no study\.json"):
        Ledger(tmp_path / "elsewhere").read(study)
    assert not (tmp_path / "elsewhere").exists()

"""The command line: what it prints, its exit codes, and what it leaves alone."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import paddleseg_losses
from docs.builder.advice import ranking
from paddleseg_losses import registry
from paddleseg_losses.cli.train import train
from paddleseg_losses.paddleseg.flags import Flags
from tests import tiny


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "paddleseg_losses", "--version"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0
    assert done.stdout.strip() == f"paddleseg-losses, version {paddleseg_losses.__version__}"
    assert "ccache" not in done.stderr


def test_list_names_every_loss(call):
    result = call("list")
    assert result.exit_code == 0
    words = result.output.split()
    assert all(name in words for name in [*registry.names(), *registry.FAMILIES])


def test_list_of_one_family_and_mode(call):
    result = call("list", "--family", "region", "--mode", "binary")
    names = [line.split()[1] for line in result.output.splitlines()[1:]]
    assert names == registry.names("region", "binary")


def test_list_says_what_paddleseg_has(call_json):
    _, printed = call_json("list")
    taken = {loss["name"] for loss in printed if loss["paddleseg_has_the_name"]}
    assert taken == {"CrossEntropyLoss", "DiceLoss", "FocalLoss", "LovaszSoftmaxLoss", "LovaszHingeLoss"}
    for loss in printed:
        assert loss["paddleseg_name"] == ("paddleseg_losses." * (loss["name"] in taken)) + loss["name"]


@pytest.mark.parametrize("words", ["small objects", "small-objects", "Small", "小目标"])
def test_list_for_a_symptom(call_json, words):
    code, printed = call_json("list", "--for", words)
    assert code == 0
    assert [loss["name"] for loss in printed] == ranking()["small-objects"]
    assert set(ranking()["small-objects"]) == set(registry.names(symptom="small-objects"))
    assert "found the smallest discs with every seed" in printed[0]["reason"]


WORDS = {
    "thin-structures": "crack cracks vessel road 裂缝 血管 道路 retinal-vessels 路面裂缝 Fibres",
    "small-objects": "lesion tumour tumor Tumors 病灶 肿瘤 肝脏肿瘤 nodules",
    "ragged-boundaries": "cell cells nuclei polyp 细胞 细胞核 息肉 organ",
}


@pytest.mark.parametrize(("symptom", "word"), [(key, word) for key, text in WORDS.items() for word in text.split()])
def test_list_knows_what_is_segmented(call_json, symptom, word):
    code, printed = call_json("list", "--for", word)
    assert code == 0
    assert [loss["name"] for loss in printed] == ranking()[symptom]


def test_list_gives_the_reasons_in_the_language_of_the_run(call):
    text = call("list", "--for", "crack").output
    assert "follows the centre line" in text
    assert text.index("SoftCLDiceLoss") < text.index("BalancedCrossEntropyLoss")  # another order than the list's
    assert "按中心线计算" in call("list", "--for", "裂缝", "--lang", "zh").output


def test_an_unknown_name_is_answered_with_five(call):
    said = call("show", "Quux").stderr
    assert said.count("Loss") == 5, said
    assert "such as" in said


@pytest.mark.parametrize("line", ["--version", "list", "list --for crack", "show DiceLoss", "show Nope"])
def test_what_is_only_text_does_not_wait_for_paddle(line, tmp_path):
    """CPU seconds of the process with what it imports: 0.2 where it was measured, 2.5 with Paddle."""
    code = (
        "import resource, sys\n"
        "from paddleseg_losses.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'paddle', 'numpy', 'scipy'} & set(sys.modules)\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(sorted(heavy), used.ru_utime + used.ru_stime)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *line.split()], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(paddleseg_losses.__file__).parents[1])},
    )  # fmt: skip
    heavy, seconds = done.stdout.splitlines()[-1].rsplit(maxsplit=1)
    assert heavy == "[]", done.stderr
    if line != "show Nope":  # which reads the words of other libraries
        assert float(seconds) < 0.8  # twice what was asked for, for slower machines


def test_list_knows_its_symptoms(call, call_json):
    _, printed = call_json("list", "--for", "?")
    assert [row["symptom"] for row in printed] == list(registry.SYMPTOMS)
    assert "small objects" in call("list", "--for", "?").output
    result = call("list", "--for", "smaller objects")
    assert result.exit_code == 1
    assert "did you mean small objects?" in result.stderr


@pytest.mark.parametrize("spec", list(registry.specs()), ids=lambda spec: spec.name)
def test_show_tells_everything(call, spec):
    result = call("show", spec.name)
    assert result.exit_code == 0
    for text in ("Formula", "Options", "ignore_index", "Paper", spec.link, spec.paper, "coef: [1]"):
        assert text in result.output


def test_show_prints_a_formula_as_text_with_its_symbols(call):
    english, chinese = call("show", "TverskyLoss").output, call("--lang", "zh", "show", "TverskyLoss").output
    for line in (
        "L = 1 - (TP + s) / (TP + alpha FP + beta FN + s): for each",
        "FP = sum_i p_i (1 - g_i): false positives",
    ):
        assert line in english
        assert line.partition(":")[0] + "：" in chinese
    assert "  alpha: weight of false positives\n" in english
    assert "  FP = sum_i p_i (1 - g_i)：假阳性\n" in chinese


def test_the_yaml_that_show_prints_is_yaml(call):
    result = call("show", "paddleseg_losses.TverskyLoss")
    section = yaml.safe_load(result.output.partition("YAML\n")[2])["loss"]
    assert registry.build(section["types"][0]).alpha == 0.3


def test_a_misspelt_name_suggests_the_nearest(call):
    result = call("show", "TverskiLoss")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: There is no loss 'TverskiLoss'.")
    assert "did you mean TverskyLoss?" in result.stderr


def test_a_traceback_is_shown_when_asked_for(call, monkeypatch):
    assert isinstance(call("--traceback", "show", "X").exception, paddleseg_losses.errors.UnknownLossError)
    monkeypatch.setenv("PADDLESEG_LOSSES_TRACEBACK", "1")
    assert isinstance(call("show", "X").exception, paddleseg_losses.errors.UnknownLossError)


@pytest.mark.parametrize(
    "arguments",
    [["lst"], ["list", "--family", "x"], ["show"], ["train"], ["train", "--config", "x", "--opts"], ["data", "mni"]],
    ids=" ".join,
)
def test_usage_errors_exit_with_2(call, arguments):
    assert call(*arguments).exit_code == 2


def test_check_explains_and_exits_with_1(call, tmp_path):
    path = tiny.write_config(tmp_path / "config.yml", tmp_path, {"type": "TverskyLoss", "alfa": 0.3})
    result = call("check", path)
    assert result.exit_code == 1
    assert "did you mean alpha?" in result.output
    corrected = yaml.safe_load(result.output.partition("Corrected:")[2])
    assert corrected["loss"]["types"] == [{"type": "TverskyLoss", "alpha": 0.3}]


def test_check_of_what_is_right_exits_with_0(call, tmp_path):
    path = tiny.write_config(tmp_path / "config.yml", tmp_path, {"type": "TverskyLoss", "alpha": 0.3})
    result = call("check", path)
    assert (result.exit_code, result.output.count("mistake")) == (0, 0)
    assert "TverskyLoss(alpha=0.3" in result.output


def test_train_has_every_flag_of_paddleseg():
    clone = os.environ.get("PADDLESEG_CLONE")
    ours = {name for option in train.params for name in option.opts} - {"--lang", "--json"}
    assert ours == {*(f"--{name}" for name in Flags.__dataclass_fields__), "--override"}
    if clone:
        import re

        source = Path(clone, "tools", "train.py").read_text(encoding="utf-8")
        assert ours == {*re.findall(r"""add_argument\(\s*["'](--\w+)""", source), "--override"}


def test_flags_with_several_values(monkeypatch, call):
    given = {}
    monkeypatch.setattr(train, "callback", lambda **flags: given.update(flags))
    line = "train --config x.yml --opts a=1 b.c=2 --iters 5 --input_shape 1 3 64 64 --do_eval --opts d=3"
    assert call(*line.split(), "--override", "DiceLoss").exit_code == 0
    assert given["opts"] == ("a=1", "b.c=2", "d=3")
    assert given["input_shape"] == (1, 3, 64, 64)
    assert (given["iters"], given["do_eval"], given["override"]) == (5, True, ("DiceLoss",))
    defaults = {name: field.default for name, field in Flags.__dataclass_fields__.items()}
    untouched = set(defaults) - {"config", "opts", "iters", "input_shape", "do_eval"}
    assert {name: given[name] for name in untouched} == {name: defaults[name] for name in untouched}


def test_run_hands_on_what_follows_the_script(monkeypatch, call):
    given = []
    monkeypatch.setattr("paddleseg_losses.paddleseg.runner.run", lambda *arguments: given.append(arguments))
    result = call("run", "--override", "DiceLoss", "tools/train.py", "--config", "x.yml", "--help", "--override", "y")
    assert result.exit_code == 0
    assert given == [("tools/train.py", ("--config", "x.yml", "--help", "--override", "y"), ("DiceLoss",))]


def test_train_without_a_file(call, tmp_path):
    result = call("train", "--config", tmp_path / "nothing.yml")
    assert result.exit_code == 1
    assert "error: There is no file" in result.stderr


@pytest.mark.skipif(not find_spec("cv2"), reason="PaddleSeg is not installed")
def test_a_whole_training(tmp_path):
    dataset = tiny.write_dataset(tmp_path / "data")
    config = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "ComboLoss"})
    command = f"-m paddleseg_losses train --config {config} --do_eval --save_dir {tmp_path / 'output'} --log_iters 2"
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, *command.split(), "--device", "cpu", "--seed", "1", "--opts", "iters=4", "batch_size=4"],
        capture_output=True, text=True, timeout=300, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("training PPHumanSegLite on cpu, 4 images, loss 1 x ComboLoss(")
    assert [line.split("  ")[0] for line in lines if "loss 0." in line and line.startswith("iter")] == [
        "iter 2/4",
        "iter 4/4",
    ]
    table = lines[next(i for i, line in enumerate(lines) if line.startswith("class ")) :]
    assert [line.split()[0] for line in table[:5]] == ["class"] * 4 + ["mean"]
    metrics = json.loads((tmp_path / "output" / "metrics.json").read_text())
    assert float(table[4].split()[1]) == pytest.approx(metrics["scores"]["mean_dice"], abs=1e-4)
    assert "[INFO]" not in done.stdout


def test_the_bar_of_a_terminal(monkeypatch, capsys):
    from paddleseg_losses.cli.progress import Bar, display
    from paddleseg_losses.paddleseg.display import Step

    assert not isinstance(display(), Bar)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    bar = display()
    assert isinstance(bar, Bar)
    bar.say("[headline]")
    for iteration in (1, 2):
        bar.tick(iteration, 2)
        bar.step(Step(iteration, 2, 0.5, 0.01, 0.1, "00:00:01"))
    bar.evaluating(1, 2)
    bar.evaluated(2, 0.75, False)
    bar.warn("careful")
    bar.close()
    out = capsys.readouterr().out
    for text in ("[headline]", "2/2", "loss 0.5000", "mIoU 0.7500", "careful"):
        assert text in out


COMMAND = Path(sys.executable).with_name("paddleseg-losses")


@pytest.mark.slow
@pytest.mark.skipif(not (find_spec("cv2") and COMMAND.exists()), reason="PaddleSeg or our command is not installed")
def test_two_processes(tmp_path):
    dataset = tiny.write_dataset(tmp_path / "data")
    config = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss"}, iters=2)
    launch = [sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2", "--log_dir", tmp_path / "log"]
    flags = ["--config", config, "--do_eval", "--save_dir", tmp_path / "output", "--device", "cpu", "--log_iters", "1"]
    done = subprocess.run(
        [*launch, COMMAND, "train", *flags], capture_output=True, text=True, timeout=300, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = json.loads((tmp_path / "output" / "metrics.json").read_text())
    assert [point["iteration"] for point in metrics["loss"]] == [1, 2]
    assert metrics["scores"]["images"] == 2
    assert (tmp_path / "output" / "train.log").read_text().count("[TRAIN]") == 2  # the first process alone writes


def test_a_file_that_ends_too_early_is_a_reason(call, monkeypatch):
    """An EOFError from wherever: click takes it for the end of the input, and says no more than that it stopped."""
    from paddleseg_losses import catalogue

    def ends(name):
        raise EOFError("Ran out of input")

    monkeypatch.setattr(catalogue, "loss", ends)
    result = call("show", "DiceLoss")
    assert result.exit_code == 1
    assert "A file is empty or cut off (Ran out of input)" in result.stderr
    assert "Stopped." not in result.stderr

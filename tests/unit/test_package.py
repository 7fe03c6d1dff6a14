"""The package as a whole: light, public, complete in what it says of each loss."""

import ast
import math
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import paddleseg_losses
from paddleseg_losses import errors, registry

PACKAGE = Path(paddleseg_losses.__file__).parent
SECTIONS = ["Formula:", "When:", "Args:", "Shape:", "Reference:", "Differences:", "Example:", "YAML:"]
HEAVY = ["paddleseg", "scipy", "cv2", "matplotlib", "click", "rich", "nilearn", "PIL", "visualdl"]


def _python(code, *flags):
    return subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True, timeout=120)


def test_importing_stays_light():
    # Paddle itself may bring some of them along; what is asked is that we add none.
    code = (
        "import zlib, sys, warnings; warnings.simplefilter('ignore'); import paddle; before = set(sys.modules)\n"
        "import paddleseg_losses; print(sorted(set(sys.modules) - before)); before = set(sys.modules)\n"
        "import paddleseg_losses.testing; print(sorted(set(sys.modules) - before))"
    )
    added, for_laws = map(ast.literal_eval, _python(code).stdout.strip().splitlines()[-2:])
    assert "paddleseg_losses" in added
    assert not {name.partition(".")[0] for name in added} & set(HEAVY)
    assert "paddleseg_losses.testing" in for_laws  # and not before it is asked for
    assert "pytest" not in for_laws


def test_any_module_may_be_imported_first():
    code = """
        import importlib, pkgutil, sys, warnings
        warnings.simplefilter("ignore")
        import paddle, paddleseg_losses
        names = [m.name for part in ("", ".functional") for m in pkgutil.iter_modules(
            [paddleseg_losses.__path__[0] + part.replace(".", "/")], f"paddleseg_losses{part}.")]
        for name in names:
            if not name.endswith("__main__"):
                for loaded in [each for each in sys.modules if each.partition(".")[0] == "paddleseg_losses"]:
                    del sys.modules[loaded]
                importlib.import_module(name)
        print(len(names))
    """
    done = _python(textwrap.dedent(code))
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 80


NO_PADDLE = "import sys; sys.modules['paddle'] = None; "


@pytest.mark.parametrize(
    "line",
    [
        "from paddleseg_losses import DiceLoss",
        "from paddleseg_losses import *",
        "import paddleseg_losses; paddleseg_losses.register()",
        "import paddleseg_losses.transforms",
        "from paddleseg_losses.registry import names; names()",
    ],
)
def test_without_paddle_it_says_which_of_two_to_install(line):
    done = _python(NO_PADDLE + line)
    assert done.returncode == 1
    for text in ("paddleseg-losses[cpu]", "paddleseg-losses[gpu]", "MissingDependencyError"):
        assert text in done.stderr


def test_without_paddle_the_catalogue_can_be_read():
    done = _python(
        f"{NO_PADDLE} import paddleseg_losses; from paddleseg_losses.cli import main; main(['show', 'DiceLoss'])"
    )
    assert done.returncode == 0, done.stderr
    assert "squared_pred" in done.stdout


def test_paddle_is_imported_with_the_first_name_that_needs_it():
    code = "import paddleseg_losses as p; a = 'paddle' in sys.modules; p.DiceLoss; print(a, 'paddle' in sys.modules)"
    done = _python(f"import sys; {code}")
    assert done.stdout.split() == ["False", "True"]
    assert "ccache" not in done.stderr


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_source_keeps_to_the_rules(path):
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 300
    tree = ast.parse(source)
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree)), "errors are typed, not asserted"
    private = re.compile(r"\bpaddle(\.\w+)*\.(_(?!_)\w+|base|fluid|framework)\b|\b_C_ops\b")
    assert not private.search(source), "only Paddle's public API"
    if "_" in {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}:
        stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        assert "_" not in stored, "`_` marks texts here"


@pytest.mark.parametrize("spec", list(registry.specs()), ids=lambda spec: spec.name)
def test_docstring_order(spec):
    doc = spec.cls.__doc__
    places = [doc.find(section) for section in SECTIONS]
    assert -1 not in places, SECTIONS[places.index(-1)]
    assert places == sorted(places)
    assert re.search(r"; range [\[(]", doc.splitlines()[0])
    assert "For:" in doc
    assert "Against:" in doc
    assert ">>> " in doc


@pytest.mark.parametrize("spec", list(registry.specs()), ids=lambda spec: spec.name)
def test_yaml_of_the_docstring_builds_the_loss(spec):
    import textwrap

    import yaml

    snippet = textwrap.dedent(spec.cls.__doc__.partition("YAML:\n")[2])
    (entry,) = yaml.safe_load(snippet)["loss"]["types"]
    assert type(registry.build(entry)) is spec.cls


def test_public_names_are_the_registry():
    for name in registry.names():
        assert getattr(paddleseg_losses, name) is registry.get(name).cls
        assert registry.get("paddleseg_losses." + name).name == name


@pytest.mark.parametrize("family", registry.FAMILIES)
def test_no_two_losses_share_a_place_in_a_chapter(family):
    stated = [spec.order for spec in registry.specs(family) if spec.order < math.inf]
    assert stated == sorted(set(stated))


@pytest.mark.parametrize("spec", list(registry.specs()), ids=lambda spec: spec.name)
def test_a_final_class_has_a_file_named_after_it(spec):
    package, _, stem = spec.cls.__module__.rpartition(".")
    assert package == f"paddleseg_losses.losses.{spec.family}"
    assert stem.replace("_", "") == spec.name.removesuffix("Loss").lower()


def test_registering_refuses_what_would_break():
    facts = {f: "" for f in ("title", "purpose", "paper", "link", "equation")}
    facts = {**facts, "family": "region", "range": (0, 1)}
    from paddleseg_losses.losses.families import RegionLoss

    def register(name, body=None, **changed):
        return registry.registered(**{**facts, **changed})(
            type(name, (RegionLoss,), body or {"per_class": lambda s, x: x})
        )

    with pytest.raises(errors.OptionError, match="PaddleSeg's trainer"):
        register("MixedLoss")
    with pytest.raises(errors.OptionError, match="one loss per name"):
        register("DiceLoss")
    with pytest.raises(errors.OptionError, match="does not define per_class"):
        register("HalfLoss", {"x": 1})
    with pytest.raises(errors.OptionError, match="distribution, region, boundary, compound"):
        register("LostLoss", family="elsewhere")
    with pytest.raises(errors.OptionError, match=r"'hiccups'(.|\n)*small-objects"):
        register("LostLoss", suits=("small-objects", "hiccups"))
    assert "LostLoss" not in registry.names()
    with pytest.raises(errors.OptionError, match="@registered"):
        type("BareLoss", (RegionLoss,), {})()


def test_every_symptom_has_losses_and_every_loss_of_a_paper_a_symptom():
    for symptom, words in registry.SYMPTOMS.items():
        names = registry.names(symptom=symptom)
        assert names == [spec.name for spec in registry.specs() if symptom in spec.suits]
        assert names, symptom
        assert str(words), symptom
    # They suit what the losses inside suit.
    assert [spec.name for spec in registry.specs() if not spec.suits] == ["WeightedSumLoss", "DeepSupervisionLoss"]
    assert registry.names("boundary", symptom="far-errors", mode="multilabel")[0] == "HausdorffDTLoss"


def test_compound_parts():
    import paddle

    loss = paddleseg_losses.ComboLoss(alpha=0.3)
    assert loss.parts == {}
    z, y = paddle.randn([2, 3, 5, 7]), paddle.randint(0, 3, [2, 5, 7])
    value = float(loss(z, y))
    parts = loss.parts
    assert list(parts) == ["cross_entropy", "dice"]
    assert value == pytest.approx(0.3 * parts["cross_entropy"] + 0.7 * parts["dice"], rel=1e-6)
    assert parts["dice"] == pytest.approx(float(paddleseg_losses.DiceLoss(include_background=False)(z, y)), rel=1e-6)


@pytest.mark.parametrize("spec", list(registry.specs()), ids=lambda spec: spec.name)
def test_a_docstring_without_its_indentation_says_the_same(spec, monkeypatch):
    """Python 3.13 strips it when it compiles."""
    import inspect

    from paddleseg_losses.describe import docstring
    from paddleseg_losses.options.declared import with_arguments

    stripped, head = inspect.cleandoc(spec.cls.__doc__), "\nArgs:\n"
    before, _, rest = stripped.partition(head)
    written = before + rest[rest.index("\nShape:\n") :]  # as it stands in the file
    indented = "\n".join(f"    {line}" if line else "" for line in written.splitlines()).strip() + "\n    "
    assert with_arguments(written, spec.cls) == with_arguments(indented, spec.cls) == stripped
    known = docstring(spec.cls)
    monkeypatch.setattr(spec.cls, "__doc__", indented)
    assert docstring(spec.cls) | {"Args": known["Args"]} == known


ORDERS = {
    "zlib first": (["zlib", "paddle.base.libpaddle"], "2.6.2", False),
    "paddle first": (["paddle.base.libpaddle", "zlib"], "2.6.2", True),
    "a newer paddle first": (["paddle.base.libpaddle", "zlib"], "3.0.0", False),
}


@pytest.mark.parametrize("case", ORDERS)
def test_a_zlib_that_will_fail_is_told_of(case, monkeypatch):
    import warnings

    from paddleseg_losses import import_order

    order, version, warned = ORDERS[case]
    monkeypatch.setattr(import_order.zlib, "__file__", "zlib.so", raising=False)
    monkeypatch.setattr(import_order, "sys", type("Sys", (), {"modules": dict.fromkeys(order)}))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        import_order.warn_of_zlib(version)
    assert ["import paddleseg_losses, or zlib, before paddle" in str(each.message) for each in caught] == [
        True
    ] * warned

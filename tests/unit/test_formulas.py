"""Formulas: every one can be typeset, every symbol is explained, and text and mathematics are the same formula."""

import json
import re
import shutil
import subprocess

import pytest

from docs.builder import katex
from docs.builder.known import Known
from docs.builder.language import CHINESE, DOCS, ENGLISH, page
from docs.builder.tex import tex
from paddleseg_losses import registry
from paddleseg_losses.describe import docstring
from paddleseg_losses.formula import Line, complete, is_math, read, symbols, unexplained
from paddleseg_losses.options import options_of

SPECS = [pytest.param(spec, id=spec.name) for spec in registry.specs()]


def _options(spec):
    return {name: str(option.help) for name, option in options_of(spec.cls).items()}


def _mathematics(spec):
    """Everything of a formula that is typeset, in words too."""
    lines = complete(docstring(spec.cls)["Formula"], _options(spec))
    inline = [code for line in lines for code in line.words.split("`")[1::2] if is_math(code, _options(spec))]
    return [line.math for line in lines], inline


@pytest.mark.parametrize("spec", SPECS)
def test_every_symbol_is_explained(spec):
    lines = complete(docstring(spec.cls)["Formula"], _options(spec))
    assert unexplained(lines, _options(spec)) == []
    assert lines[0].math.startswith("L = ")
    assert all(line.words for line in lines[1:])


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize("spec", SPECS)
def test_pages_hold_the_mathematics_of_the_docstring(spec, language):
    text = (DOCS / "losses" / page(spec.name, language)).read_text(encoding="utf-8")
    first, *others = (tex(math) for math in _mathematics(spec)[0])
    assert f"```math\n{first}\n```" in text
    for math in others:
        assert f"* $`{math.replace('frac', 'dfrac')}`$" in text
    for code in _mathematics(spec)[1]:
        assert f"$`{tex(code)}`$" in text


@pytest.mark.parametrize("spec", SPECS)
def test_both_languages_explain_the_same(spec):
    english, chinese = (Known(spec, language).formula() for language in (ENGLISH, CHINESE))
    assert [line.math for line in english] == [line.math for line in chinese]
    for ours, theirs in zip(english, chinese):
        assert sorted(ours.words.split("`")[1::2]) == sorted(theirs.words.split("`")[1::2])


def test_what_is_not_explained_is_found():
    assert unexplained(complete("L = q_i + alpha", {"alpha": "an option"}), ["alpha"]) == ["q_i"]
    assert unexplained(complete("L = d_p + d_g\nd_p: a distance", {}), []) == ["d_g"]
    assert unexplained(complete("L = w_{y_i}\nw_c: a weight", {}), []) == []
    assert unexplained(complete("L = 1: the `n` best of `R`, `batch=True`", {"batch": ""}), ["batch"]) == ["R"]


def test_what_explains_brings_what_explains_it():
    lines = complete("L = TP + s", {"smooth": "a number"})
    assert [line.math for line in lines] == ["L = TP + s", "TP = sum_i p_i g_i", "s", "i", "p", "g"]
    assert complete("L = alpha", {"alpha": "weight"})[1] == Line("alpha", "weight", option="alpha")


def test_a_line_may_be_continued():
    assert read("L = a: the\n    sum\na: b") == [Line("L = a", "the sum"), Line("a", "b")]
    assert Line("S_p, S_{g,i}").explains == ["S_p", "S_{g,i}"]
    assert Line("f(x) = max(x, 0)").explains == ["f"]
    assert symbols("sum_{i in T} log w_{y_i}") == ["i", "T", "w_{y_i}"]


@pytest.mark.parametrize(
    ("text", "typeset"),
    [
        ("1 - (2 TP + s) / (P + G + s)", r"1 - \frac{2\,\mathrm{TP} + s}{P + G + s}"),
        ("(1 / V) sum_{i in T} p_i^2", r"\frac{1}{V} \sum_{i \in T} p_{i}^{2}"),
        ("r a / b", r"r\,\frac{a}{b}"),
        ("(1 - p_t)^gamma log p_t", r"(1 - p_{t})^{\gamma} \log p_{t}"),
        ("sqrt(V / V_l)", r"\sqrt{\frac{V}{V_{l}}}"),
        ("|a| + |b / c|", r"\lvert a \rvert + \left| \frac{b}{c} \right|"),
        ("max(floor(k), 1 / 2)", r"\max \left( \lfloor k \rfloor , \frac{1}{2} \right)"),
        ("-mean_i [w]", r"- \operatorname*{mean}_{i}\,[w]"),
        ("lambda_dice D^{1 - k}", r"\lambda_{\mathrm{dice}}\,D^{1 - k}"),
    ],
)
def test_text_becomes_tex(text, typeset):
    assert tex(text) == typeset


@pytest.mark.parametrize("text", ["(a", "a)", "/ a", "a /", "a ^", "a & b", "|a", "a_{b", "[a)"])
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(SystemExit, match="cannot be read"):
        tex(text)


@pytest.mark.skipif(not shutil.which("node"), reason="needs node, to ask KaTeX itself")
def test_katex_can_typeset_all(tmp_path):
    try:
        katex.write(tmp_path)
    except OSError as error:
        pytest.skip(f"KaTeX is neither in build/ nor can it be fetched: {error}")
    formulas = [tex(math) for spec in registry.specs() for part in _mathematics(spec) for math in part]
    script = (
        f"const katex = require({json.dumps(str(tmp_path / 'katex.min.js'))});"
        "const options = {throwOnError: true, strict: 'error'};"
        f"for (const tex of {json.dumps(formulas)}) console.log(katex.renderToString(tex, options));"
    )
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = re.findall('class="katex"', done.stdout)
    assert len(lines) == len(formulas) > 300


@pytest.mark.parametrize("spec", SPECS)
def test_no_fraction_lacks_its_half(spec):
    for language in (ENGLISH, CHINESE):
        text = (DOCS / "losses" / page(spec.name, language)).read_text()
        assert "}{}" not in text

"""The catalogues of translations: what there is to translate, and bringing each catalogue up to date with it.

There are texts that are marked in the code, and texts that are declared: docstrings and options of the losses, facts of
the registry, help of the commands. A text that has changed is marked fuzzy with its old translation.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from paddleseg_losses import i18n, other_libraries, registry
from paddleseg_losses.cli import main
from paddleseg_losses.cli.command import every_command
from paddleseg_losses.describe import texts

ROOT = i18n.FOLDER.parents[1]  # where the package lies, wherever the documents are
# The functions that mark a text, and which of their arguments it is.
KEYWORDS = {"_": None, "plural": (1, 2), "in_context": ((1, "c"), 2), "t": None, "language": None}
_MARKS = re.compile(rf"\b({'|'.join(KEYWORDS)})\(".encode())  # most files call none of them: they are not parsed
FOLDERS = ("paddleseg_losses", "docs/builder", "benchmarks")


def template() -> Catalog:
    """Everything that is to be translated."""
    catalog = Catalog(fuzzy=False)
    for folder in FOLDERS:
        messages = extract_from_dir(ROOT / folder, [("**.py", _calls)], keywords=KEYWORDS)
        for file, _line, message, _comments, context in sorted(messages, key=lambda each: each[:2]):
            catalog.add(message, locations=[(f"{folder}/{file}", 0)], context=context)
    for text, place in _declared():
        if text and text not in catalog:
            catalog.add(text, locations=[(place, 0)])
    return catalog


def _calls(file: BinaryIO, keywords: Any, _tags: Any, options: Any) -> Iterator[tuple[int, str, Any, list[str]]]:
    """How Babel finds the marked texts; its own method sees none inside f-strings before Python 3.12."""
    text = file.read()
    for node in ast.walk(ast.parse(text)) if _MARKS.search(text) else ():
        name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
        if name in keywords:
            arguments = [part.value if isinstance(part, ast.Constant) else None for part in node.args]
            texts = tuple(part if isinstance(part, str) else None for part in arguments)
            if texts and texts[0]:
                yield node.lineno, name, texts if len(texts) > 1 else texts[0], []


def _declared() -> Iterator[tuple[str, str]]:
    for spec in registry.specs():
        yield from ((text, spec.cls.__module__.replace(".", "/") + ".py") for text in texts(spec))
    yield from ((text, "paddleseg_losses/other_libraries") for text in other_libraries.texts())
    yield from ((text, "paddleseg_losses/cli") for _path, each in every_command(main) for text in _of_command(each))


def _of_command(command: click.Command) -> Iterator[str]:
    yield from (getattr(command, "english", None) or "", getattr(command, "brief", ""))
    yield from (getattr(parameter, "english", None) or "" for parameter in command.params)


def catalogues() -> list[Path]:
    """The catalogue of each language."""
    return sorted(i18n.FOLDER.glob(f"*/LC_MESSAGES/{i18n.DOMAIN}.po"))


def update() -> list[str]:
    """Bring every catalogue up to date and compile it; what is left to do for the translators."""
    wanted = template()
    for path in catalogues():
        path.write_bytes(_updated(path, wanted))
        path.with_suffix(".mo").write_bytes(_compiled(path))
    return [problem for path in catalogues() for problem in _problems(path)]


def problems() -> list[str]:
    """What is not up to date, and what is left to do for the translators."""
    wanted, complaints = template(), []
    for path in catalogues():
        compiled = path.with_suffix(".mo")
        if _texts(_read(path)) != _texts(read_po(BytesIO(_updated(path, wanted)))):
            complaints.append(f"{path.relative_to(ROOT)} lacks new texts or has old ones: run `make docs`")
        if not compiled.exists() or _texts(read_mo(BytesIO(compiled.read_bytes()))) != _texts(
            read_mo(BytesIO(_compiled(path)))
        ):
            complaints.append(f"{compiled.relative_to(ROOT)} is not compiled anew: run `make docs`")
        complaints += _problems(path)
    return complaints


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def _updated(path: Path, wanted: Catalog) -> bytes:
    catalog = _read(path)
    catalog.update(wanted, update_creation_date=False)
    text = BytesIO()
    write_po(text, catalog, width=120, ignore_obsolete=True, include_lineno=False, sort_by_file=True)
    return text.getvalue()


def _compiled(path: Path) -> bytes:
    file = BytesIO()
    write_mo(file, _read(path))
    return file.getvalue()


def _texts(catalog: Catalog) -> list[Any]:
    """What a catalogue says; how its file is laid out depends on the version of Babel."""
    forms = ((message.context, _forms(message.id), _forms(message.string)) for message in catalog if message.id)
    return sorted(forms, key=str)


def _problems(path: Path) -> Iterator[str]:
    for message in _read(path):
        state = _problem(message) if message.id else ""
        if state:
            yield f"{path.relative_to(ROOT)}: {state}: {message.id!r}"


def _problem(message: Message) -> str:
    """What is wrong with the translation of a text."""
    english, translated = _forms(message.id), _forms(message.string)
    if message.fuzzy:
        return "fuzzy"
    if not all(translated):
        return "not translated"
    wanted = fields(english[-1])
    return "" if all(fields(text) == wanted for text in translated) else f"its fields are not {sorted(wanted)}"


def _forms(text: Any) -> list[str]:
    """The one form of a text, or those for different numbers."""
    return list(text) if isinstance(text, (list, tuple)) else [text]


def fields(text: str) -> set[str]:
    """The fields that a template names, each with how it is to be written."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:  # braces of YAML, in a text without fields
        return set()
    return {f"{name}!{kind}:{spec}" for _text, name, spec, kind in parts if name and name.isidentifier()}

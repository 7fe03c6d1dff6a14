"""Reading PaddleSeg's YAML files without PaddleSeg, with errors that name the file, the line and the cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError
from ..i18n import Message, Text, _
from ..i18n.foreign import recognized
from ..registry import suggest

Config = dict[str, Any]


def load(path: str | Path) -> Config:
    """A configuration with everything it inherits through `_base_`, merged as PaddleSeg merges it."""
    return _load(Path(path), ())


def _load(path: Path, above: tuple[Path, ...]) -> Config:
    if path.resolve() in above:
        raise ConfigError(
            _("{path} is its own `_base_`.", path=path),
            _("a chain of bases with an end"),
            _("remove one `_base_` line"),
        )
    config = _parse(path, _read(path, above))
    bases = config.pop("_base_", [])
    for base in [bases] if isinstance(bases, str) else bases:
        config = merge(config, _load(path.parent / base, (*above, path.resolve())))
    return config


def merge(config: Config, base: Config) -> Config:
    """Lay a configuration over its base; `_inherited_: False` in a section keeps the base out of it."""
    if not config.get("_inherited_", True):
        return {key: value for key, value in config.items() if key != "_inherited_"}
    merged = dict(base)
    for key, value in config.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = merge(value, base[key]) if both else value
    return merged


def _read(path: Path, above: tuple[Path, ...]) -> str:
    name = _("{path} (a `_base_` of {above})", path=path, above=above[-1]) if above else path
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        there = {p.stem: p for p in path.parent.glob("*.y*ml")} if path.parent.is_dir() else {}
        near = suggest(path.stem, list(there))
        raise ConfigError(
            _("There is no file {path}.", path=name),
            _("a YAML file"),
            _("did you mean {near}?", near=there[near])
            if near
            else _("look in {folder}", folder=path.parent.resolve()),
        ) from None
    except IsADirectoryError:
        files = ", ".join(str(file) for file in sorted(path.glob("*.y*ml"))[:5])
        raise ConfigError(
            _("{path} is a folder.", path=name),
            _("a YAML file"),
            _("give one of {files}", files=files) if files else _("give a file in it"),
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            _("{path} cannot be read: {error}.", path=name, error=recognized(str(error))),
            _("a YAML file in UTF-8"),
            _("save it again"),
        ) from None


def _parse(path: Path, text: str) -> Config:
    try:
        config = yaml.load(text, Loader=yaml.FullLoader)  # what PaddleSeg reads it with
    except yaml.YAMLError as error:
        raise _syntax_error(path, text, error) from None
    if not isinstance(config, dict):
        raise ConfigError(
            _("{path} is empty.", path=path)
            if config is None
            else _("{path} contains a {type}.", path=path, type=type(config).__name__),
            _("a mapping with keys such as model, loss and train_dataset"),
            _("start from one of the files in configs/"),
        )
    return config


def _syntax_error(path: Path, text: str, error: yaml.YAMLError) -> ConfigError:
    mark = getattr(error, "problem_mark", None)
    line = text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else ""
    place: Text = str(path)
    if mark:
        place = _("{path}, line {line}, column {column}", path=path, line=mark.line + 1, column=mark.column + 1)
    tabs, spaces = _("indent with spaces, not tabs"), _("check the indentation, colons and brackets there")
    cure: Text = tabs if "\t" in line else spaces
    return ConfigError(
        Message("{place}: {problem}.", place=place, problem=recognized(getattr(error, "problem", None) or str(error))),
        "YAML",
        Message("{cure}: {line!r}", cure=cure, line=line.strip()) if line.strip() else cure,
    )

"""Reading PaddleSeg's YAML files without PaddleSeg, with errors that name the file, the line and the cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import safe_yaml
from ..errors import ConfigError
from ..i18n import Text, _
from .toolkits import MEDICALSEG, toolkit_of
from .unreadable import explained

Config = dict[str, Any]
_MAX_FILES = 100  # bases of bases of a bomb are many


def load(path: str | Path, local_tags: bool = False) -> Config:
    """A configuration with everything it inherits through `_base_`, merged as PaddleSeg merges it.

    Args:
        path: the file.
        local_tags: whether tags such as `!Tag` pass, as untagged values.
    """
    return _load(Path(path), (), [], local_tags)


def load_for_paddleseg(path: str | Path, script: str) -> Config:
    """The same, but no configuration of MedicalSeg, whose own script can use it."""
    config = load(path)
    if toolkit_of(config) is MEDICALSEG:
        raise ConfigError(
            _("{config} is a configuration of MedicalSeg, with a data_root.", config=path),
            _("one of PaddleSeg"),
            _(
                "start its own script in contrib/MedicalSeg: `paddleseg-losses run {script} --config ...`",
                script=script,
            ),
        )
    return config


def pop_of_trainer(config: Config) -> Config:
    """Take out what PaddleSeg's training script reads itself, and no dataset knows; with its defaults."""
    config.pop("log_ranks", None)
    section = config.get("train_dataset")
    return {
        "print_mem_info": config.pop("print_mem_info", True),
        "shuffle": section.pop("shuffle", True) if isinstance(section, dict) else True,
    }


def _load(path: Path, above: tuple[Path, ...], files: list[Path], local_tags: bool) -> Config:
    """`above` are the files whose `_base_` leads here, `files` all that were read."""
    if path.resolve() in above:
        raise ConfigError(
            _("{path} is its own `_base_`.", path=path),
            _("a chain of bases with an end"),
            _("remove one `_base_` line"),
        )
    files.append(path)
    if len(files) > _MAX_FILES:
        raise ConfigError(
            _("{path} inherits from more than {limit} files.", path=files[0], limit=_MAX_FILES),
            _("a chain of bases with an end"),
            _("remove one `_base_` line"),
        )
    config = _mapping(path, _read(path, above, local_tags))
    for base in _bases(path, config.pop("_base_", [])):
        config = merge(config, _load(base, (*above, path.resolve()), files, local_tags))
    return config


def _bases(path: Path, bases: Any) -> list[Path]:
    names = [bases] if isinstance(bases, str) else bases
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError(
            _("{path}: `_base_` is {value!r}.", path=path, value=bases),
            _("the path of a YAML file, or a list of such paths"),
            _("write {yaml}", yaml="_base_: base.yml"),
        )
    return [path.parent / name for name in names]


def merge(config: Config, base: Config) -> Config:
    """Lay a configuration over its base; `_inherited_: False` in a section keeps the base out of it."""
    if not config.get("_inherited_", True):
        return {key: value for key, value in config.items() if key != "_inherited_"}
    merged = dict(base)
    for key, value in config.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = merge(value, base[key]) if both else value
    return merged


def _read(path: Path, above: tuple[Path, ...], local_tags: bool) -> Any:
    name: Text = _("{path} (a `_base_` of {above})", path=path, above=above[-1]) if above else str(path)
    with explained(path, ConfigError, _("a YAML file"), "*.y*ml", "*.y*ml", _("give a file in it"), name):
        return safe_yaml.read(path, name, only_named_so=bool(above), local_tags=local_tags)


def _mapping(path: Path, config: Any) -> Config:
    if not isinstance(config, dict):
        raise ConfigError(
            _("{path} is empty.", path=path)
            if config is None
            else _("{path} contains a {type}.", path=path, type=type(config).__name__),
            _("a mapping with keys such as model, loss and train_dataset"),
            _("start from one of the files in configs/"),
        )
    return config

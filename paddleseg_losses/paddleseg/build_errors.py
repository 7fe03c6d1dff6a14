"""PaddleSeg's errors while it builds a configuration, as errors that say what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ConfigError, LossError
from ..i18n import _
from ..registry import suggest
from .checking import check
from .registration import import_manager

_KINDS = ("MODELS", "BACKBONES", "DATASETS", "TRANSFORMS", "LOSSES", "OPTIMIZERS")
_UNKNOWN = re.compile(r"specified component \((.+?)\) was not found")
_REFUSED = re.compile(
    r"(?:Tried to create an? |Create )(\w+) (?:object|has failed).*?error message(?: is)?:\s*(.*)", flags=re.DOTALL
)


@contextmanager
def explained(config: str, use_multilabel: bool = False) -> Iterator[None]:
    """PaddleSeg keeps only the text of an error: give back ours, or say in our words what it means."""
    try:
        yield
    except LossError:
        raise
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, LossError):
            cause = cause.__cause__ or cause.__context__
        raise cause or _of_the_losses(config, use_multilabel) or _of_the_rest(config, str(error)) from error


def _of_the_losses(config: str, use_multilabel: bool) -> ConfigError | None:
    """The first mistake of the loss section: `check` explains it better than PaddleSeg."""
    for mistake in check(config, use_multilabel=use_multilabel).mistakes:
        found = _(
            "{place}: {found}", place=config, found=_("{place}: {found}", place=mistake.where, found=mistake.found)
        )
        cure = _("{cure} (`paddleseg-losses check {config}` shows all mistakes)", cure=mistake.cure, config=config)
        return ConfigError(found, mistake.expected, cure)
    return None


def _of_the_rest(config: str, text: str) -> ConfigError:
    unknown, refused = _UNKNOWN.search(text), _REFUSED.search(text)
    if unknown:
        name = unknown[1]
        known = [each for kind in _KINDS for each in getattr(import_manager(), kind).components_dict]
        near = suggest(name, known)
        return ConfigError(
            _("{config}: PaddleSeg has no component named {name!r}.", config=config, name=name),
            _("a model, backbone, dataset, transform, loss or optimizer of PaddleSeg"),
            _("did you mean {near}?", near=near) if near else _("look for the name in PaddleSeg's documentation"),
        )
    if refused:
        return ConfigError(
            _(
                "{config}: {name} cannot be created: {error}",
                config=config,
                name=refused[1],
                error=refused[2].strip(),
            ),
            _("options that it accepts"),
            _("correct its section of the file"),
        )
    return ConfigError(
        _("PaddleSeg cannot use {config}: {error}", config=config, error=text),
        _("a configuration that PaddleSeg can build"),
        _("correct what the message names"),
    )

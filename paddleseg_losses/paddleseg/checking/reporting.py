"""MedicalSeg's loops need a Dice from the losses, and stop at the first step without one: which sections give it."""

from __future__ import annotations

from typing import Any

from ... import registry
from ...i18n import _
from ...options import options_of
from ...registry import PREFIX
from .names import Names
from .report import Place, Report

Entry = dict[str, Any]


def check_reporting(report: Report, place: Place, section: Any, names: Names) -> Any:
    """Note what MedicalSeg cannot train or evaluate; gives the section with names of ours where they are the cure."""
    entries = section.get("types") if isinstance(section, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "type" in entry for entry in entries):
        return section
    section = {**section, "types": [_refused(report, (*place, "types", i), e, names) for i, e in enumerate(entries)]}
    entries = section["types"]
    if not entries:
        return section
    lacking = [0] if not _reports(entries[0], names) else []  # evaluation looks at the first head alone
    last = next((i for i in range(len(entries) - 1, -1, -1) if _decides(entries[i], names)), 0)
    if last and not _reports(entries[last], names):
        lacking.append(last)
    for i in lacking:
        section["types"][i] = _without_dice(report, (*place, "types", i), entries[i])
    if not lacking and not _has_ours(entries[0], names):
        report.remark(
            _(
                "MedicalSeg's evaluation (--do_eval, val.py) stops at losses without an axis, which its own are on a "
                "current Paddle; a loss of this package in the first entry avoids it"
            )
        )
    return section


def _refused(report: Report, place: Place, entry: Entry, names: Names) -> Entry:
    """An entry that MedicalSeg cannot build or call, because it gives it an ignore_index or expects one number."""
    name = entry["type"]
    if _ours(name, names):
        return entry
    if name in ("DiceLoss", "DC_and_CE_loss"):
        right = "DiceLoss" if name == "DiceLoss" else "DiceCELoss"
        report.mistake(
            (*place, "type"),
            _("MedicalSeg's own {name} takes no ignore_index, which MedicalSeg gives to each entry.", name=name),
            f"type: {PREFIX}{right}",
            _("write {yaml}", yaml=f"type: {PREFIX}{right}"),
        )
        return {"type": PREFIX + right}
    if name == "MixedLoss":
        inner = [_mixable(report, (*place, "losses", i), e, names) for i, e in enumerate(entry.get("losses") or [])]
        return {**entry, "losses": inner}
    return entry


def _mixable(report: Report, place: Place, entry: Any, names: Names) -> Any:
    name = entry.get("type") if isinstance(entry, dict) else None
    if name not in ("DC_and_CE_loss", "MultipleLoss") or _ours(name, names):
        return entry
    right = f"{PREFIX}DiceCELoss"
    report.mistake(
        (*place, "type"),
        _("MedicalSeg's MixedLoss cannot add {name}, which gives more than a number.", name=name),
        f"type: {right}",
        _("write {yaml}", yaml=f"type: {right}"),
    )
    return {"type": right}


def _without_dice(report: Report, place: Place, entry: Entry) -> Entry:
    """A head from which MedicalSeg gets no Dice; ours of the same name is the cure where there is one."""
    name = entry["type"]
    if name == "MixedLoss":
        cure = "losses: [..., {type: paddleseg_losses.DiceLoss}]"
    else:
        cure = f"type: {PREFIX}{name if name in registry.names() else 'CrossEntropyLoss'}"
    report.mistake(
        place,
        _("{name} gives no Dice, which MedicalSeg logs and chooses the best model by: it stops there.", name=name),
        _("a loss of this package, or a MixedLoss that contains one or MedicalSeg's DiceLoss"),
        _("write {yaml}", yaml=cure),
    )
    if name in registry.names():
        known = options_of(registry.get(name).cls)
        return {"type": PREFIX + name, **{key: value for key, value in entry.items() if key in known}}
    report.gap(place, cure)
    return entry


def _decides(entry: Entry, names: Names) -> bool:
    """Whether MedicalSeg takes what this entry says about the Dice, be it nothing."""
    return _reports(entry, names) or entry["type"] == "MixedLoss"


def _reports(entry: Any, names: Names) -> bool:
    name = entry.get("type") if isinstance(entry, dict) else None
    if name == "MixedLoss":
        return any(_ours(e.get("type"), names) or e.get("type") == "DiceLoss" for e in entry.get("losses") or [])
    if name == "MultipleLoss":
        inner = (entry.get("losses") or [{}])[0].get("type")
        return _ours(inner, names) or inner in ("DiceLoss", "DC_and_CE_loss")
    return _ours(name, names)


def _has_ours(entry: Any, names: Names) -> bool:
    inner = entry.get("losses") or [] if isinstance(entry, dict) else []
    return _ours(entry.get("type"), names) or any(_has_ours(each, names) for each in inner)


def _ours(name: Any, names: Names) -> bool:
    return hasattr(names.table.get(name), "spec")

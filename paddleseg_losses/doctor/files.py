"""Findings about lists and files: what PaddleSeg cannot read, what is missing, masks that do not fit their images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..datasets import MaskProblem, MaskSource
from ..errors import LossError
from ..i18n import CLAUSES, Message, _, listed, plural
from .report import Finding, commented

_LINES = _("Restore the files, or remove their lines from the list")
_NEAREST = "Image.open(mask).resize(Image.open(image).size, Image.NEAREST)"
_UPRIGHT = "cv2.imwrite(image, cv2.imread(image, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION))"
_TURNED = "cv2.imwrite(image, cv2.imread(image))"
_KINDS = {  # each text is shown with the number of problems of its kind
    "images_missing": (plural("{count} image not found: {what}", "{count} images not found: {what}", 1), None),
    "masks_missing": (plural("{count} mask not found: {what}", "{count} masks not found: {what}", 1), None),
    "images_unreadable": (
        plural("{count} image cannot be read: {what}", "{count} images cannot be read: {what}", 1),
        Message("# {comment}", comment=_LINES),
    ),
    "masks_unreadable": (
        plural("{count} mask cannot be read: {what}", "{count} masks cannot be read: {what}", 1),
        Message("# {comment}", comment=_LINES),
    ),
    "sizes": (
        plural(
            "{count} mask has another size than its image: {what}",
            "{count} masks have another size than their images: {what}",
            1,
        ),
        Message(
            "# {comment}",
            comment=_(
                "Look at one of them over its image. If it was only scaled, save {code}; a transform does not repair "
                "it",
                code=_NEAREST,
            ),
        ),
    ),
    "stacked": (
        plural(
            "{count} mask has another size than its image: {what}",
            "{count} masks have another size than their images: {what}",
            1,
        ),
        commented(
            "test_config:\n  use_multilabel: true",
            _("if a mask holds its classes below or beside each other; else look at one of them over its image"),
        ),
    ),
    "swapped": (
        plural(
            "{count} mask has width and height swapped: {what}",
            "{count} masks have width and height swapped: {what}",
            1,
        ),
        Message(
            "# {comment}",
            comment=_(
                "Look at one of them over its image, and save {code} with whichever of {ways} makes it fit; a "
                "transform does not repair it",
                code="Image.open(mask).transpose(...)",
                ways="Image.ROTATE_90, Image.ROTATE_270, Image.TRANSPOSE, Image.TRANSVERSE",
            ),
        ),
    ),
    "exif": (
        plural(
            "{count} image is turned by its EXIF tag when it is read, but its mask is not: {what}",
            "{count} images are turned by their EXIF tags when they are read, but their masks are not: {what}",
            1,
        ),
        Message("# {comment}", comment=_("Save the images as they are stored, without the tag: {code}", code=_UPRIGHT)),
    ),
    "exif_unclear": (
        plural(
            "{count} image is turned by its EXIF tag when it is read; its mask has no such tag: {what}",
            "{count} images are turned by their EXIF tags when they are read; their masks have no such tag: {what}",
            1,
        ),
        Message(
            "# {comment}\n# {turned}\n# {stored}",
            comment=_("Look at one of the masks over its image, and save the images without the tag:"),
            turned=_("if the masks fit the turned images, by {code}", code=_TURNED),
            stored=_("if they fit the images as they are stored, by {code}", code=_UPRIGHT),
        ),
    ),
}


def check_files(source: MaskSource, problems: Mapping[str, MaskProblem], part: str) -> Iterator[Finding]:
    """Problems of the list and of its files."""
    for defect in source.defects:
        yield refused(defect, "list")
    for kind, problem in problems.items():
        counted, yaml = _KINDS[kind]
        what = listed([*problem.first, *(["..."] if problem.count > len(problem.first) else [])], CLAUSES)
        text = plural(counted.template, str(counted.plural), problem.count, what=what)
        yield Finding(kind, text, yaml or _root(part))


def _root(part: str) -> Message:
    section = f"{part}_dataset:\n  dataset_root: ..."
    return Message(
        "{section}\n# {comment}",
        section=commented(section, _("the folder that the paths of the list are relative to")),
        comment=_LINES,
    )


def refused(error: LossError, code: str = "refused") -> Finding:
    """An error as a finding: its own words say why."""
    text = _("{found} (expected: {expected})", found=error.found, expected=error.expected)
    return Finding(code, text, Message("# {cure}", cure=error.cure))

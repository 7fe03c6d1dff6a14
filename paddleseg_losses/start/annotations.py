"""Masks drawn from annotations: COCO's by pycocotools, labelme's shapes by Pillow.

The package of labelme is a program with a window, and brings Qt; what is needed of its format are shapes, which
Pillow draws.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, MissingDependencyError
from ..i18n import Text, _
from ..paddleseg.file_lists import decoded
from .naming import read_name
from .pixels import Pixels
from .reading import IGNORED, background
from .scanning import Files, LeftOut
from .sources import Sample, Source

_ENDINGS = (".jpg", ".jpeg", ".png")
_IGNORE, _BACKGROUND = ("__ignore__", "ignore", "void"), ("_background_", "background")


def from_annotations(files: Files) -> Source | None:
    """The samples that annotations describe, or None if there are none."""
    contents = [(path, content) for path in files.annotations for content in [_content(files, path)] if content]
    coco = [(path, content) for path, content in contents if {"images", "annotations"} <= set(content)]
    labelme = [(path, content) for path, content in contents if isinstance(content.get("shapes"), list)]
    if not coco and not labelme:
        return None
    source = _from_coco(files, coco) if coco else _from_labelme(files, labelme)
    named = {each.name for each in source.samples} | {each.name for each in source.left_out}
    alone = [name for name in map(files.name, files.pictures) if name not in named]
    source.left_out += [LeftOut(name, _("no annotation belongs to it")) for name in alone]
    return source


def _content(files: Files, path: Path) -> dict[str, Any]:
    try:
        content = json.loads(decoded(path.read_bytes()))  # labelme writes GBK on a Chinese Windows
    except (ValueError, OSError, RecursionError) as error:
        files.left_out.append(LeftOut(files.name(path), _("it cannot be read as JSON: {error}", error=error)))
        return {}
    if isinstance(content, dict):
        content.pop("imageData", None)  # the image as text: large, and it lies beside
        return content
    return {}


def _from_coco(files: Files, contents: list[tuple[Path, dict[str, Any]]]) -> Source:
    named = {
        str(each["id"]): str(each["name"]) for _path, content in contents for each in content.get("categories", [])
    }
    used = {str(each.get("category_id")) for _path, content in contents for each in content["annotations"]}
    order = sorted(used & set(named), key=lambda key: (len(key), key))
    classes = {category: label for label, category in enumerate(order, 1)}
    source = Source([], files.left_out, names=[background(), *(named[category] for category in order)])
    pictures = _by_file(files)
    for path, content in contents:
        coco = _indexed(content)
        for image in coco.loadImgs(sorted(coco.getImgIds())):
            picture = _picture(pictures, str(image.get("file_name", "")))
            annotations = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
            if picture is None:
                source.left_out.append(LeftOut(str(image.get("file_name")), _("the image of {json} is not there",
                                                                             json=files.name(path))))  # fmt: skip
            elif not any(each.get("segmentation") for each in annotations) and annotations:
                source.left_out.append(LeftOut(files.name(picture), _("its objects have boxes, but no outlines")))
            else:
                source.samples.append(_sample(files, picture, path, _Coco(coco, image, annotations, classes)))
    source.notes.append(_("masks are drawn from the COCO annotations in {json}",
                          json=", ".join(files.name(path) for path, _content_of in contents)))  # fmt: skip
    return source


def _indexed(content: dict[str, Any]) -> Any:
    try:
        from pycocotools.coco import COCO
    except ImportError as error:
        raise MissingDependencyError(
            _("{package} cannot be imported ({error}).", package="pycocotools", error=error),
            _("pycocotools, to read COCO annotations"),
            'pip install "paddleseg-losses[coco]"',
        ) from error
    coco = COCO()
    coco.dataset = content
    with contextlib.redirect_stdout(io.StringIO()):  # it reports what it does
        coco.createIndex()
    return coco


class _Coco:
    """Draws the mask of an image; small objects lie on large ones, and crowds are ignored."""

    def __init__(self, coco: Any, image: dict[str, Any], annotations: list[Any], classes: dict[str, int]) -> None:
        self.coco, self.classes = coco, classes
        self.size = _size(image.get("width"), image.get("height"))
        if self.size is not None:
            image["width"], image["height"] = self.size  # as pycocotools reads them
        self.annotations = sorted(annotations, key=lambda each: -float(each.get("area", 0)))

    def __call__(self) -> Pixels:
        if self.size is None:
            raise DataError(
                _("the width or the height of its image is missing"),
                _("annotations as COCO has them"),
                _("add it"),
            )
        mask = np.zeros(self.size[::-1], "uint8")
        for each in self.annotations:
            if each.get("segmentation"):
                mask[self._area(each)] = self._label(each)
        return Pixels(mask)

    def _label(self, annotation: dict[str, Any]) -> int:
        category = str(annotation.get("category_id"))
        if not annotation.get("iscrowd") and category not in self.classes:
            raise _broken(annotation, _("its category {category} is not among the categories", category=category))
        return IGNORED if annotation.get("iscrowd") else self.classes[category]

    def _area(self, annotation: dict[str, Any]) -> Any:
        try:
            return self.coco.annToMask(annotation) > 0
        except Exception as error:
            why = _("its outline is not valid ({error}): a polygon needs three points or more", error=error)
            raise _broken(annotation, why) from error


def _size(width: Any, height: Any) -> tuple[int, int] | None:
    """Of an image, or None if annotations do not tell it."""
    try:
        size = round(float(width)), round(float(height))
    except (TypeError, ValueError, OverflowError):
        return None
    return size if min(size) > 0 else None


def _broken(annotation: dict[str, Any], why: Text) -> DataError:
    return DataError(
        _("annotation {id}: {why}", id=annotation.get("id"), why=why),
        _("annotations as COCO has them"),
        _("correct it, or remove it"),
    )


def _from_labelme(files: Files, contents: list[tuple[Path, dict[str, Any]]]) -> Source:
    counts = Counter(name for _path, content in contents for name in _labels(content["shapes"]))
    order = sorted(name for name in counts if name.lower() not in (*_IGNORE, *_BACKGROUND))
    classes = {name: label for label, name in enumerate(order, 1)}
    source = Source([], files.left_out, names=[background(), *order])
    pictures, known = _by_file(files), set(files.pictures)
    for path, content in contents:
        beside = path.parent / str(content.get("imagePath", "")).replace("\\", "/")
        picture = _picture(pictures, files.name(beside) if beside in known else beside.name)
        picture = picture or next((each for each in map(path.with_suffix, _ENDINGS) if each.is_file()), None)
        if picture is None:
            source.left_out.append(LeftOut(files.name(path), _("its image {name} is not there", name=beside.name)))
        else:
            source.samples.append(_sample(files, picture, path, _Labelme(content, picture, classes)))
    source.notes.append(_("masks are drawn from the labelme annotations"))
    drawn = {_kind(each) for _path, content in contents for each in content["shapes"]}
    if drawn - _Labelme.AREAS:
        kinds = ", ".join(sorted(drawn - _Labelme.AREAS))
        source.notes.append(_("shapes without an area are not drawn: {kinds}", kinds=kinds))
    return source


def _labels(shapes: Iterable[Any]) -> Iterator[str]:
    return (_name(each) for each in shapes if isinstance(each, dict) and "label" in each)


def _name(shape: dict[str, Any]) -> str:
    """Of its class: nobody sees blanks at the ends, nor means another class by them."""
    return str(shape.get("label")).strip()


class _Labelme:
    """Draws the mask of an image; later shapes lie on earlier ones."""

    AREAS = frozenset({"polygon", "oriented_rectangle", "rectangle", "circle", "mask"})

    def __init__(self, content: dict[str, Any], image: Path, classes: dict[str, int]) -> None:
        self.shapes, self.image, self.classes = content["shapes"], image, classes
        self.size = _size(content.get("imageWidth"), content.get("imageHeight"))

    def __call__(self) -> Pixels:
        from PIL import Image, ImageDraw

        size = self.size
        if size is None:
            with Image.open(self.image) as picture:
                size = picture.size
        mask = Image.new("L", size)
        pen = ImageDraw.Draw(mask)
        for shape in self.shapes:
            points = [tuple(map(float, point)) for point in shape.get("points", ())]
            label = self._label(_name(shape))
            if _kind(shape) == "mask":
                mask.paste(label, tuple(map(round, points[0])), _stencil(shape["mask"]))
            else:
                _draw(pen, _kind(shape), points, label)
        return Pixels(np.asarray(mask))

    def _label(self, name: str) -> int:
        return IGNORED if name.lower() in _IGNORE else self.classes.get(name, 0)


def _kind(shape: dict[str, Any]) -> str:
    return str(shape.get("shape_type") or "polygon")


def _stencil(text: str) -> Any:
    """Pixels that a model chose: a PNG as text, whose corner is the shape's first point."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(text))) as picture:
        return Image.fromarray((np.asarray(picture) > 0).astype("uint8") * 255)


def _draw(pen: Any, kind: str, points: list[tuple[float, ...]], label: int) -> None:
    if kind in ("polygon", "oriented_rectangle") and len(points) > 2:
        pen.polygon(points, fill=label, outline=label)
    elif kind == "rectangle" and len(points) == 2:
        (left, top), (right, bottom) = np.sort(np.array(points), axis=0)
        pen.rectangle([left, top, right, bottom], fill=label)
    elif kind == "circle" and len(points) == 2:
        (x, y), (to_x, to_y) = points
        radius = float(np.hypot(to_x - x, to_y - y))
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=label)


def _by_file(files: Files) -> dict[str, list[Path]]:
    """Pictures by the ends of their names: `a.jpg`, `train/a.jpg`."""
    paths: dict[str, list[Path]] = defaultdict(list)
    for path in files.pictures:
        paths[path.name].append(path)
    return paths


def _picture(pictures: dict[str, list[Path]], name: str) -> Path | None:
    """The picture of a name; where several are called so, the one in the folder that the name says."""
    wanted = name.replace("\\", "/")
    candidates = pictures.get(wanted.rpartition("/")[2], [])
    exact = [path for path in candidates if path.as_posix().endswith(f"/{wanted}")]
    return next(iter(exact or candidates), None)


def _sample(files: Files, image: Path, annotation: Path, draw: Any) -> Sample:
    name = files.name(image)
    said, of_json = read_name(image, name), read_name(annotation, files.name(annotation))
    mask_name: Text = f"{files.name(annotation)}: {name}"
    part = said.part or of_json.part
    return Sample(name, image, str(mask_name), None, draw, part, said.folder, said.key, draw.size)

"""Loading samples so that nothing is lost: labels keep their values, and an error ends the training.

Paddle's loader reads integers of 16 bits as bfloat16, and a truth value that a 1-bit PNG stores as 255 as 255. Without
worker processes, whatever a dataset raises ends the thread that reads, while the training waits for it for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from ..errors import DataError, LossError
from ..i18n import Message, Text, _
from ..sample_files import is_cut, reading

Sample = Any
_FAULT = "paddleseg_losses_fault"  # of a batch that could not be made: what happened, as JSON in bytes
_STUBS = {"BUFR", "GRIB", "HDF5", "MPEG", "WMF"}  # that Pillow knows by name, but does not read


def plain(array: Any) -> Any:
    """An array of a dtype that Paddle reads as it is meant."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "b":
        return (array != 0).astype("uint8")
    if kind == "u" and size > 1:
        small = array.size and array.max() < 256  # OpenCV transforms these
        return array.astype("uint8" if small else "int32" if size == 2 else "int64")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def collate(samples: Sequence[Sample]) -> Any:
    """A batch of samples, as Paddle's loader makes it, with arrays that it reads as they are meant."""
    first = samples[0]
    if isinstance(first, Mapping):
        return {key: collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, (str, bytes)):
        return list(samples)
    if isinstance(first, Number):
        return np.array(samples)
    if isinstance(first, Sequence):
        return [collate(column) for column in zip(*samples)]
    if isinstance(first, paddle.Tensor):
        return paddle.stack(list(samples))
    return np.stack([plain(np.asarray(sample)) for sample in samples])


def read_sample(dataset: Any, index: int) -> Sample:
    """A sample of a dataset, whose transforms can know the files that it comes from."""
    with reading(_files(dataset, index)):
        return dataset[index]


def read_whole_sample(dataset: Any, index: int) -> Sample:
    """The same to train on, or to score.

    Raises:
        DataError: OpenCV may have read a part of a picture, and made up the rest.
    """
    sample = read_sample(dataset, index)
    for file in map(Path, _files(dataset, index)):
        if file.is_file() and is_cut(file):  # other names are those of the dataset
            raise _unreadable(_("{path} is cut off", path=file))
    return sample


def _unreadable(found: Text) -> DataError:
    return DataError(
        found,
        _("images and masks that can be read"),
        _("restore the file, or remove its line from the list; `paddleseg-losses doctor` looks at all files"),
    )


def make_batch(dataset: Any, indices: Sequence[int]) -> Any:
    """The samples of some indices as a batch; an error names the files.

    Raises:
        DataError: a sample cannot be loaded, or they do not fit together.
    """
    guarded = _Guarded(dataset)
    batch = _collate_guarded([guarded[int(index)] for index in indices])
    if isinstance(batch, Mapping) and _FAULT in batch:
        raise _explained(dataset, batch[_FAULT])
    return batch


class Loader(paddle.io.DataLoader):  # type: ignore[misc]
    """Paddle's loader, but an error of a dataset ends the loop over it, and says which file it was."""

    def __init__(self, dataset: Any, *args: Any, **kwargs: Any) -> None:
        guards = not isinstance(dataset, paddle.io.IterableDataset) and not kwargs.get("collate_fn")
        self._stoppable: _Stoppable | None = None
        if guards:
            kwargs["collate_fn"] = _collate_guarded
            if kwargs.get("batch_sampler") is not None:
                self._stoppable = kwargs["batch_sampler"] = _Stoppable(kwargs["batch_sampler"])
        super().__init__(_Guarded(dataset) if guards else dataset, *args, **kwargs)

    def __iter__(self) -> Iterator[Any]:
        batches = super().__iter__()
        for batch in batches:
            if isinstance(batch, Mapping) and _FAULT in batch:
                self._end(batches)
                raise _explained(self.dataset.dataset, np.asarray(batch[_FAULT]))
            yield batch

    def _end(self, batches: Iterator[Any]) -> None:
        """Read what is under way: at its end the loader stops its thread or its processes."""
        if self._stoppable is not None:
            self._stoppable.stopped = True
            with suppress(Exception):  # a second error explains no more than the first
                for _batch in batches:
                    pass
            self._stoppable.stopped = False


class _Stoppable:
    """A sampler of batches that can be told to end."""

    def __init__(self, sampler: Any) -> None:
        self.sampler, self.stopped = sampler, False

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[Any]:
        for indices in self.sampler:
            if self.stopped:
                return
            yield indices

    def __getattr__(self, name: str) -> Any:
        if name == "sampler":
            raise AttributeError(name)
        return getattr(self.sampler, name)


class _Guarded(paddle.io.Dataset):  # type: ignore[misc]
    """Gives what a dataset raises instead of raising it, and the index beside each sample."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getattr__(self, name: str) -> Any:
        if name == "dataset":  # while it is copied to a process of the loader
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __getitem__(self, index: int) -> tuple[int, Sample]:
        try:
            return index, read_whole_sample(self.dataset, index)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return index, error


def _collate_guarded(pairs: Sequence[tuple[int, Sample]]) -> Any:
    for index, sample in pairs:
        if isinstance(sample, BaseException):
            return _fault([index], [], sample)
    indices, samples = zip(*pairs)
    try:
        return collate(samples)
    except Exception as error:
        return _fault(indices, [_sizes(sample) for sample in samples], error)


def _sizes(sample: Sample) -> list[int]:
    if isinstance(sample, Mapping):
        sample = sample.get("img", ())
    elif isinstance(sample, Sequence):
        sample = sample[0]
    return list(np.shape(sample))


def _fault(indices: Sequence[int], sizes: list[list[int]], error: BaseException) -> dict[str, Any]:
    """A batch that says what happened: bytes pass unharmed between threads and processes."""
    facts = {"indices": list(map(int, indices)), "sizes": sizes, "type": type(error).__name__}
    facts["text"] = str(error.found if isinstance(error, LossError) else error)
    return {_FAULT: np.frombuffer(json.dumps(facts).encode(), np.uint8)}


def _explained(dataset: Any, fault: Any) -> DataError:
    """What a user can do about it."""
    facts = json.loads(np.asarray(fault).astype("uint8").tobytes())
    names = [_files(dataset, index) for index in facts["indices"]]
    if len({tuple(size) for size in facts["sizes"]}) > 1:
        pairs = zip((files[0] for files in names), facts["sizes"])
        return DataError(
            _("The images of a batch differ in size: {sizes}.", sizes=", ".join(f"{n} {s}" for n, s in pairs)),
            _("transforms that make all images the same size"),
            _("add `- type: RandomPaddingCrop` with `crop_size: [512, 512]` to the transforms of the dataset"),
        )
    error = Message("{type}: {text}", type=facts["type"], text=facts["text"])
    for name in names[0]:
        broken = what_is_broken(name)
        if broken:
            return _unreadable(Message("{broken} ({error})", broken=broken, error=error))  # or unusual, not broken
    if "NoneType" in facts["text"] and Path(names[0][0]).suffix:
        return DataError(
            _("OpenCV, by which PaddleSeg reads images, cannot read {path}.", path=names[0][0]),
            _("images and masks that can be read"),
            _("save the image as PNG or JPEG"),
        )
    return DataError(
        _(
            "{files} cannot be loaded: {error}",
            files=", ".join(names[0]),
            error=error,
        ),
        _("images and masks that the dataset and its transforms can process"),
        _("correct what the message names; `paddleseg-losses doctor` looks at all files"),
    )


def _files(dataset: Any, index: int) -> list[str]:
    """Image and mask of a sample, or its number where the dataset does not tell."""
    listed = getattr(dataset, "file_list", None)
    if not isinstance(listed, Sequence) or not -len(listed) <= index < len(listed):
        return [f"{type(dataset).__name__}[{index}]"]
    entry = listed[index]
    files = [entry] if isinstance(entry, (str, Path)) else list(entry)
    return [str(file) for file in files if isinstance(file, (str, Path))] or [f"{type(dataset).__name__}[{index}]"]


def what_is_broken(name: str) -> Text | None:
    """What is wrong with a picture or an array as a file; nothing is said about other kinds of files."""
    file = Path(name)
    if not file.suffix:
        return None
    if not file.is_file():
        return _("There is no file {path}.", path=name)
    try:
        if file.suffix.lower() == ".npy":
            np.load(file, mmap_mode="r")
        elif _is_picture(file):
            _load_picture(file)
    except Exception as error:
        return _("{path} cannot be read: {error}.", path=name, error=Message("{error}", error=str(error)))
    return None


def _is_picture(file: Path) -> bool:
    from PIL import Image

    kind = Image.registered_extensions().get(file.suffix.lower())
    return kind in Image.OPEN and kind not in _STUBS


def _load_picture(file: Path) -> None:
    from PIL import Image

    with Image.open(file) as picture:
        picture.load()

"""The two files that `enable` writes: into which folder, and what it says where it may not."""

import os
from pathlib import Path

import pytest

from paddleseg_losses.errors import ConfigError
from paddleseg_losses.paddleseg import enabling
from tests.paddleseg.test_enabling import HOOK, PTH


def test_a_folder_that_is_not_ours_to_write(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written to") as caught:
        enabling.enable(tmp_path / "nowhere")
    assert "paddleseg-losses run" in str(caught.value.cure)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Package folders of an interpreter: those of all users, and those of this one."""
    (tmp_path / "all").mkdir()
    monkeypatch.setattr(enabling, "_packages", lambda: tmp_path / "all")
    monkeypatch.setattr(enabling.site, "getusersitepackages", lambda: str(tmp_path / "home" / "own"))
    monkeypatch.setattr(enabling.site, "ENABLE_USER_SITE", True)
    monkeypatch.setattr(enabling.sys, "prefix", enabling.sys.base_prefix)
    return tmp_path / "all", tmp_path / "home" / "own"


def _read_only(folder, monkeypatch):
    """As root may write anywhere, permissions alone would not keep the tests out."""
    write, unlink = Path.write_text, Path.unlink

    def refuse(original):
        def refused(self, *args, **kwargs):
            if self.parent == folder:
                raise OSError(30, "Read-only file system", str(self))
            return original(self, *args, **kwargs)

        return refused

    monkeypatch.setattr(Path, "write_text", refuse(write))
    monkeypatch.setattr(Path, "unlink", refuse(unlink))


def test_packages_of_all_users_that_are_read_only(folders, monkeypatch):
    everybodys, own = folders
    _read_only(everybodys, monkeypatch)
    assert {file.parent for file in enabling.enable().files} == {own}
    assert sorted(os.listdir(own)) == [HOOK, PTH]
    assert {file.parent for file in enabling.disable().files} == {own}
    assert os.listdir(own) == []


def test_a_virtual_environment_leaves_the_users_own_alone(folders, monkeypatch):
    everybodys, own = folders
    enabling.enable(everybodys)
    own.mkdir(parents=True)
    enabling.enable(own)
    monkeypatch.setattr(enabling.sys, "prefix", "/a/venv")
    assert {file.parent for file in enabling.disable().files} == {everybodys}
    assert sorted(os.listdir(own)) == [HOOK, PTH]
    _read_only(everybodys, monkeypatch)
    with pytest.raises(ConfigError, match="cannot be written to"):
        enabling.enable()


def test_a_hook_that_may_not_be_removed(folders, monkeypatch):
    everybodys, _own = folders
    enabling.enable(everybodys)
    _read_only(everybodys, monkeypatch)
    with pytest.raises(ConfigError, match=f"{PTH} cannot be removed"):
        enabling.disable()
    assert not enabling.enable().changed  # it is there, and may not be written again


def test_any_python_can_read_the_hook():
    """Some systems have one package folder for all versions."""
    import ast

    source = Path(enabling.__file__).with_name("hook.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))


def test_it_says_what_it_did(tmp_path):
    first, again = enabling.enable(tmp_path), enabling.enable(tmp_path)
    assert (first.changed, again.changed) == (True, False)
    assert {file.name for file in first.files} == {HOOK, PTH}
    (tmp_path / HOOK).write_text("# an older one\n")
    assert enabling.enable(tmp_path).changed
    assert enabling.disable(tmp_path).files == tuple(reversed(first.files))
    assert enabling.disable(tmp_path) == enabling.Change(False, (), False)

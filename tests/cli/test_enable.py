"""`enable` and `disable`: what they print."""

import pytest

from paddleseg_losses.paddleseg import enabling


@pytest.fixture(autouse=True)
def packages(tmp_path, monkeypatch):
    """Not the packages of those who run the tests."""
    monkeypatch.setattr(enabling, "_packages", lambda: tmp_path)
    monkeypatch.setattr(enabling.site, "getusersitepackages", lambda: str(tmp_path / "user"))
    return tmp_path


def test_there_and_back(call, packages):
    result = call("enable")
    assert result.exit_code == 0
    files = {file.name for file in packages.iterdir()}
    assert files == {"_paddleseg_losses_enable.py", "paddleseg_losses_enable.pth"}
    assert all(name in result.output for name in files)
    assert "To undo it: paddleseg-losses disable" in result.output
    assert "已启用" not in result.output
    assert "enabled already" in call("enable").output
    assert call("enable", "--lang", "zh").output.startswith("此前已启用：")
    result = call("disable")
    assert (result.exit_code, list(packages.iterdir())) == (0, [])
    assert call("disable").output == "It was not enabled.\n"


def test_json(call_json, packages):
    code, printed = call_json("enable")
    assert (code, printed["enabled"], printed["changed"], len(printed["files"])) == (0, True, True, 2)
    code, printed = call_json("disable")
    assert (code, printed["enabled"], printed["changed"], len(printed["files"])) == (0, False, True, 2)


def test_the_pth_runs_where_site_reads_it(packages):
    """What `site` does with such a file, in this process."""
    import site
    import sys

    enabling.enable(packages)
    before = list(sys.meta_path)
    try:
        site.addsitedir(str(packages))
        added = [finder for finder in sys.meta_path if finder not in before]
        assert [type(finder).__module__ for finder in added] == ["_paddleseg_losses_enable"]
        assert added[0].find_spec("json") is None
    finally:
        sys.meta_path[:] = before
        sys.path.remove(str(packages))
        sys.modules.pop("_paddleseg_losses_enable", None)

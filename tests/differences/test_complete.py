"""Each number on the page has its test, and each test its place on the page."""

import importlib

import pytest

from docs.builder.advice import DIFFERENCES
from docs.builder.language import read_all

CHAPTERS = read_all(DIFFERENCES)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter["tests"])
def test_numbers_and_tests_belong_together(chapter):
    module = importlib.import_module("tests.differences." + chapter["tests"].removesuffix(".py"))
    written = {name for name in vars(module) if name.startswith("test_")}
    assert {entry["test"] for entry in chapter["entries"] if "test" in entry} == written
    for entry in chapter["entries"]:
        assert ("numbers" in entry) == ("test" in entry)


def test_no_place_has_two_entries():
    places = [entry["id"] for chapter in CHAPTERS for entry in chapter["entries"]]
    assert len(places) == len(set(places))

"""What the pages name exists: files, links, names of the code, modules, commands."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from semflow_core.cli import build_parser
from semflow_core.training.stages import read_plan

from .pages import DROPPED, PAGES, ROOT, code, headings, name_of, prose

TOP = {p.name for p in ROOT.iterdir() if p.is_dir()} - {"runs"}  # runs: what training and studies write
PLACEHOLDERS = {"NAME", "DIR", "COMMAND", "FILE", "TAESD_FOLDER"}  # a command with one of these is a pattern


@pytest.mark.parametrize("page", [*PAGES, *DROPPED], ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), f"{target} is a dead link"
        if anchor:
            assert anchor in headings(there), f"{target} names no heading"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_are_named_exist(page: Path) -> None:
    for span in code(page):
        for word in re.findall(r"(?<![\w./=-])[\w.][\w./*-]*", span):
            if "/" in word and word.split("/")[0] in TOP:
                assert list(ROOT.glob(word.rstrip("/").replace("NAME", "*"))), f"there is no {word}"
            elif re.fullmatch(r"\w+\.py", word):
                assert list(ROOT.glob(f"**/{word}")), f"there is no {word}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_names_of_the_code_exist(page: Path) -> None:
    for span in code(page):
        for name in re.findall(r"(?<![\w./-])(?:semflow_core|app)(?:\.\w+)+(?![\w/])", span):
            if name != "app.py":
                resolve(name)


def resolve(name: str) -> object:
    """The module, class, function or attribute of a dotted name."""
    parts = name.split(".")
    for i in range(len(parts), 0, -1):
        module = ".".join(parts[:i])
        try:
            found: object = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not module.startswith(error.name):
                raise
            continue
        for attribute in parts[i:]:
            found = getattr(found, attribute)
        return found
    raise AssertionError(f"there is no {name}")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_modules_that_are_run_exist(page: Path) -> None:
    for span in code(page):
        for module in re.findall(r"python3? -m ([\w.]+)", span):
            assert importlib.util.find_spec(module) is not None, f"there is no module {module}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_command_lines_are_ones_that_the_program_takes(page: Path) -> None:
    for words in commands(page):
        args = build_parser().parse_args(words)
        if getattr(args, "overrides", None):
            stages = ["stages=[backbone, flow]"] if words[0] == "study" else []
            read_plan(ROOT / args.config, [*stages, *args.overrides])


def commands(page: Path) -> list[list[str]]:
    """The page's command lines of `semflow`, as words, but for patterns."""
    found = [
        re.search(r"(?:python -m semflow_core|^semflow|launch -m semflow_core) (\S+ .+)", span) for span in code(page)
    ]
    small = re.search(r'^SMALL="(.*?)"', (ROOT / "docs/experiments/README.md").read_text(encoding="utf-8"), re.M | re.S)
    assert small is not None
    lines = [m[1].replace("$SMALL", small[1].replace("\\\n", " ")) for m in found if m]
    return [words for words in map(shlex.split, lines) if not PLACEHOLDERS & {words[0], words[1]}]


def test_a_name_that_is_not_there_is_found_out() -> None:
    assert resolve("semflow_core.method.flow.sample_path")
    with pytest.raises((AssertionError, AttributeError)):
        resolve("semflow_core.method.flow.no_such_function")
    with pytest.raises(AssertionError):
        resolve("no_such_package.module")

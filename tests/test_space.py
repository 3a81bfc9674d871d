"""README.md's front matter: what a Hugging Face Space is built from. tools/check_space.py builds and starts it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.check_space import ROOT, Wrong, copy_files, front_matter

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_makes_a_space() -> None:
    head = front_matter(README)
    assert head["app_file"] == "app.py"
    least = re.search(r"^gradio>=([\d.]+),<(\d+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert least is not None
    version, lowest = (tuple(map(int, v.split("."))) for v in (head["sdk_version"], least[1]))
    assert lowest <= version < (int(least[2]),), "the Space's Gradio is one that the requirements allow"


@pytest.mark.parametrize(
    "was, becomes, words",
    [
        ("---\ntitle", "title", "does not begin with front matter"),
        ('python_version: "3.11"', "python_version: 3.10", "python_version is 3.1; it must be a text"),
        ("sdk: gradio", "sdk: docker", "sdk is docker"),
        ("app_file: app.py", "app_file: main.py", "there is no main.py"),
        ("short_description: ", "short_description: " + "very " * 9, "characters; 60 are the most"),
    ],
)
def test_what_spaces_would_refuse_is_said(was: str, becomes: str, words: str) -> None:
    assert was in README
    with pytest.raises(Wrong, match=words):
        front_matter(README.replace(was, becomes, 1))


def test_the_check_takes_the_files_that_git_would_push(tmp_path: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    copy_files(tmp_path)
    assert (tmp_path / "app.py").is_file() and (tmp_path / "requirements.txt").is_file()
    assert not (tmp_path / ".git").exists() and not list(tmp_path.rglob("__pycache__"))

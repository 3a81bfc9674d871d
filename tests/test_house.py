"""The order of the rooms: who may import whom, and what stands in one place only."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "semflow_core"

# each room may import itself and those named here, at any depth, also inside functions
ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "environment": set(),
    "assets": {"errors"},
    "texts": {"errors"},
    "method": {"errors", "assets", "texts"},
    "nets": {"errors", "assets"},
    "pictures": {"errors", "assets", "method", "nets"},
    "requests": {"errors", "method", "pictures"},
    "data": {"errors", "method", "pictures"},
    "pipeline": {"environment", "errors", "assets", "texts", "method", "nets", "pictures", "requests"},
    "convert": {"errors", "method", "nets", "pictures", "pipeline"},
    "evaluation": {"errors", "method", "nets", "pictures", "requests", "data", "pipeline"},
    "training": {"errors", "texts", "method", "nets", "pictures", "requests", "data", "pipeline", "evaluation"},
}
ROOMS["studies"] = set(ROOMS)
ABOVE_ALL = {"cli", "__main__", "__init__"}
CORE_FILES = sorted(CORE.rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    """The full names of what a file imports, relative imports resolved, function bodies included."""
    package = list(file.relative_to(ROOT).parts)[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_the_rooms_have_an_order_and_so_no_circle() -> None:
    reached: set[str] = set()
    for room, below in ROOMS.items():
        assert below <= reached, f"{room} may import {below - reached}, which stands above it"
        reached.add(room)


@pytest.mark.parametrize("file", CORE_FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_a_file_of_the_core_imports_rooms_below_its_own_only(file: Path) -> None:
    room = file.relative_to(CORE).parts[0].removesuffix(".py")
    for name in imports(file):
        parts = name.split(".")
        assert parts[0] != "app", f"the core imports {name}"
        if room not in ABOVE_ALL and parts[0] == "semflow_core" and len(parts) > 1:
            assert parts[1] == room or parts[1] in ROOMS[room], f"{room} imports {name}"


@pytest.mark.parametrize("file", CORE_FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_diffusers_precisions_and_memory_formats_are_in_nets_only(file: Path) -> None:
    if file.relative_to(CORE).parts[0] == "nets":
        return
    known = {name.split(".")[0] for name in imports(file)}
    # the training loop's moving average of weights is diffusers' own
    assert "diffusers" not in known or file == CORE / "training" / "loop.py"
    words = [r"\.sample\b", r"\)\.latents\b", r"\bchannels_last\b", r"\bmemory_format\b"]
    words += [r"\btorch\.autocast\b", r"\btorch\.b?float16\b", r"\.half\("]
    for word in words:
        assert not re.search(word, file.read_text(encoding="utf-8")), f"it has {word}"


def test_the_package_alone_is_quick_and_exports_what_it_says() -> None:
    code = (
        "import sys, semflow_core; assert 'torch' not in sys.modules; "
        "print(*(getattr(semflow_core, n).__name__ for n in semflow_core.__all__))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert out.split() == sorted(out.split()) and "load_pipeline" in out

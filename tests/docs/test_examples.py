"""The Python of docs/cli.md, as a reader pastes it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from .pages import ROOT


@pytest.mark.slow
def test_the_python_example_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/cli.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    script = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{code}\nprint(ids.shape)"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(512, 512)"
    assert Image.open(tmp_path / "photo.png").size == (512, 512)

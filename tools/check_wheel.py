"""Does an installation work without the checkout? Builds the wheel, installs it, and tries it from an empty folder.

    python -m tools.check_wheel

The files are those that git would push. The fresh environment borrows the libraries of the Python that runs this, so
that it takes a minute and not ten. Exit status 1 and a sentence if something is wrong.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from .check_space import ROOT, Wrong, copy_files, run

LARGEST = 5_000_000  # bytes of a wheel: palettes, layouts and the face detector, but no models
PLACES = "import semflow_core, semflow_core.assets as a, app; print(semflow_core.__file__, app.__file__, a.asset(''))"
STUDIO = "from app.studio import build; print(type(build([])).__name__)"


def install(folder: Path) -> Path:
    """Build the wheel and install it below `folder` -> the folder of the environment's programs.

    Raises:
        Wrong: it cannot be built or installed, or is as large as if it held models.
    """
    copy, wheels, venv = folder / "copy", folder / "wheels", folder / "venv"
    copy_files(copy)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    run([*pip, "--wheel-dir", str(wheels), str(copy)], "the wheel cannot be built")
    (wheel,) = wheels.glob("*.whl")
    if wheel.stat().st_size > LARGEST:
        raise Wrong(f"{wheel.name} has {wheel.stat().st_size} bytes; {LARGEST} are the most: does it hold models?")
    run([sys.executable, "-m", "venv", "--without-pip", str(venv)], "the environment cannot be made")
    inside = venv / "bin"
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [str(inside / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-installed"]
    run([*pip, str(wheel)], "the wheel cannot be installed")
    return inside


def try_out(programs: Path, empty: Path) -> None:
    """Use the installation from an empty folder.

    Raises:
        Wrong: a command fails, or says something else than it should.
    """
    bare = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "SEMFLOW_MODELS")}
    equipped = bare | {"SEMFLOW_MODELS": str(ROOT / "assets" / "models")}
    semflow, python = str(programs / "semflow"), str(programs / "python")
    layout, absent = str(ROOT / "assets" / "layouts" / "hat.png"), "no models are installed: name a folder of models"

    def expect(words: str, *command: str, env: dict[str, str] = bare, status: int = 0) -> None:
        done = subprocess.run(command, cwd=empty, env=env, capture_output=True, text=True)
        output, shown = done.stdout + done.stderr, " ".join([Path(command[0]).name, *command[1:]])
        if done.returncode != status or words not in output:
            raise Wrong(f"`{shown}` ends in status {done.returncode}, not {status} with '{words}':\n{output[-3000:]}")
        print(f"ok  {shown}", flush=True)

    places = run([python, "-c", PLACES], "the packages cannot be imported", cwd=empty, env=bare).split()
    if not all(p.startswith(str(programs.parent)) for p in places):
        raise Wrong(f"these are not the installation's own: {' '.join(places)}")
    expect("usage: semflow", semflow, "--help")
    expect("usage: semflow", python, "-m", "semflow_core", "--help")
    expect(absent, semflow, "models")
    expect(absent, semflow, "synthesize", layout, "--out", "photos", status=2)
    expect("faces\t", semflow, "models", env=equipped)
    expect("", semflow, "synthesize", layout, "--steps", "1", "--out", "photos", env=equipped)
    if not (empty / "photos" / "hat.png").is_file():
        raise Wrong("`semflow synthesize` wrote no photo")
    expect("", semflow, "segment", "photos/hat.png", "--steps", "1", "--out", "layouts", env=equipped)
    expect("Blocks", python, "-c", STUDIO, env=equipped)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty"
        empty.mkdir()
        try:
            try_out(install(Path(folder)), empty)
        except Wrong as wrong:
            print(f"check_wheel: {wrong}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

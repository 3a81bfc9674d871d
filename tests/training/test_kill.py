"""A run is killed with kill -9 at random moments, goes on, and ends as one that nobody disturbed.

The moments are between two changes of files: where a kill can do harm. A process that has loaded everything forks a
child per run, which counts what it changes, and kills itself at a number that is drawn.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Config, write

DRIVER = """
import os, random, signal, sys
import torch
from pathlib import Path
torch.set_num_threads(1)
from semflow_core.training.run import run_training

file, out, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")

def run(folder, last):  # -> (number of changes or of the signal, killed)
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        changes = 0
        def count(event, args):
            nonlocal changes
            if event == "open":
                what, mode, flags = args
                if not (isinstance(what, str) and folder in what and flags & (os.O_WRONLY | os.O_RDWR)):
                    return
            elif not (event in CHANGES and folder in str(args[0])):
                return
            changes += 1
            if changes == last:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(count)
        sys.stderr = open(os.devnull, "w")
        run_training(file, [f"out={folder}"])
        os.write(write, str(changes).encode())
        os._exit(0)
    os.close(write)
    _, status = os.waitpid(pid, 0)
    said = os.read(read, 20)
    os.close(read)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        return None
    assert status == 0, status
    return int(said)

total = run(f"{out}/whole", 0)
rng = random.Random(seed)
for i in range(int(sys.argv[4])):
    kills = 0
    while run(f"{out}/{i}", rng.randint(1, total) if kills < 3 else 0) is None:
        kills += 1
    print(f"kills={kills}")
"""


@pytest.mark.slow
def test_a_run_survives_kill_9_at_any_moment(config: Config, tmp_path: Path) -> None:
    config["optim"] |= {"steps": 20, "checkpoint_minutes": 0.0, "batch": 2}
    file, runs = write(tmp_path / "config.yaml", config), 3
    command = [sys.executable, "-c", DRIVER, str(file), str(tmp_path), "1", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    kills = [int(word[6:]) for word in done.stdout.split() if word.startswith("kills=")]
    assert len(kills) == runs and sum(kills) > runs  # or it was never put to the test
    for i in range(runs):
        run, whole = tmp_path / str(i) / "flow", tmp_path / "whole" / "flow"
        for name in ("checkpoint/model.safetensors", "export/unet/diffusion_pytorch_model.safetensors"):
            assert (run / name).read_bytes() == (whole / name).read_bytes(), (i, name)
        log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
        assert [line["step"] for line in log] in ([10, 20], [20]), i
        left = {p.name for p in run.iterdir() if not p.name.startswith(".")}
        assert left - {"checkpoint.old"} == {
            *("checkpoint", "export", "exported.json", "log.jsonl", "samples", "config.json", "data.json")
        }, i

"""Several processes: the curve of one with the same global batch, and a worker killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file

from semflow_core.training.run import run_training

STEPS = 30
WORDS = [f"optim.steps={STEPS}", "optim.batches=2", "optim.batch=3", "optim.checkpoint_minutes=0"]


def start(file: Path, out: Path) -> subprocess.Popen[bytes]:
    """Two processes on CPUs, joined by gloo, by `accelerate launch`.

    Its --cpu starts one process only, unless MPI is there; --multi_gpu starts as many as are asked for.
    """
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    launch += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    launch += ["--main_process_port", str(port)]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "GLOO_SOCKET_IFNAME": "lo"}
    env["ACCELERATE_USE_CPU"] = "true"
    words = ["-m", "semflow_core", "train", str(file), *WORDS, f"out={out}"]
    return subprocess.Popen([*launch, *words], env=env, stderr=subprocess.DEVNULL)


def curve(out: Path) -> dict[int, float]:
    log = out / "flow" / "log.jsonl"
    lines = log.read_text().splitlines() if log.exists() else []
    return {entry["step"]: entry["loss"] for entry in map(json.loads, lines)}


def weights(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "flow" / "export" / "unet" / "diffusion_pytorch_model.safetensors")


@pytest.mark.slow
def test_two_processes_have_the_curve_of_one_and_survive_a_kill(file: Path, tmp_path: Path) -> None:
    one, two, killed = (tmp_path / name for name in ("one", "two", "killed"))
    both = start(file, two)
    run_training(file, [*WORDS, f"out={one}"])
    assert both.wait(600) == 0
    assert len(list((two / "flow" / "checkpoint").glob("random_states_*.pkl"))) == 2  # of each process
    assert list(curve(one)) == list(curve(two)) == [10, 20, 30]
    for step, loss in curve(one).items():
        assert curve(two)[step] == pytest.approx(loss, abs=1e-3)

    launcher = start(file, killed)
    deadline = time.monotonic() + 600
    while not (killed / "flow" / "checkpoint" / "progress.json").exists():
        assert launcher.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    workers = psutil.Process(launcher.pid).children()
    workers[-1].send_signal(signal.SIGKILL)
    assert launcher.wait(600) != 0 and max(curve(killed), default=0) < STEPS
    assert start(file, killed).wait(600) == 0
    assert STEPS in curve(killed)
    for name, value in weights(two).items():
        torch.testing.assert_close(weights(killed)[name], value, rtol=0, atol=1e-3, msg=name)


@pytest.mark.slow
def test_ray_trains_what_accelerate_trains(file: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray.train")  # an optional extra
    one, two = tmp_path / "one", tmp_path / "two"
    words = ["optim.steps=10", "optim.batches=2", "optim.batch=3"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, "-m", "semflow_core", "train", str(file), *words, f"out={two}", "--ray", "2"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr[-2000:]
    run_training(file, [*words, f"out={one}"])
    assert curve(two)[10] == pytest.approx(curve(one)[10], abs=1e-3)
    assert len(list((two / "flow" / "checkpoint").glob("random_states_*.pkl"))) == 2

"""The engine on Ray Serve: replicas on a cluster answer the calls of any number of studios.

A call is made through a DeploymentHandle, so no port is opened. What a replica had accepted when it died is asked of
another one: a request gives the same answer wherever it is computed.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from semflow_core.cli.on_ray import OURS, check_resources, load_ray
from semflow_core.errors import InputError
from semflow_core.pipeline.progress import Progress

from .replica import Answer, Replica

NAME = "semflow"
ATTEMPTS = 8  # with replicas that die, until a visitor is told so
PAUSE = 0.1  # seconds before the second attempt; each further pause is twice as long
LOOK = 0.5  # seconds between two looks whether somebody still waits for a call
WAIT = 0.01  # seconds that the first request of a batch waits for others


@dataclass(frozen=True)
class Replicas:
    """How many replicas, and what each of them does.

    Attributes:
        least, most: their number follows the load between these.
        batch: requests for photos that one of them computes at once, at most; 1 computes each alone.
    """

    least: int = 1
    most: int = 1
    batch: int = 8


class RayEngine:
    """See `interface.Engine`.

    Args:
        folders: where replicas look for models, beside the shipped ones; all machines have them in the same place.
        device: cpu or cuda; with cuda each replica has a GPU.
        name: of the application in the cluster; studios with one name share their replicas, as the first started them.

    Attributes:
        repeated: calls that were made again because their replica had died.

    Raises:
        InputError: ray is not installed, or the cluster has too few processors or GPUs.
    """

    def __init__(self, folders: Sequence[Path], device: str, replicas: Replicas, name: str = NAME) -> None:
        self.replicas, self.name, self.repeated = replicas, name, 0
        self._ray, self._serve = load_ray("ray", "serve"), load_ray("ray.serve", "serve")
        if not self._ray.is_initialized():
            self._ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        gpu = device.partition(":")[0] == "cuda"
        check_resources(self._ray.cluster_resources(), replicas.least, gpu)
        variables = {k: v for k, v in os.environ.items() if k.startswith(OURS)}
        self._handle = self._deployed([f.resolve() for f in folders], "cuda" if gpu else device, gpu, variables)
        # what is over with its replica, and is asked of another one
        errors, serve_errors = load_ray("ray.exceptions"), load_ray("ray.serve.exceptions")
        self._lost: tuple[type[Exception], ...] = (
            errors.RayActorError,
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.ObjectLostError,
            serve_errors.ReplicaUnavailableError,
        )

    @property
    def turns(self) -> tuple[int, bool]:
        """See `Engine`: twice what the replicas compute at once, so that batches are full; they make the batches."""
        return 2 * self.replicas.most * self.replicas.batch, False

    def describe(self, model: str) -> Any:
        """See `Engine`."""
        return self._ask(self._handle.describe, (model,), None)

    def call(self, model: str, method: str, arguments: Sequence[Any], progress: Progress | None = None) -> Any:
        """See `Engine`. Its progress says only that the work is not done yet."""
        return own(self._ask(self._handle.call, (model, method, list(arguments)), progress))

    def close(self) -> None:
        """Stop the replicas."""
        self._serve.delete(self.name)

    def _ask(self, method: Any, arguments: tuple[Any, ...], progress: Progress | None) -> Any:
        """The answer to a call, from another replica where one dies.

        Raises:
            InputError: the caller's mistake, or replicas die again and again.
        """
        for attempt in range(ATTEMPTS):
            try:
                answer = self._wait(method.remote(*arguments), progress)
            except self._lost:
                self.repeated += 1
                time.sleep(PAUSE * 2**attempt)
                continue
            if answer.mistake is not None:
                raise InputError(answer.mistake)
            return answer.value
        raise InputError("the machines of this studio do not answer; try again in a minute")

    def _wait(self, response: Any, progress: Progress | None) -> Answer:
        """A response, unless `progress` raises because nobody waits for it any more."""
        try:
            while True:
                if progress is not None:
                    progress(0, 1)
                try:
                    return response.result(timeout_s=LOOK)
                except TimeoutError:
                    continue
        except self._lost:
            raise
        except BaseException:
            response.cancel()
            raise

    def _deployed(self, folders: list[Path], device: str, gpu: bool, variables: dict[str, str]) -> Any:
        """The handle of the application, which is started unless another studio has started it already."""
        self._serve.start(proxy_location="Disabled", logging_config={"log_level": "ERROR"})
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        running = self._serve.status().applications.get(self.name)
        if running is not None and running.status == "RUNNING":
            return self._serve.get_app_handle(self.name)
        how = self.replicas
        scale: dict[str, Any] = {"num_replicas": how.most}
        if how.least < how.most:
            bounds = {"min_replicas": how.least, "max_replicas": how.most, "target_ongoing_requests": how.batch}
            scale = {"autoscaling_config": bounds}
        deployment = self._serve.deployment(Replica).options(
            name="models",
            ray_actor_options={"num_cpus": 1, "num_gpus": int(gpu)},
            max_ongoing_requests=2 * how.batch,
            health_check_period_s=5,
            health_check_timeout_s=30,
            **scale,
        )
        return self._serve.run(
            deployment.bind(folders, device, how.batch, WAIT, variables), name=NAME, route_prefix=None
        )


def own(result: Any) -> Any:
    """A result whose arrays can be written to, as those of a model in this process: ray's lie in shared memory."""
    if isinstance(result, list):
        return [own(r) for r in result]
    if is_dataclass(result) and not isinstance(result, type):
        values = {f.name: getattr(result, f.name) for f in fields(result)}
        return replace(result, **{n: v.copy() for n, v in values.items() if isinstance(v, np.ndarray)})
    return result

"""How pictures are painted: the settings that a model's visit, a project and a link keep."""

from __future__ import annotations

from dataclasses import dataclass, fields

from semflow_core.requests import SynthesisRequest


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The fields of a SynthesisRequest that the page has a control for, by the request's names.

    A new one needs a field here and a control of that name on the page (tabs/paint.py); requests, projects, links and
    the models' own settings then have it.
    """

    steps: int
    seed: int
    solver: str
    grid: str
    beta: float

    @property
    def settings(self) -> Settings:
        """These alone, where a subclass has more."""
        return Settings(**{f.name: getattr(self, f.name) for f in fields(Settings)})

    @staticmethod
    def of(request: SynthesisRequest, beta: float) -> Settings:
        """Those of a request.

        Args:
            beta: the model's own amplitude, for a request that leaves it open.
        """
        values = {f.name: getattr(request, f.name) for f in fields(Settings)}
        return Settings(**{**values, "beta": beta if request.beta is None else request.beta})

"""The study of how well photos can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.nets.reader import LayoutReader
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.studies import ceiling

from .conftest import MakeSettings


def test_the_reader_stands_beside_the_flow(
    tiny_model: Path, config: Path, study_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="has no layout reader"):
        ceiling.run_ceiling(study_settings(model=str(tiny_model), n=3))
    torch.manual_seed(0)
    pipeline = SemFlowPipeline.from_pretrained(tiny_model)
    parts = (pipeline.codec, pipeline.velocity, pipeline.codebook, pipeline.perturbation)
    read = SemFlowPipeline(*parts, size=32, name="read", reader=LayoutReader(19, 32, 32, 8))
    monkeypatch.setattr(ceiling, "load_as_torch", lambda *_: read)
    monkeypatch.setattr(ceiling, "STEPS", (1, 2))
    monkeypatch.setenv("SEMFLOW_DATA", str(config.parent))
    outcome = ceiling.run_ceiling(study_settings(n=3))
    segmentation, by_class = outcome.tables
    assert [row["read by"] for row in segmentation.rows] == [
        "the reader",
        "the reader, with the mirror image",
        "the flow, 1 step",
        "the flow, 2 steps",
        "the flow, as the studio reads",
    ]
    assert all(0 <= row["mIoU"].value <= 100 for row in segmentation.rows)
    assert len(by_class.rows) == 19 and set(by_class.rows[0]) == {"class", *(r["read by"] for r in segmentation.rows)}
    assert "3 pairs of the development split" in outcome.about

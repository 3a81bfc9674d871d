from __future__ import annotations

import json
from dataclasses import replace
from math import isnan, nan

import pytest

from semflow_core.errors import InputError
from semflow_core.evaluation.bootstrap import Estimate
from semflow_core.evaluation.report import Confidence, Decoded, FullSize, MarginBin, Report, Row, Scores, Seconds

SCORES = Scores(Estimate(50.0, 40.0, 60.5), Estimate(70.0, 65.0, 75.0), {"skin": 81.25, "hat": None})
ROW = Row(1, 3, 32, SCORES, SCORES, {"FID": Estimate(99.5, 90.0, 110.0)}, {}, Seconds(0.25, 0.5))
FEW = Estimate(10.0, 9.0, 11.0)
FULL = FullSize("64x64", FEW, {"1 pixel": FEW}, FEW)
EXTENDED = replace(
    ROW,
    steps=8,
    segmentation=replace(SCORES, foreground=FEW),
    read_by_other=SCORES,
    decoded=Decoded(SCORES, {"FID": FEW}, {}, SCORES),
    confidence=Confidence(FEW, FEW, FEW, (MarginBin(0.0, None, None), MarginBin(100.0, 60.5, 90.0))),
    full_size=FULL,
    enlarged=replace(FULL, foreground=None),
)
REPORT = Report(model="tiny", seed=4, n=3, resolution=32, codec_miou=Estimate(90.0, 80.0, 95.0), rows=(ROW,))
WHOLE = replace(
    REPORT,
    split="the last 3 of 9 pairs in sorted order",
    mirror=True,
    smooth=1.0,
    train_photos={"FID": Estimate(20.0, 18.0, 22.0)},
    codec_photos={"FID": Estimate(30.0, 28.0, 32.0)},
    real_diversity={"pixel std of 5 seeds": Estimate(60.0, 55.0, 65.0)},
    diversity_layouts=2,
    reader="other",
    reader_miou=Estimate(55.0, 50.0, 60.0),
    rows=(ROW, EXTENDED),
    one_step_share=Estimate(0.875, 0.75, 1.0),
)


@pytest.mark.parametrize("report", [REPORT, WHOLE], ids=["least", "whole"])
def test_a_report_is_read_back_as_it_was_written(report: Report) -> None:
    assert Report.from_json(report.to_json()) == report


def test_the_keys_are_those_of_figures_that_are_kept() -> None:
    raw = json.loads(WHOLE.to_json())
    assert list(raw) == [
        *("model", "seed", "split", "mirror", "smooth", "n", "resolution", "codec_miou", "train_photos"),
        *("codec_photos", "real_diversity", "diversity_layouts", "reader", "reader_miou", "rows", "one_step_share"),
    ]
    row_keys = ["steps", "n", "resolution", "segmentation", "cycle", "photos", "diversity", "seconds"]
    assert [list(row) for row in raw["rows"]] == [
        row_keys,
        [*row_keys, "read_by_other", "decoded", "confidence", "full_size", "enlarged"],
    ]
    assert list(raw["rows"][1]["enlarged"]) == ["size", "miou", "boundary"]
    assert raw["rows"][0]["segmentation"] == {
        "miou": {"value": 50.0, "low": 40.0, "high": 60.5},
        "accuracy": {"value": 70.0, "low": 65.0, "high": 75.0},
        "iou": {"skin": 81.25, "hat": None},
    }
    assert raw["rows"][0]["seconds"] == {"segment": 0.25, "synthesize": 0.5}
    assert not {"reader", "reader_miou", "one_step_share"} & json.loads(REPORT.to_json()).keys()


def test_a_figure_without_a_value_is_null() -> None:
    text = replace(REPORT, codec_miou=Estimate(nan, nan, nan)).to_json()
    assert json.loads(text)["codec_miou"] == {"value": None, "low": None, "high": None}
    assert all(isnan(x) for x in Report.from_json(text).codec_miou)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": [{}]}', REPORT.to_json().replace('"n"', '"N"')])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no report of 'evaluate --json'"):
        Report.from_json(text)

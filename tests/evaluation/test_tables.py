from __future__ import annotations

from semflow_core.evaluation.bootstrap import Estimate
from semflow_core.evaluation.report import Row, Scores, Seconds, plain
from semflow_core.evaluation.tables import class_table, format_figure, markdown


def test_tables_show_figures_with_their_intervals() -> None:
    estimate = Estimate(61.23, 58.0, 64.56)
    assert (
        format_figure(estimate) == "61.2 [58.0, 64.6]"
        and format_figure(Estimate(0.123, 0.1, 0.2)) == "0.12 [0.10, 0.20]"
    )
    table = markdown(["a", "bb"], [[1, format_figure(estimate)], [22, "-"]]).splitlines()
    assert table[0] == "| a  | bb                |" and table[1] == "|----|-------------------|"
    assert len({len(line) for line in table}) == 1
    assert plain({"x": [estimate, float("nan")]}) == {"x": [{"value": 61.23, "low": 58.0, "high": 64.56}, None]}


def test_every_class_that_occurs_has_a_row() -> None:
    iou = {"skin": 81.26, "hat": 0.0, "hair": None}
    some = Estimate(50.0, 40.0, 60.0)
    segmentation, cycle = Scores(some, some, iou), Scores(some, some, iou | {"hat": None})
    row = Row(2, 3, 32, segmentation, cycle, {}, {}, Seconds(1.0, 1.0))
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in class_table([row]).splitlines()]
    assert lines[0] == ["class", "segmentation, 2 steps", "cycle, 2 steps"]
    assert lines[2:] == [["skin", "81.3", "81.3"], ["hat", "0.0", "-"]]

"""Tables of figures for the terminal and for docs/: text that reads the same as markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .bootstrap import Estimate
from .diversity import SEEDS
from .report import READER_STEPS, Report, Row


def markdown(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A markdown table with aligned columns."""
    cells = [list(heads), *([str(c) for c in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])


def format_figure(figure: Estimate | None) -> str:
    """A figure with its interval, with two decimals below 10 and one above; a dash for None."""
    if figure is None:
        return "-"
    return format(figure, ".1f" if abs(figure.value) >= 10 else ".2f")


def tables(report: Report) -> str:
    """The whole report as text."""
    about = f"n = {report.n}, {report.resolution}x{report.resolution}, [95 % bootstrap interval over pictures]"
    if report.mirror:
        about += ", photos read with their mirror images"
    if report.smooth:
        about += f", neighbours deciding together (smooth {report.smooth:g})"
    lines = [f"Layouts: {report.split}, {about}", "", layout_table(report), ""]
    lines.append(f"Codec alone, on perturbed layouts: {format_figure(report.codec_miou)} mIoU")
    if report.reader:
        photos = format_figure(report.reader_miou)
        lines.append(f"{report.reader} reads in {READER_STEPS} steps, the split's own photos with {photos} mIoU")
    if report.one_step_share:
        lines.append(f"1 step keeps {report.one_step_share:.3f} of the best segmentation mIoU")
    lines += ["", "IoU by class:", "", class_table(report.rows)]
    first = report.rows[0]
    if first.full_size:
        lines += [
            "",
            f"Segmentation at the photos' own size, {first.full_size.size}:",
            "",
            full_size_table(report.rows),
        ]
    if first.confidence:
        lines += ["", "Margin of segmentation and its errors, in %:", "", confidence_table(report.rows)]
    if report.codec_photos:
        lines += ["", f"Photos: against the same split's, {about}", "", photo_table(report)]
    if first.diversity:
        layouts = f"Diversity: {report.diversity_layouts} layouts of the same split, {SEEDS} seeds each"
        lines += ["", layouts, "", diversity_table(report)]
    return "\n".join(lines)


def layout_table(report: Report) -> str:
    """mIoU and accuracy of both directions by steps, and seconds per image."""
    reader, rows = report.reader, report.rows
    decoded = [row.decoded for row in rows]
    columns: list[tuple[str, list[Any]]] = [
        ("segmentation mIoU", [row.segmentation.miou for row in rows]),
        ("background left out", [row.segmentation.foreground for row in rows]),
        ("pixel accuracy", [row.segmentation.accuracy for row in rows]),
        ("cycle mIoU", [row.cycle.miou for row in rows]),
        ("cycle mIoU, decoded", [d and d.cycle.miou for d in decoded]),
        ("s to segment", [f"{row.seconds.segment:.2f}" for row in rows]),
        ("s to synthesise", [f"{row.seconds.synthesize:.2f}" for row in rows]),
    ]
    if reader:
        others = [row.read_by_other and row.read_by_other.miou for row in rows]
        columns.append((f"cycle mIoU, read by {reader}", others))
        others = [d and d.read_by_other and d.read_by_other.miou for d in decoded]
        columns.append((f"decoded, read by {reader}", others))
    columns = [(head, cells) for head, cells in columns if any(cell is not None for cell in cells)]
    cells = [[c if isinstance(c, str) else format_figure(c) for c in cells] for _, cells in columns]
    return markdown(["steps", *(head for head, _ in columns)], [[r.steps, *c] for r, *c in zip(rows, *cells)])


def confidence_table(rows: Sequence[Row]) -> str:
    """What the margin says of errors, by steps, and the reliability curve of each."""
    known = [(row, row.confidence) for row in rows if row.confidence]
    heads = ["steps", "expected calibration error", "wrong pixels among the 10 % least sure", "wrong of these"]
    cells = [[r.steps, *map(format_figure, (c.calibration_error, c.recall, c.precision))] for r, c in known]
    bins, curve = len(known[0][1].curve), []
    for k in range(bins):
        values = [value for _, c in known for value in (c.curve[k].pixels, c.curve[k].accuracy)]
        title = f"{k / bins:.1f} to {(k + 1) / bins:.1f}"
        curve.append([title, *("-" if v is None else f"{v:.1f}" for v in values)])
    names = [f"{format_steps(row)}, {what}" for row, _ in known for what in ("pixels %", "right %")]
    return markdown(heads, cells) + "\n\n" + markdown(["margin", *names], curve)


def full_size_table(rows: Sequence[Row]) -> str:
    """Segmentation at the photos' own size, by steps, beside the square's labels enlarged to it."""
    parts = [(format_steps(row), row.full_size) for row in rows]
    if rows[0].enlarged:
        side = f"{rows[0].resolution}x{rows[0].resolution}"
        parts += [(f"{format_steps(row)}, enlarged from {side}", row.enlarged) for row in rows]
    table = []
    for title, part in parts:
        if part:
            figures = {"mIoU": part.miou, **({"background left out": part.foreground} if part.foreground else {})}
            table.append((title, figures | {f"boundary F, {name}": f for name, f in part.boundary.items()}))
    return figure_table(list(table[0][1]), table, "segmentation")


def class_table(rows: Sequence[Row]) -> str:
    """IoU of each class that occurs, by steps, of segmentation and of the cycle."""
    columns = [(f"segmentation, {format_steps(row)}", row.segmentation.iou) for row in rows]
    columns += [(f"cycle, {format_steps(row)}", row.cycle.iou) for row in rows]
    names = [name for name in columns[0][1] if any(iou[name] is not None for _, iou in columns)]
    cells = [[name, *("-" if (x := iou[name]) is None else f"{x:.1f}" for _, iou in columns)] for name in names]
    return markdown(["class", *(head for head, _ in columns)], cells)


def photo_table(report: Report) -> str:
    """Figures of the syntheses by steps; beside them those of the codec alone and of real training photos."""
    rows = [(format_steps(row), row.photos) for row in report.rows]
    rows += [(f"{format_steps(row)}, decoded", row.decoded.photos) for row in report.rows if row.decoded]
    rows.append(("codec alone", report.codec_photos))
    if report.train_photos:
        rows.append(("real training photos", report.train_photos))
    return figure_table(list(report.codec_photos), rows)


def diversity_table(report: Report) -> str:
    """Differences among the syntheses of one layout, and among real photos."""
    names = list(report.real_diversity)
    rows = [(format_steps(row), row.diversity) for row in report.rows]
    rows += [(f"{format_steps(row)}, decoded", row.decoded.diversity) for row in report.rows if row.decoded]
    rows.append(("real photos, each of its own layout", report.real_diversity))
    lines = [figure_table(names, rows), ""]
    few, many = (pick(report.rows, key=lambda row: row.steps) for pick in (min, max))
    for name in names:
        real, low, high = (f[name].value for f in (report.real_diversity, few.diversity, many.diversity))
        decoded = f" ({many.decoded.diversity[name].value / real:.2f} decoded)" if many.decoded else ""
        lines.append(
            f"{name}: {format_steps(many)} reach {high / real:.2f}{decoded} of real photos; "
            f"{format_steps(few)} have {low / high:.2f} of {format_steps(many)}"
        )
    return "\n".join(lines)


def figure_table(names: Sequence[str], rows: Sequence[tuple[str, dict[str, Estimate]]], what: str = "photos") -> str:
    """Figures by name for each row, whose title is `what`; a figure that a row lacks is a dash."""
    cells = [[title, *(format_figure(figures.get(name)) for name in names)] for title, figures in rows]
    return markdown([what, *names], cells)


def format_steps(row: Row) -> str:
    """'1 step', '8 steps'."""
    return f"{row.steps} step{'s' if row.steps > 1 else ''}"

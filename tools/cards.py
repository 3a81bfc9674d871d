"""Tables of the model cards, of README.md and of docs/experiments/, rendered from where their figures stand.

`python -m tools.cards` writes them, `python -m tools.cards --check` fails where a page differs. A table stands between
`<!-- table: KIND [FILE] -->` and `<!-- end -->`; FILE is JSON as `semflow evaluate --json` writes it, from the root.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from semflow_core.evaluation.bootstrap import Estimate
from semflow_core.evaluation.report import Report
from semflow_core.evaluation.tables import (
    class_table,
    diversity_table,
    format_figure,
    layout_table,
    markdown,
    photo_table,
)

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- table: (\w+) ?(\S*) -->\n).*?(<!-- end -->)", re.DOTALL)
STUDIES = ROOT / "docs" / "experiments"
PAGES = [ROOT / "README.md", *ROOT.glob("assets/models/*/README.md"), *STUDIES.glob("**/*.md")]
SHIPPED = ("faces", "streets")
READ_STEPS, CYCLE_STEPS = 2, 8  # solver steps of the summary's figures
FRECHET = "Fréchet distance (MobileNetV2)"
TO_THE_PHOTO = "feature distance (MobileNetV2) to the photo"


def read_json(file: str) -> Any:
    return json.loads((ROOT / file).read_text(encoding="utf-8"))


def read_report(file: str) -> Report:
    return Report.from_json((ROOT / file).read_text(encoding="utf-8"))


def layouts(report: Report) -> str:
    """Both directions by steps, and what stands beside them."""
    notes = []
    if report.codec_miou.value == report.codec_miou.value:  # nan where it was not recorded
        notes.append(f"Perturbed layouts through the codec alone: {format_figure(report.codec_miou)} mIoU.")
    if report.reader:
        reader_miou = format_figure(report.reader_miou)
        notes.append(f"The {report.reader} read the split's own photos with {reader_miou} mIoU.")
    if report.one_step_share:
        notes.append(f"One step keeps {report.one_step_share:.3f} of the best segmentation mIoU.")
    return "\n".join([layout_table(report), "", *notes])


def diversity(report: Report) -> str:
    """Without the ratios below the table, which rounded figures do not give."""
    return diversity_table(report).partition("\n\n")[0]


def codec(file: str) -> str:
    """Autoencoders side by side, figures as benchmarks/autoencoder.py prints them."""
    figures = read_json(file)
    domains, models = " / ".join(figures["domains"]), figures["models"]
    rows = [
        [f"photos, {domains}", *(" / ".join(f"{v:.2f}" for v in m["psnr"]) + " dB" for m in models.values())],
        [
            f"pseudo masks at beta {figures['beta']}, {domains}",
            *(" / ".join(f"{v:.1f}" for v in m["miou"]) + " mIoU" for m in models.values()),
        ],
    ]
    return markdown(["", *models], rows)


def summary(_: str) -> str:
    """The shipped models, a row each."""
    heads = ["model", "what", "size", f"segmentation mIoU, {READ_STEPS} steps", f"cycle mIoU, {CYCLE_STEPS} steps"]
    rows = []
    for name in SHIPPED:
        folder = f"assets/models/{name}"
        title = (ROOT / folder / "README.md").read_text(encoding="utf-8").splitlines()[0].partition(": ")[2]
        size = sum(p.stat().st_size for p in (ROOT / folder).rglob("*.safetensors"))
        by_steps = {row.steps: row for row in read_report(f"{folder}/figures_rendered.json").rows}
        figures = by_steps[READ_STEPS].segmentation.miou, by_steps[CYCLE_STEPS].cycle.miou
        rows.append([f"[{name}]({folder}/README.md)", title, f"{size / 1e6:.0f} MB", *map(format_figure, figures)])
    return markdown(heads, rows)


def history(file: str) -> str:
    """The stages of one model (FILE#NAME), each with its rows, or with the JSON of its card."""
    file, _, name = file.partition("#")
    rows = []
    for stage in read_json(file)[name]:
        photos = (
            {row["steps"]: row["photos"] for row in read_json(stage["photos"])["rows"]} if "photos" in stage else {}
        )
        for i, row in enumerate(read_json(stage["figures"])["rows"] if "figures" in stage else stage["rows"]):
            of_photos = photos.get(row["steps"], row.get("photos"))
            mious = [row.get(name, {}).get("miou") for name in ("segmentation", "cycle", "read_by_other")]
            figures = [*mious, of_photos.get(FRECHET), of_photos.get(TO_THE_PHOTO)]
            cells = [format_figure(Estimate(**figure) if figure else None) for figure in figures]
            rows.append([stage["model"] if i == 0 else "", row["steps"], *cells])
    heads = ["model", "steps", "segmentation mIoU", "cycle mIoU", "cycle mIoU, read by commit a60a87e's model"]
    return markdown([*heads, FRECHET, TO_THE_PHOTO], rows)


def studies(folder: str) -> str:
    """One row per study, from the table at the head of its page."""
    rows = []
    for page in sorted((ROOT / folder).glob("*.md")):
        text = page.read_text(encoding="utf-8")
        head = dict(re.findall(r"^\| (question|effect|verdict|command) +\| (.*?) +\|$", text, re.MULTILINE))
        if head:
            cells = [re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", cell) for cell in head.values()]
            rows.append([f"[{page.stem}]({page.relative_to(STUDIES)})", *cells])
    return markdown(["study", "question", "effect [95 % interval]", "verdict", "command"], rows)


KINDS: dict[str, Callable[[str], str]] = {
    "layouts": lambda file: layouts(read_report(file)),
    "classes": lambda file: class_table(read_report(file).rows),
    "photos": lambda file: photo_table(read_report(file)),
    "diversity": lambda file: diversity(read_report(file)),
    "codec": codec,
    "summary": summary,
    "history": history,
    "studies": studies,
}


def render(text: str) -> str:
    """A page with its tables as they should be."""
    return BLOCK.sub(lambda m: f"{m[1]}{KINDS[m[2]](m[3])}\n{m[4]}", text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page differs")
    check, differing = parser.parse_args().check, []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        rendered = render(text)
        if rendered != text:
            differing.append(str(page.relative_to(ROOT)))
            if not check:
                page.write_text(rendered, encoding="utf-8")
    done = "differs" if check else "written"
    print("\n".join(f"{done}: {name}" for name in differing) or "every table is as rendered")
    sys.exit(1 if check and differing else 0)


if __name__ == "__main__":
    main()

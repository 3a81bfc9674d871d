"""The README's first animation: a stroke becomes a photo, and the slider runs.  python -m docs.pictures.hero"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from semflow_core import SynthesisRequest, TrajectoryRequest, load_pipeline
from semflow_core.pictures.layouts import read_layout

HERE = Path(__file__).resolve().parent
LAYOUT, SEED, STEPS, HAT = "long_hair", 3, 8, 14
STROKE = (
    (56, 92),
    (84, 62),
    (128, 50),
    (172, 62),
    (200, 92),
    (176, 50),
    (128, 28),
    (84, 46),
)  # corners of the way of the brush, of 256 pixels
RADIUS = 22
PANE, GAP, BAR = 400, 16, 36  # pixels
STROKE_FRAMES, FADE, PATH = 22, 5, 25  # frames of the stroke, from photo to photo, and from photo to layout
REST = 12  # frames at rest
MILLISECONDS = 70
PAGE, INK, ACCENT, RAIL = (255, 255, 255), (30, 41, 59), (79, 70, 229), (203, 213, 225)


def stroke(labels: np.ndarray, share: float) -> tuple[np.ndarray, tuple[float, float]]:
    """The layout after that share of the stroke, and where the brush is: it is the hat's class."""
    corners = np.array(STROKE, float)
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    way = np.linspace(0, share * lengths[-1], 80)
    points = np.stack([np.interp(way, lengths, corners[:, i]) for i in range(2)], 1)
    painted = labels.copy()
    for point in points:
        cv2.circle(painted, tuple(point.round().astype(int).tolist()), RADIUS, HAT, -1)
    return painted, (float(points[-1, 0]), float(points[-1, 1]))


def frame(layout: np.ndarray, photo: np.ndarray, at: float, brush: tuple[float, float] | None = None) -> Image.Image:
    """One picture: layout (H, W, 3), photo (H, W, 3), the slider at 0 (photo) to 1 (layout), the brush in pixels."""
    image = Image.new("RGB", (2 * PANE + GAP, PANE + BAR), PAGE)
    image.paste(Image.fromarray(layout).resize((PANE, PANE), Image.Resampling.NEAREST), (0, 0))
    image.paste(Image.fromarray(photo).resize((PANE, PANE), Image.Resampling.BICUBIC), (PANE + GAP, 0))
    draw = ImageDraw.Draw(image)
    if brush is not None:
        x, y, r = (v * PANE / layout.shape[0] for v in (*brush, RADIUS))
        draw.ellipse((x - r, y - r, x + r, y + r), outline=(255, 255, 255), width=2)
    left, right, middle = PANE + GAP + 56, 2 * PANE + GAP - 60, PANE + BAR // 2
    draw.line((left, middle, right, middle), fill=RAIL, width=4)
    knob = left + at * (right - left)
    draw.line((left, middle, knob, middle), fill=ACCENT, width=4)
    draw.ellipse((knob - 8, middle - 8, knob + 8, middle + 8), fill=ACCENT)
    draw.text((left - 14, middle), "photo", fill=INK, anchor="rm", font_size=14)
    draw.text((right + 14, middle), "layout", fill=INK, anchor="lm", font_size=14)
    return image


def main() -> None:
    pipeline = load_pipeline("faces")
    color = pipeline.palette.colorize
    labels = read_layout(HERE.parents[1] / "assets" / "layouts" / f"{LAYOUT}.png", pipeline.palette)
    painted, _ = stroke(labels, 1)
    photos = [
        pipeline.synthesize(SynthesisRequest(model="faces", steps=STEPS, layout=x, seed=SEED)).photo
        for x in (labels, painted)
    ]
    request = TrajectoryRequest(model="faces", steps=STEPS, layout=painted, seed=SEED, frames=PATH)
    way = pipeline.trajectory(request).frames.astype(float)  # from the photo (t=0) to the layout (t=1)
    end = cv2.resize(color(painted), way.shape[2:0:-1], interpolation=cv2.INTER_NEAREST_EXACT).astype(float)
    shares = np.linspace(0, 1, FADE + 1)[1:, None, None, None]  # its end in the palette's colours, not the codebook's
    way[-FADE:] += shares * (end - way[-FADE:])
    frames = [frame(color(labels), photos[0], 0)] * REST
    for share in np.linspace(0, 1, STROKE_FRAMES):
        now, brush = stroke(labels, share)
        frames.append(frame(color(now), photos[0], 0, brush))
    for share in np.linspace(0, 1, FADE + 1)[1:]:
        mixed = np.rint((1 - share) * photos[0] + share * photos[1].astype(float)).astype(np.uint8)
        frames.append(frame(color(painted), mixed, 0))
    frames += [frame(color(painted), photos[1], 0)] * REST
    there = [frame(color(painted), moment, i / (PATH - 1)) for i, moment in enumerate(np.rint(way).astype(np.uint8))]
    frames += [*there, *[there[-1]] * (REST // 2), *there[::-1], *[there[0]] * REST]
    first, *others = frames
    first.save(
        HERE / "hero.webp", save_all=True, append_images=others, duration=MILLISECONDS, loop=0, quality=82, method=6
    )


if __name__ == "__main__":
    main()

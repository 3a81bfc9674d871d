"""A drawn data set of our own: a house, trees, sky and ground, as pairs of photo and mask to try training on.

    python -m tools.drawn OUT --pairs 100

writes OUT/images/NAME.jpg, OUT/masks/NAME.png (class ids) and OUT/palette.json. The photo is shaded, textured and lit,
casts shadows and has a camera's noise, so that it shows more than its layout says. Pair N of a seed is the same
whatever the number of pairs, so that a set of 1000 holds the set of 100.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from semflow_core.cli.options import count, positive
from semflow_core.errors import InputError
from semflow_core.method.palette import Palette, parse_palette
from semflow_core.pictures.files import write_atomically
from semflow_core.pictures.layouts import write_layout

SIZE, FINER = 256, 2  # pixels of a picture's sides, and how much finer it is drawn
CLASSES = {
    "sky": ("#8ec5e8", "scene"),
    "cloud": ("#eef2f5", "scene"),
    "sun": ("#ffd43b", "scene"),
    "hill": ("#5b7f95", "scene"),
    "grass": ("#6aa84f", "ground"),
    "path": ("#c9b28a", "ground"),
    "pond": ("#2f6fb0", "ground"),
    "crown": ("#2b6b34", "tree"),
    "trunk": ("#6b4a2f", "tree"),
    "wall": ("#e4a587", "house"),
    "roof": ("#a83f32", "house"),
    "window": ("#3d3f73", "house"),
    "door": ("#7b2d8b", "house"),
}
IDS = {name: i for i, name in enumerate(CLASSES)}
Point = tuple[float, float]


def palette() -> Palette:
    """The label set of the drawn pictures."""
    classes = [{"id": IDS[n], "name": n, "color": color, "group": group} for n, (color, group) in CLASSES.items()]
    return parse_palette({"name": "drawn", "title": "Drawn scenes", "background": 0, "classes": classes}, "drawn")


class Scene:
    """A layout and its photo, drawn from back to front. Coordinates are shares of the sides, x to the right, y down."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.side = rng, SIZE * FINER
        self.labels = np.zeros((self.side, self.side), np.uint8)
        self.photo = np.zeros((self.side, self.side, 3), np.float32)  # 0..255
        self.y, self.x = np.mgrid[: self.side, : self.side].astype(np.float32) / self.side
        self.sun = float(rng.uniform(0.08, 0.92))  # where the light comes from
        self.warmth = float(rng.uniform(0, 1))  # 0 is noon, 1 evening

    def polygon(self, points: list[Point]) -> np.ndarray:
        """The pixels inside of a polygon."""
        image = Image.new("1", (self.side, self.side))
        ImageDraw.Draw(image).polygon([(x * self.side, y * self.side) for x, y in points], fill=1)
        return np.asarray(image)

    def ellipse(self, x: float, y: float, rx: float, ry: float) -> np.ndarray:
        """The pixels inside of an ellipse."""
        return ((self.x - x) / rx) ** 2 + ((self.y - y) / ry) ** 2 <= 1

    def noise(self, cells_x: float, cells_y: float) -> np.ndarray:
        """Smooth noise of mean 0 and about deviation 1, with so many cells per side."""
        small = self.rng.standard_normal((max(2, int(cells_y)), max(2, int(cells_x)))).astype(np.float32)
        return cv2.resize(small, (self.side, self.side), interpolation=cv2.INTER_CUBIC)

    def add(self, name: str, mask: np.ndarray, color: np.ndarray, texture: np.ndarray | float = 0.0) -> None:
        """Draw a part: its class, and its colour (3,) or (H, W, 3) plus a texture (H, W) in the photo."""
        self.labels[mask] = IDS[name]
        picture = np.broadcast_to(color, self.photo.shape) + np.broadcast_to(texture, mask.shape)[..., None]
        self.photo[mask] = picture[mask]

    def shade(self, mask: np.ndarray, amount: np.ndarray | float) -> None:
        """Darken the photo under a soft mask by a share; the layout does not know of it."""
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), self.side / 90)
        self.photo *= 1 - (soft * amount)[..., None]

    def lit(self, x: float, width: float) -> np.ndarray:
        """How light falls on something round at x: about -1 on the side in shadow to 1 on the other."""
        return np.clip((self.x - x) / width, -1, 1) * np.sign(self.sun - x)


def mix(a: list[int], b: list[int], share: float) -> np.ndarray:
    """The colour between two."""
    return np.array(a, np.float32) * (1 - share) + np.array(b, np.float32) * share


def draw(index: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """One pair: photo (SIZE, SIZE, 3) uint8 and class ids (SIZE, SIZE) uint8."""
    scene = Scene(np.random.default_rng((seed, index)))
    rng = scene.rng
    horizon = float(rng.uniform(0.42, 0.62))
    draw_sky(scene, horizon)
    draw_ground(scene, horizon)
    house = float(rng.uniform(0.25, 0.75))
    trees = [float(rng.uniform(0.05, 0.95)) for _ in range(rng.integers(1, 4))]
    for x in trees[1:]:
        draw_tree(scene, x, horizon + float(rng.uniform(0.02, 0.08)), float(rng.uniform(0.6, 0.9)))
    if rng.random() < 0.9:
        draw_house(scene, house, horizon + float(rng.uniform(0.12, 0.2)))
    draw_tree(scene, trees[0], horizon + float(rng.uniform(0.18, 0.3)), float(rng.uniform(0.9, 1.4)))
    return finish(scene)


def draw_sky(scene: Scene, horizon: float) -> None:
    """Sky, sun with its glow, clouds and hills."""
    rng, height = scene.rng, np.clip(scene.y / horizon, 0, 1)[..., None]
    top, low = mix([70, 130, 205], [90, 85, 140], scene.warmth), mix([190, 220, 240], [250, 185, 130], scene.warmth)
    scene.add("sky", np.ones_like(scene.labels, bool), top * (1 - height) + low * height, 3 * scene.noise(4, 8))
    if rng.random() < 0.7:
        y, r = float(rng.uniform(0.08, horizon - 0.12)), float(rng.uniform(0.035, 0.06))
        away = np.hypot(scene.x - scene.sun, scene.y - y)
        scene.photo += np.exp(-away / 0.13)[..., None] * mix([90, 90, 70], [110, 70, 20], scene.warmth)
        scene.add("sun", scene.ellipse(scene.sun, y, r, r), mix([255, 250, 225], [255, 205, 120], scene.warmth))
    for _ in range(rng.integers(0, 4)):
        x, y, w = float(rng.uniform(0, 1)), float(rng.uniform(0.05, horizon - 0.12)), float(rng.uniform(0.05, 0.11))
        parts = [scene.ellipse(x + w * d, y - w * u, w * r, w * r * 0.7) for d, u, r in PUFFS]
        belly = np.clip((scene.y - y) / w, -1, 1) * -22
        scene.add(
            "cloud",
            np.any(parts, axis=0),
            mix([232, 236, 242], [245, 210, 195], scene.warmth),
            belly + 5 * scene.noise(30, 30),
        )
    ridge = horizon - 0.03 - 0.035 * (1 + scene.noise(5, 2)[0]) * float(rng.uniform(0.4, 1.3))
    hills = (scene.y > ridge[None]) & (scene.y < horizon + 0.02)
    scene.add(
        "hill",
        hills,
        mix([95, 125, 150], [120, 95, 120], scene.warmth),
        6 * scene.noise(40, 40) - 60 * (scene.y - horizon),
    )


PUFFS = ((-1, 0, 0.9), (0, 0.25, 1.2), (1, 0, 1.0), (1.7, -0.1, 0.7))


def draw_ground(scene: Scene, horizon: float) -> None:
    """Grass, perhaps a pond that mirrors the sky, and a path that comes nearer."""
    rng = scene.rng
    near = np.clip((scene.y - horizon) / (1 - horizon), 0, 1)
    green = mix([86, 140, 60], [140, 145, 70], float(rng.uniform(0, 1)))
    blades = (6 + 14 * near) * scene.noise(220, 60) + 9 * scene.noise(9, 12) - 18 * near
    scene.add("grass", scene.y >= horizon, green, blades)
    if rng.random() < 0.45:
        x, y = float(rng.uniform(0.1, 0.9)), float(rng.uniform(horizon + 0.2, 0.92))
        water = scene.ellipse(x, y, float(rng.uniform(0.12, 0.24)), float(rng.uniform(0.035, 0.07)))
        mirror = scene.photo[::-1] * 0.55 + np.array([10, 35, 60], np.float32)
        scene.add("pond", water & (scene.y > horizon + 0.03), mirror, 7 * scene.noise(12, 150))
    if rng.random() < 0.6:
        far, x = float(rng.uniform(0.3, 0.7)), float(rng.uniform(0.15, 0.85))
        mask = scene.polygon([(far - 0.012, horizon), (far + 0.012, horizon), (x + 0.13, 1), (x - 0.13, 1)])
        scene.add(
            "path",
            mask,
            mix([176, 150, 110], [150, 140, 130], float(rng.uniform(0, 1))),
            12 * scene.noise(180, 180) - 25 * (1 - near),
        )


def draw_tree(scene: Scene, x: float, foot: float, size: float) -> None:
    """A trunk and a crown of leaves, and their shadow."""
    rng = scene.rng
    h, r = 0.3 * size, 0.1 * size * float(rng.uniform(0.85, 1.2))
    scene.shade(scene.ellipse(x - np.sign(scene.sun - x) * r, foot, 1.3 * r, 0.22 * r) & (scene.y > foot - r), 0.4)
    w = 0.016 * size
    trunk = scene.polygon([(x - w, foot), (x + w, foot), (x + 0.7 * w, foot - h), (x - 0.7 * w, foot - h)])
    scene.add(
        "trunk",
        trunk,
        mix([105, 76, 52], [150, 140, 130], float(rng.random() ** 3)),
        10 * scene.noise(200, 25) + 28 * scene.lit(x, w),
    )
    top = foot - h
    if rng.random() < 0.35:  # a conifer
        parts = [
            scene.polygon(
                [(x - r * k, top + h * 0.55 * k), (x + r * k, top + h * 0.55 * k), (x, top + h * (0.55 * k - 0.55))]
            )
            for k in (1.0, 0.75, 0.5)
        ]
        leaves, grain = mix([38, 84, 60], [60, 95, 70], float(rng.random())), 12 * scene.noise(70, 120)
    else:
        parts = [
            scene.ellipse(x + r * 0.55 * dx, top + r * 0.5 * dy, r * 0.75, r * 0.7)
            for dx, dy in rng.uniform(-1, 1, (6, 2))
        ]
        leaves, grain = mix([70, 120, 48], [205, 130, 50], float(rng.random() ** 4)), 15 * scene.noise(90, 90)
    scene.add("crown", np.any(parts, axis=0), leaves, grain + 26 * scene.lit(x, r) - 130 * (scene.y - top))


def draw_house(scene: Scene, x: float, foot: float) -> None:
    """Walls of brick or plaster, a tiled roof, windows that mirror the sky, and a door."""
    rng = scene.rng
    w, h, rise = float(rng.uniform(0.13, 0.2)), float(rng.uniform(0.16, 0.24)), float(rng.uniform(0.1, 0.16))
    away = -float(np.sign(scene.sun - x))
    scene.shade(
        scene.polygon(
            [(x - w, foot), (x + w, foot), (x + (w + 0.1) * away, foot + 0.05), (x + (0.1 - w) * away, foot + 0.05)]
        )
        & (scene.y > foot - 0.01),
        0.45,
    )
    wall = WALLS[int(rng.integers(len(WALLS)))]
    rows, columns = (scene.y * 90) % 1, (scene.x * 45 + 0.5 * ((scene.y * 90) // 1 % 2)) % 1
    bricks = -22.0 * ((rows < 0.16) | (columns < 0.08)) if rng.random() < 0.5 else 0.0
    box = scene.polygon([(x - w, foot), (x + w, foot), (x + w, foot - h), (x - w, foot - h)])
    scene.add(
        "wall",
        box,
        np.array(wall, np.float32),
        bricks + 5 * scene.noise(60, 60) + 12 * np.clip((scene.x - x) / w, -1, 1) * -away,
    )
    eaves, tip = w + 0.03, x + float(rng.uniform(-0.3, 0.3)) * w
    roof = scene.polygon([(x - eaves, foot - h + 0.012), (x + eaves, foot - h + 0.012), (tip, foot - h - rise)])
    tiles = 16 * (np.sin(scene.y * 330) * 0.6 + np.sin(scene.x * 260 + scene.y * 20) * 0.4)
    scene.add("roof", roof, mix([150, 66, 48], [88, 88, 98], float(rng.random())), tiles + 6 * scene.noise(80, 80))
    scene.shade(box & (scene.y < foot - h + 0.035) & (scene.labels == IDS["wall"]), 0.3)  # below the eaves
    side = float(rng.choice([-0.55, 0, 0.55]))
    wood = mix([120, 60, 40], [60, 85, 110], float(rng.random()))
    door = scene.polygon(
        [
            (x + w * side - 0.025, foot),
            (x + w * side + 0.025, foot),
            (x + w * side + 0.025, foot - 0.1),
            (x + w * side - 0.025, foot - 0.1),
        ]
    )
    scene.add("door", door, wood, -16.0 * (np.abs((scene.x * 120) % 1) < 0.14) + 4 * scene.noise(200, 30))
    glass = float(rng.uniform(0.6, 1.4))
    for k in (-0.6, 0.0, 0.6):
        if abs(k - side) < 0.4:
            continue
        cx, cy, s = x + k * w, foot - h * 0.55, 0.026
        pane = scene.polygon([(cx - s, cy - s), (cx + s, cy - s), (cx + s, cy + s), (cx - s, cy + s)])
        shine = 50 * glass * np.clip((cx - scene.x + cy - scene.y) / s + 0.3, -0.4, 1)
        bars = (np.abs(scene.x - cx) < 0.003) | (np.abs(scene.y - cy) < 0.003)
        scene.add("window", pane, np.array([58, 72, 95], np.float32), np.where(bars, 150, shine))


WALLS = ([222, 205, 175], [180, 95, 75], [235, 230, 222], [214, 180, 110], [160, 185, 190], [205, 150, 140])


def finish(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Light, lens and noise of a camera; the photo by area averaging, the labels by nearest neighbour."""
    rng = scene.rng
    tint = mix([255, 255, 255], [255, 225, 190], scene.warmth) / 255 * float(rng.uniform(0.85, 1.1))
    corner = 1 - 0.25 * ((scene.x - 0.5) ** 2 + (scene.y - 0.5) ** 2)
    photo = cv2.resize(scene.photo * tint * corner[..., None], (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    photo = cv2.GaussianBlur(photo, (0, 0), 0.5) + rng.standard_normal(photo.shape).astype(np.float32) * 2.5
    labels = cv2.resize(scene.labels, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.clip(photo, 0, 255).astype(np.uint8), labels


def write(folder: Path, pairs: int, seed: int = 0) -> None:
    """Write pairs 1..N and their palette as a training folder.

    Raises:
        InputError: there are pairs in it already, or it cannot be written to.
    """
    own = palette()
    for part in ("images", "masks"):
        if any((folder / part).glob("*")):
            raise InputError(f"{folder / part} holds files already; name a new folder, or empty it")
    text = json.dumps(json.loads(own.to_json()), indent=1) + "\n"
    write_atomically(folder / "palette.json", lambda file: file.write_text(text, encoding="utf-8"))
    for i in range(1, pairs + 1):
        photo, labels = draw(i, seed)
        image = Image.fromarray(photo)
        write_atomically(folder / "images" / f"{i:04d}.jpg", lambda file, image=image: image.save(file, quality=92))
        write_layout(folder / "masks" / f"{i:04d}.png", labels, own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--pairs", type=positive, default=100, metavar="N")
    parser.add_argument(
        "--seed", type=count, default=0, help="another one draws other pictures, such as those to test on"
    )
    args = parser.parse_args()
    try:
        write(args.out, args.pairs, args.seed)
    except InputError as error:
        parser.error(str(error))
    print(f"{args.out}: {args.pairs} pairs of {SIZE}x{SIZE} pixels, {len(CLASSES)} classes")


if __name__ == "__main__":
    main()

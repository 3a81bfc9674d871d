"""Draw the example layouts, index PNGs of class ids. Every shape is our own: no photo or mask of a data set.

    python assets/layouts/draw.py

Faces are framed as CelebA-HQ's pictures, on which the faces model was trained: eyes a little above the middle, mouth at
three quarters. Coordinates are label pixels; shapes are smooth curves through points. `index.json` lists the layouts of
each palette with their titles.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))  # so that it runs as a script from anywhere

from semflow_core.method.palette import load_palette  # noqa: E402
from semflow_core.pictures.layouts import write_layout  # noqa: E402

FINE = 4  # shapes are drawn this much larger and then sampled, so that edges fall where they should
Points = list[tuple[float, float]]


def points(shape: str) -> Points:
    """The points of a shape that is written `x,y x,y`."""
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in shape.split())]


class Sheet:
    """A label map to draw on, later shapes over earlier ones."""

    def __init__(self, palette: str, width: int, height: int) -> None:
        self.palette = load_palette(palette)
        self.ids = {c.name: c.id for c in self.palette.classes}
        self.fine = np.full((height * FINE, width * FINE), self.palette.background, np.uint8)

    def blob(self, name: str, shape: str | Points) -> None:
        """A smooth closed curve (Catmull-Rom) through the points, filled."""
        p = np.array(points(shape) if isinstance(shape, str) else shape)
        before, after, after2 = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
        curve = []
        for s in np.linspace(0, 1, 16, endpoint=False):
            curve.append(
                0.5
                * (
                    2 * p
                    + (after - before) * s
                    + (2 * before - 5 * p + 4 * after - after2) * s**2
                    + (3 * p - before - 3 * after + after2) * s**3
                )
            )
        self.polygon(name, np.stack(curve, axis=1).reshape(-1, 2))

    def polygon(self, name: str, shape: str | Points | np.ndarray) -> None:
        """A polygon with straight edges, filled."""
        p = np.array(points(shape) if isinstance(shape, str) else shape)
        cv2.fillPoly(self.fine, [np.round(p * FINE).astype(np.int32)], self.ids[name])

    def save(self, file: str) -> None:
        """Sample to label pixels and write the index PNG."""
        half = FINE // 2
        write_layout(HERE / file, self.fine[half::FINE, half::FINE], self.palette)


def mirrored(shape: Points, middle: float) -> Points:
    """The same shape on the other side of the vertical line x = middle."""
    return [(2 * middle - x, y) for x, y in shape]


def features(sheet: Sheet, shift: float = 0.0, turn: float = 0.0, smile: bool = False, lift: float = 0.0) -> None:
    """Brows, eyes, nose and lips.

    Args:
        shift: pixels to the right.
        turn: 0 frontal; towards 1 the head looks to the picture's right and that half of the face narrows.
        smile: an open mouth.
        lift: pixels that the brows stand higher.
    """

    def at(shape: Points) -> Points:
        # the nearer half keeps its width, the farther half shrinks; the middle moves along
        return [(128 + shift + (x - 128) * (1 - (0.32 * turn if x > 128 else 0)) + 6 * turn, y) for x, y in shape]

    brow = [(x, y - lift) for x, y in points("71,112 82,104 97,101 113,105 113,110 97,107 83,109")]
    eye = points("83,123 89,118.5 97,117 105,119.5 110,124 104,126.5 96,127 88,126")
    sheet.blob("r_brow", at(brow))  # the person's right is the picture's left
    sheet.blob("l_brow", at(mirrored(brow, 128)))
    sheet.blob("r_eye", at(eye))
    sheet.blob("l_eye", at(mirrored(eye, 128)))
    nose = points(
        "119,118 137,118 139,136 143,150 148,160 144,168 135,169 128,171.5 121,169 112,168 108,160 113,150 117,136"
    )
    sheet.blob("nose", at(nose))
    if smile:
        upper = points("97,185 110,181 121,178.5 128,180.5 135,178.5 146,181 159,185 146,187 128,187.5 110,187")
        mouth = points("102,186 115,186 128,187 141,186 154,186 143,194 128,197 113,194")
        lower = points("99,186.5 112,193 128,195.5 144,193 157,186.5 148,198 138,204 128,206 118,204 108,198")
        sheet.blob("l_lip", at(lower))
        sheet.blob("mouth", at(mouth))
        sheet.blob("u_lip", at(upper))
    else:
        upper = points("103,189 113,185 122,182 128,184 134,182 143,185 153,189 141,190 128,191 115,190")
        lower = points("103,189 115,190.5 128,191.5 141,190.5 153,189 146,196 137,200.5 128,202 119,200.5 110,196")
        sheet.blob("l_lip", at(lower))
        sheet.blob("u_lip", at(upper))


def long_hair() -> None:
    """Frontal, long hair with a parting, a closed mouth."""
    s = Sheet("celebamask_hq", 256, 256)
    s.blob(
        "hair",
        "128,12 163,16 194,36 212,72 219,116 226,164 236,214 232,262 170,268 86,268 24,262 20,214 "
        "30,164 37,116 44,72 62,36 93,16",
    )
    s.blob("neck", "94,190 162,190 166,226 184,246 180,268 76,268 72,246 90,226")
    s.blob("cloth", "48,262 58,249 78,243 100,255 128,261 156,255 178,243 198,249 208,262 180,275 76,275")
    s.blob(
        "skin",
        "128,44 160,50 182,74 190,110 189,146 182,178 166,208 146,230 128,236 110,230 90,208 "
        "74,178 67,146 66,110 74,74 96,50",
    )
    # two curtains of hair from the parting over the temples
    s.blob(
        "hair",
        "120,36 104,58 86,84 76,118 71,160 58,176 50,130 60,70 88,38",
    )
    s.blob("hair", "118,36 142,48 168,72 180,106 185,156 198,174 206,130 196,70 164,36")
    features(s)
    s.save("long_hair.png")


def glasses() -> None:
    """Frontal, short hair, glasses, a smile with teeth, both ears."""
    s = Sheet("celebamask_hq", 256, 256)
    s.blob("cloth", "-6,264 18,238 60,226 90,222 128,250 166,222 196,226 238,238 262,264 196,275 60,275")
    s.blob("neck", "82,184 174,184 174,220 160,244 128,258 96,244 82,220")
    s.blob("hair", "128,10 166,14 194,32 206,64 203,104 197,128 128,96 59,128 53,104 50,64 62,32 90,14")
    ear = points("62,122 52,116 45,122 45,138 50,156 58,168 66,164")
    s.blob("r_ear", ear)
    s.blob("l_ear", mirrored(ear, 128))
    s.blob(
        "skin",
        "128,54 160,56 183,72 194,110 193,150 186,184 168,214 148,232 128,237 108,232 88,214 "
        "70,184 63,150 62,110 73,72 96,56",
    )
    # the hairline: higher in the middle, lower at the temples
    s.blob(
        "hair",
        "60,112 58,76 76,44 110,34 150,34 182,46 198,76 196,112 189,96 180,72 156,60 124,64 96,62 78,76 68,96",
    )
    lens = points("70,116 80,109 98,107 114,110 119,120 116,134 105,143 90,144 77,138 71,128")
    s.polygon("eye_g", "58,114 74,116 74,121 58,119")
    s.polygon("eye_g", mirrored(points("58,114 74,116 74,121 58,119"), 128))
    features(s, smile=True, lift=2)
    s.blob("eye_g", lens)
    s.blob("eye_g", mirrored(lens, 128))
    s.polygon("eye_g", "116,116 128,113 140,116 140,120 128,117 116,120")
    eye = points("84,125 90,121 97,120 105,122 110,126 104,129 96,129.5 89,128.5")
    s.blob("r_eye", eye)
    s.blob("l_eye", mirrored(eye, 128))
    s.save("glasses.png")


def hat() -> None:
    """Three-quarter view to the picture's right, a brimmed hat, wavy hair to the shoulders, an earring."""
    s = Sheet("celebamask_hq", 256, 256)
    s.blob(
        "hair",
        "60,60 130,40 186,70 196,120 199,170 204,214 190,238 150,226 96,250 56,264 32,240 36,200 30,160 44,110",
    )
    s.blob("cloth", "-8,268 10,246 50,236 92,244 140,256 188,240 222,238 248,252 262,272 130,280")
    s.blob("neck", "88,180 158,196 164,226 176,246 142,258 100,250 84,232")
    s.blob(
        "skin",
        "128,52 164,58 184,84 187,112 186,132 188,152 184,182 172,210 156,230 140,236 118,228 "
        "96,206 80,178 72,146 70,110 84,70",
    )
    s.blob("r_ear", "74,128 66,122 58,128 58,146 64,162 72,168 77,160")
    s.blob("ear_r", "66,170 71,168 74,176 72,188 67,190 63,182")
    # hair in front of the near ear, falling in waves
    s.blob(
        "hair",
        "78,78 88,84 84,104 77,124 72,124 62,120 54,140 56,172 60,200 76,226 66,250 40,246 34,190 30,150 46,100",
    )
    features(s, shift=3, turn=0.8)
    s.blob(
        "hat",
        "10,84 30,70 62,58 66,30 84,8 124,-6 166,6 186,32 190,58 222,72 242,90 216,96 176,84 128,78 84,84 40,98 16,96",
    )
    s.save("hat.png")


def cars(s: Sheet, places: tuple[tuple[int, int, int], ...]) -> None:
    """Cars by their left edge, width and lower edge."""
    car = points("0,.15 0,.55 .16,.62 .27,1 .73,1 .84,.62 1,.55 1,.15 .84,0 .16,0")  # in a box one wide and one high
    for left, width, ground in places:
        s.blob("car", [(left + width * x, ground - 0.62 * width * y) for x, y in car])


def people(s: Sheet, places: tuple[tuple[int, int, int], ...]) -> None:
    """People by their middle, lower edge and height."""
    person = points("-.4,0 -.7,.45 -.8,.7 -.35,.84 -.3,.97 .3,.97 .35,.84 .8,.7 .7,.45 .4,0")  # y counts up
    for middle, ground, height in places:
        s.blob("person", [(middle + height * x / 5.8, ground - height * y) for x, y in person])


def pole(s: Sheet, x: int, top: int, bottom: int, width: int = 4) -> None:
    """A pole by its left, upper and lower edge."""
    s.polygon("pole", [(x, top), (x + width, top), (x + width, bottom), (x, bottom)])


def street() -> None:
    """A road between houses and trees, cars on both sides."""
    s = Sheet("cityscapes", 512, 256)
    s.polygon("sky", "0,0 512,0 512,256 0,256")
    s.blob(
        "vegetation",
        "150,108 160,70 186,52 210,66 228,84 250,92 272,88 292,66 318,58 344,78 352,112 256,128",
    )
    s.polygon("building", "0,-1 96,-1 96,30 150,48 150,62 182,72 182,124 0,152")
    s.polygon("building", "512,-1 420,-1 420,22 372,40 372,60 334,70 334,124 512,150")
    s.polygon("road", "232,118 280,118 512,196 512,256 0,256 0,200")
    s.polygon("sidewalk", "0,150 196,120 228,119 0,204")
    s.polygon("sidewalk", "512,148 316,120 284,119 512,200")
    pole(s, 118, 20, 172)
    pole(s, 402, 30, 168)
    s.blob("vegetation", "40,146 24,110 34,66 66,52 98,72 106,108 88,140 62,150")
    s.polygon("traffic sign", "396,42 412,42 412,58 396,58")
    cars(s, ((132, 84, 178), (300, 52, 152), (346, 104, 190), (236, 26, 134)))
    people(s, ((92, 186, 58), (468, 184, 58)))
    s.save("street.png")


def avenue() -> None:
    """A wide road under trees, a lawn beside it, a car ahead and some that are parked."""
    s = Sheet("cityscapes", 512, 256)
    s.polygon("sky", "0,0 512,0 512,256 0,256")
    s.polygon("building", "196,84 316,84 316,126 196,126")
    s.polygon("road", "238,120 276,120 512,182 512,256 0,256 0,190")
    s.polygon("terrain", "0,150 190,122 214,120 0,172")
    s.polygon("sidewalk", "0,172 214,120 238,119 0,196")
    s.polygon("sidewalk", "512,164 300,120 276,119 512,190")
    s.polygon("terrain", "512,146 322,120 300,120 512,166")
    s.blob(
        "vegetation",
        "-20,-20 150,-20 196,18 226,60 224,100 206,122 150,128 110,136 60,140 20,152 -20,156",
    )
    s.blob("vegetation", "532,-20 380,-20 330,10 292,56 288,96 304,120 350,126 410,134 470,140 532,150")
    for x, top, bottom in ((66, 96, 168), (148, 96, 146), (372, 96, 144), (446, 96, 164)):
        s.polygon("vegetation", [(x, top), (x + 8, top), (x + 9, bottom), (x - 1, bottom)])  # trunks
    cars(s, ((226, 54, 156), (128, 52, 160), (334, 50, 154), (398, 88, 182)))
    people(s, ((40, 190, 56),))
    s.save("avenue.png")


def crossing() -> None:
    """Houses around a crossing with traffic lights, people who wait at them, cars from both sides."""
    s = Sheet("cityscapes", 512, 256)
    s.polygon("sky", "0,0 512,0 512,256 0,256")
    s.blob("vegetation", "200,126 204,92 226,80 256,88 286,78 310,92 314,126")
    s.polygon("building", "0,-1 150,-1 150,24 206,52 206,126 0,150")
    s.polygon("building", "512,-1 372,-1 372,30 308,56 308,126 512,150")
    s.polygon("road", "0,160 206,128 308,128 512,158 512,256 0,256")
    s.polygon("sidewalk", "0,146 206,122 214,126 0,164")
    s.polygon("sidewalk", "512,144 308,122 300,126 512,162")
    for x, top, bottom in ((146, 44, 150), (386, 40, 152)):
        pole(s, x, top, bottom)
        s.polygon("traffic light", [(x - 4, top), (x + 8, top), (x + 8, top + 26), (x - 4, top + 26)])
    cars(s, ((232, 44, 148), (18, 90, 182), (420, 84, 178)))
    people(s, ((118, 166, 44), (356, 160, 40)))
    s.save("crossing.png")


if __name__ == "__main__":
    long_hair()
    glasses()
    hat()
    street()
    avenue()
    crossing()

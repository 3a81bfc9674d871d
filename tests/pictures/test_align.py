"""Faces found and cut out as training photos are, and layouts put back."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from semflow_core.cli import main
from semflow_core.method.palette import load_palette
from semflow_core.nets.mtcnn import find_faces
from semflow_core.pictures import strips
from semflow_core.pictures.align import Aligned, align, between_centres, is_of_faces, oriented_square, whole
from semflow_core.pictures.layouts import read_layout

FACES = load_palette("celebamask_hq")
# Where the mean training mask (512x512, 871 with both eyes) has its eyes and its mouth, in sides of the crop.
EYES_AND_MOUTH = np.array([[0.379, 0.477], [0.621, 0.478], [0.499, 0.749]])


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    """Eileen Collins, NASA, in the public domain; (512, 512, 3), her face off-centre."""
    return pytest.importorskip("skimage.data").astronaut()


@pytest.fixture(scope="module")
def eyes(astronaut: np.ndarray) -> np.ndarray:
    """Read off the photo by eye: the pupils and the middle of the mouth, (3, 2)."""
    return np.array([[203.0, 104.0], [247.0, 104.0], [224.0, 146.0]])


def move(degrees: float, scale: float, size: tuple[int, int], at: tuple[float, float]) -> np.ndarray:
    """The (2, 3) matrix that turns and scales about the face's centre and puts it `at` in a picture of `size`."""
    matrix = cv2.getRotationMatrix2D((224, 120), degrees, scale)
    matrix[:, 2] += np.array(at) - (224, 120)
    return matrix


def through(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def distance(aligned: Aligned, points: np.ndarray) -> float:
    """How far, in sides of the crop, the photo's points land from where training crops have them, at most."""
    found = through(aligned.matrix, points) / aligned.crop.shape[0]
    return float(np.hypot(*(found - EYES_AND_MOUTH).T).max())


def test_the_astronaut_is_framed_like_a_training_crop(astronaut: np.ndarray, eyes: np.ndarray) -> None:
    aligned = align(astronaut)
    assert aligned.faces == 1 and aligned.changed
    assert aligned.note == "The face was cut out of the photo."
    assert aligned.crop.shape[0] == aligned.crop.shape[1] and aligned.crop.dtype == np.uint8
    assert distance(aligned, eyes) < 0.04
    assert distance(Aligned(astronaut, np.eye(2, 3), (512, 512), 1, ""), eyes) > 0.1  # the photo itself is not


@pytest.mark.parametrize(
    ("degrees", "scale", "size", "at"),
    [
        (20, 1.0, (700, 500), (500, 200)),
        (-20, 1.5, (600, 900), (200, 600)),
        (30, 0.8, (500, 500), (120, 360)),
        (0, 3.0, (3000, 2000), (2300, 1500)),
    ],
)
def test_turned_and_off_centre(
    astronaut: np.ndarray,
    eyes: np.ndarray,
    degrees: float,
    scale: float,
    size: tuple[int, int],
    at: tuple[float, float],
) -> None:
    matrix = move(degrees, scale, size, at)
    aligned = align(cv2.warpAffine(astronaut, matrix, size, borderMode=cv2.BORDER_REPLICATE))
    assert distance(aligned, through(matrix, eyes)) < 0.05
    turn = np.degrees(np.arctan2(aligned.matrix[1, 0], aligned.matrix[0, 0]))
    assert turn == pytest.approx(degrees, abs=6)  # OpenCV's angle turns against the clock


def test_a_crop_stays_as_it_is(astronaut: np.ndarray) -> None:
    crop = align(astronaut).crop
    again = align(crop)
    assert again.faces == 1 and not again.changed and again.note == ""
    assert again.crop is crop
    labels = np.arange(9, dtype=np.uint8).reshape(3, 3)
    assert np.array_equal(again.back(labels, 0), labels)


def test_the_largest_of_several(astronaut: np.ndarray, eyes: np.ndarray) -> None:
    photo = np.zeros((512, 820, 3), np.uint8)
    photo[100:356, :256] = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    photo[:, 300:812] = astronaut
    aligned = align(photo)
    assert aligned.faces == 2
    assert aligned.note == "2 faces were found, and the largest was cut out of the photo."
    assert distance(aligned, eyes + (300, 0)) < 0.05


def test_no_face() -> None:
    y, x = np.mgrid[0:300, 0:400]
    drawn = np.stack([x // 2, y // 2, 255 - x // 4 - y // 4], axis=-1).astype(np.uint8)
    aligned = align(drawn)
    assert aligned.faces == 0
    assert aligned.note == "No face was found, so the centre of the photo was taken."
    assert np.array_equal(aligned.crop, drawn[:, 50:350])
    labels = np.full((300, 300), 7, np.uint8)
    back = aligned.back(labels, outside=3)
    assert back.shape == (300, 400)
    assert (back[:, 50:350] == 7).all() and (back[:, :50] == 3).all() and (back[:, 350:] == 3).all()
    square = align(drawn[:, :300])
    assert not square.changed and square.note == "No face was found, so all of the photo was taken."


def test_coffee_is_no_face() -> None:
    assert find_faces(pytest.importorskip("skimage.data").coffee()) == []


def test_back_is_the_inverse(astronaut: np.ndarray) -> None:
    """A layout of the photo, cut out like the photo and put back, is the same layout where the crop is."""
    matrix = move(15, 1.0, (640, 512), (350, 250))
    aligned = align(cv2.warpAffine(astronaut, matrix, (640, 512), borderMode=cv2.BORDER_REPLICATE))
    layout = np.zeros((512, 640), np.uint8)
    for i in range(1, 12):
        layout[:, 50 * i :] = i
    for factor in (1, 2):  # at the crop's size, and at another
        size = factor * aligned.crop.shape[0]
        y, x = (np.mgrid[0:size, 0:size] + 0.5) / factor
        inverse = np.linalg.inv(np.vstack([aligned.matrix, [0, 0, 1]]))[:2]
        in_photo = np.floor(through(inverse, np.stack([x, y], -1).reshape(-1, 2))).astype(int)
        cut = layout[in_photo[:, 1].clip(0, 511), in_photo[:, 0].clip(0, 639)].reshape(size, size)
        back = aligned.back(cut, outside=200)
        inside = back != 200
        assert 0.05 < inside.mean() < 0.9
        assert (back == layout)[inside].mean() > 0.985  # a column's edge may move by a pixel
        assert set(np.unique(back)) <= set(range(12)) | {200}


def test_a_changed_crop_goes_back_and_leaves_the_rest_to_the_bit(astronaut: np.ndarray) -> None:
    turn = move(15, 1.0, (640, 512), (350, 250))
    photo = cv2.warpAffine(astronaut, turn, (640, 512), borderMode=cv2.BORDER_REPLICATE)
    aligned = align(photo)
    for factor in (1, 2):
        before = cv2.resize(aligned.crop, None, fx=factor, fy=factor)
        side = before.shape[0]
        after = before.copy()
        after[side // 4 : side // 2, side // 4 : side // 2] = (255, 0, 255)
        back = aligned.put_back(photo, before, after)
        painted = aligned.back((after != before).any(-1).astype(np.uint8), outside=0) > 0
        well_inside = cv2.erode(painted.astype(np.uint8), np.ones((5, 5))) > 0
        well_outside = cv2.dilate(painted.astype(np.uint8), np.ones((5, 5))) == 0
        assert well_inside.sum() > 500 and (back[well_inside] == (255, 0, 255)).all()
        assert np.array_equal(back[well_outside], photo[well_outside])
    assert np.array_equal(aligned.put_back(photo, before, before), photo)


def test_a_part_of_a_crop_knows_its_place() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    part = whole(photo).part(photo[10:50, 20:60], 10, 20)
    after = 255 - part.crop
    back = part.put_back(photo, part.crop, after)
    assert np.array_equal(back[10:50, 20:60], after) and np.array_equal(back[:, 60:], photo[:, 60:])


@pytest.mark.parametrize("roll", [-30, 0, 25])
def test_oriented_square_of_ideal_landmarks(roll: float) -> None:
    """Landmarks of a known square give the square: side 4 eye distances, centre a tenth towards the mouth."""
    points = np.array([[-25.0, -10.0], [25.0, -10.0], [0.0, 10.0], [-20.0, 40.0], [20.0, 40.0]])
    a = np.radians(roll)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    expected = np.array([[-100.0, -105.0], [100.0, -105.0], [-100.0, 95.0]])  # eyes at -10, mouth at 40: centre at -5
    assert np.allclose(oriented_square(points @ turn.T + (300, 200)), expected @ turn.T + (300, 200))


def test_which_models_want_it() -> None:
    assert is_of_faces(FACES)
    assert not is_of_faces(load_palette("cityscapes"))


def test_segment_of_a_photo(
    tiny_model: Path, tmp_path: Path, astronaut: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.pad(astronaut, ((0, 0), (100, 0), (0, 0)))).save(tmp_path / "nasa.png")
    words = ["segment", "--model", str(tiny_model), "--steps", "1", str(tmp_path / "nasa.png"), "--out"]
    assert main([*words, str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err == "semflow: nasa.png: The face was cut out of the photo.\n"
    labels = read_layout(tmp_path / "out" / "nasa.png", FACES)
    assert labels.shape == (512, 612)
    assert not labels[300:].any() and labels[20:180, 240:400].any()  # background where the crop does not reach
    assert main([*words, str(tmp_path / "whole"), "--no-align"]) == 0
    assert capsys.readouterr().err == ""
    assert not np.array_equal(read_layout(tmp_path / "whole" / "nasa.png", FACES), labels)


def test_streets_have_no_faces_to_look_for(
    tiny_streets: Path, tmp_path: Path, astronaut: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(astronaut).save(tmp_path / "nasa.png")
    words = ["segment", "--model", str(tiny_streets), "--steps", "1", str(tmp_path / "nasa.png"), "--out"]
    assert main([*words, str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("turn", [0.0, 0.4])
def test_what_is_put_back_in_strips_is_what_the_whole_gives(
    photo: np.ndarray, turn: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = cv2.resize(photo, (300, 410))
    scale = 0.61 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    crop = cv2.resize(photo, (128, 128))
    aligned = Aligned(crop, np.hstack([scale, [[-20.3], [-31.7]]]), (410, 300), 1, "")
    after = crop.copy()
    after[40:90, 30:101] = 255 - after[40:90, 30:101]
    how = {"M": between_centres(aligned.matrix), "dsize": (300, 410), "flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP}
    share = cv2.warpAffine((crop != after).any(-1).astype(np.float32), **how)[..., None]
    new = cv2.warpAffine(after, borderMode=cv2.BORDER_REPLICATE, **how)
    expected = np.where(share > 0, np.rint(share * new + (1 - share) * large), large).astype(np.uint8)
    monkeypatch.setattr(strips, "ROWS", 7)
    assert np.array_equal(aligned.put_back(large, crop, after), expected)
    assert (expected != large).any() and (expected == large).all(-1).any()
    one = aligned.put_back(large[..., 1:2], crop[..., 1:2], after[..., 1:2])[..., 0]
    assert np.array_equal(one[share[..., 0] > 0], expected[share[..., 0] > 0, 1])


def test_a_part_that_was_only_cut_out_goes_back_as_the_warp_would_put_it(
    photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    aligned = Aligned(photo[7:37, 5:31], np.array([[1.0, 0, -5], [0, 1.0, -7]]), photo.shape[:2], 0, "")
    before = aligned.crop // 2  # an accepted edit: what is not changed stays the photo's all the same
    after = before.copy()
    after[4:20, 3:11] += 77
    expected = photo.copy()
    expected[11:27, 8:16] = after[4:20, 3:11]
    assert np.array_equal(aligned.put_back(photo, before, after), expected)
    monkeypatch.setattr(Aligned, "_corner", lambda self: None)
    assert np.array_equal(aligned.put_back(photo, before, after), expected)

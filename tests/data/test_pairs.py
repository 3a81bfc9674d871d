from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semflow_core.data.pairs import Pair, data_root, find_pairs, load_pair, load_split
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette

FACES = load_palette("celebamask_hq")


def make_pairs(folder: Path, names: list[str], size: int = 20) -> None:
    """Photos of one grey value and masks of one class; the value and the class are the name's position."""
    for sub in ("images", "masks"):
        (folder / sub).mkdir(parents=True)
    for i, name in enumerate(names):
        Image.new("RGB", (size, size), (i, i, i)).save(folder / "images" / f"{name}.png")
        Image.new("L", (size, size), i % 19).save(folder / "masks" / f"{name}.png")


def test_pairs_are_found_in_sorted_order(tmp_path: Path) -> None:
    make_pairs(tmp_path, ["b", "a", "c"])
    (tmp_path / "images" / "b.png").rename(tmp_path / "images" / "b.JPG")
    (tmp_path / "images" / "notes.txt").write_text("not a photo")
    assert [(p.name, p.photo.name) for p in find_pairs(tmp_path)] == [
        ("a", "a.png"),
        ("b", "b.JPG"),
        ("c", "c.png"),
    ]


def test_files_without_a_partner_are_named(tmp_path: Path) -> None:
    make_pairs(tmp_path, list("abcdef"))
    (tmp_path / "masks" / "a.png").unlink()
    (tmp_path / "images" / "b.png").unlink()
    with pytest.raises(InputError, match=r"images/a\.png has no mask; masks/b\.png has no photo$"):
        find_pairs(tmp_path)
    for i in range(30):
        Image.new("L", (20, 20)).save(tmp_path / "masks" / f"x{i}.png")
    with pytest.raises(InputError, match="x24.png has no photo and 12 more; semflow data check .* names all$"):
        find_pairs(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no pairs; it needs images/NAME.jpg"):
        find_pairs(tmp_path)


def test_a_pair_is_squeezed_to_a_square_without_new_ids(tmp_path: Path) -> None:
    photo = np.zeros((40, 80, 3), np.uint8)
    photo[:, 40:] = 200
    mask = np.zeros((40, 80), np.uint8)
    mask[:, 40:] = 17
    mask[:, 60:] = 255
    Image.fromarray(photo).save(tmp_path / "p.png")
    Image.fromarray(mask).save(tmp_path / "m.png")
    x, m = load_pair(Pair("p", tmp_path / "p.png", tmp_path / "m.png"), FACES, 16)
    assert x.shape == (16, 16, 3) and x.dtype == np.uint8 and m.shape == (16, 16) and m.dtype == np.uint8
    assert m[3].tolist() == [0] * 8 + [17] * 4 + [255] * 4
    assert x[3, :, 0].tolist() == [0] * 8 + [200] * 8


def test_photos_are_averaged_and_masks_are_not(tmp_path: Path) -> None:
    checks = (np.indices((32, 32)).sum(0) % 2).astype(np.uint8)
    Image.fromarray(checks * 200).convert("RGB").save(tmp_path / "p.png")
    Image.fromarray(checks * 18).save(tmp_path / "m.png")
    x, m = load_pair(Pair("p", tmp_path / "p.png", tmp_path / "m.png"), FACES, 16)
    assert (x == 100).all()
    assert set(np.unique(m)) <= {0, 18}


@pytest.mark.parametrize(
    "mask, words",
    [
        (Image.new("L", (20, 21)), "pair p does not match: photo 20x20, mask 20x21"),
        (Image.new("RGB", (20, 20), "#81a080"), "pair p cannot be read: .*m.png has colours that are no class of"),
        (Image.new("L", (20, 20), 19), "the layout m.png has ids that are no class of celebamask_hq: 19"),
    ],
)
def test_a_wrong_mask_is_named(tmp_path: Path, mask: Image.Image, words: str) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "p.png")
    mask.save(tmp_path / "m.png")
    with pytest.raises(InputError, match=words):
        load_pair(Pair("p", tmp_path / "p.png", tmp_path / "m.png"), FACES, 16)


def test_a_coloured_mask_and_raw_ids_are_read_as_layouts_are(tmp_path: Path) -> None:
    labels = np.array([0, 13, 18], np.uint8)[np.arange(24) // 8].repeat(24).reshape(24, 24)
    Image.new("RGB", (24, 24)).save(tmp_path / "p.png")
    Image.fromarray(FACES.colorize(labels)).save(tmp_path / "m.png")
    assert np.array_equal(load_pair(Pair("p", tmp_path / "p.png", tmp_path / "m.png"), FACES, 24)[1], labels)
    Image.fromarray(np.where(labels == 13, 255, labels + 7).astype(np.uint8)).save(tmp_path / "m_labelIds.png")
    streets = load_pair(Pair("p", tmp_path / "p.png", tmp_path / "m_labelIds.png"), load_palette("cityscapes"), 24)[1]
    assert streets[::8, 0].tolist() == [0, 255, 12]  # label ids 7, void and 25: road, void, rider


@pytest.mark.parametrize("broken", ["p.png", "m.png"])
def test_a_broken_file_is_named(tmp_path: Path, broken: str) -> None:
    noise = np.random.default_rng(0).integers(0, 19, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).convert("RGB").save(tmp_path / "p.png")
    Image.fromarray(noise).save(tmp_path / "m.png")
    whole = (tmp_path / broken).read_bytes()
    for damaged in (b"", b"hello", whole[: len(whole) // 2]):
        (tmp_path / broken).write_bytes(damaged)
        with pytest.raises(InputError, match="the pair p cannot be read"):
            load_pair(Pair("p", tmp_path / "p.png", tmp_path / "m.png"), FACES, 16)


def test_all_damaged_pairs_of_a_folder_are_named_at_once(tmp_path: Path) -> None:
    make_pairs(tmp_path, [f"{i:02d}" for i in range(9)])
    (tmp_path / "images" / "01.png").write_bytes(b"")
    Image.new("L", (20, 20), 99).save(tmp_path / "masks" / "04.png")
    Image.new("L", (20, 30), 1).save(tmp_path / "masks" / "08.png")  # of the other split
    for split in ("train", "dev"):
        with pytest.raises(InputError) as caught:
            load_split(tmp_path, FACES, 3, split, 16)
        assert [f"pair {n}" in str(caught.value) for n in ("01", "02", "04", "08")] == [True, False, True, True]


def test_the_development_split_is_the_sorted_tail(tmp_path: Path) -> None:
    make_pairs(tmp_path, [f"{i:02d}" for i in range(7)])
    train = load_split(tmp_path, FACES, 3, "train", 16)
    dev = load_split(tmp_path, FACES, 3, "dev", 16)
    assert train.names == ("00", "01", "02", "03") and dev.names == ("04", "05", "06")
    assert len(dev) == 3 and dev.photos.shape == (3, 16, 16, 3) and dev.masks.shape == (3, 16, 16)
    assert dev.masks[:, 0, 0].tolist() == [4, 5, 6] and dev.photos[:, 0, 0, 0].tolist() == [4, 5, 6]
    assert load_split(tmp_path, FACES, 3, "dev", 16, limit=1).names == ("04",)
    assert len(load_split(tmp_path, FACES, 0, "train", 16)) == 7


def photo_file(path: Path, pixels: np.ndarray, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(pixels).save(path, exif=exif)


@pytest.mark.parametrize("shape", [(48, 48), (40, 56)], ids=["square", "wide"])
@pytest.mark.parametrize("turn", [3, 6, 8])
def test_a_mask_lies_as_its_photo_is_shown(tmp_path: Path, shape: tuple[int, int], turn: int) -> None:
    """The mask has no EXIF; whether it was made from the stored pixels or from the shown ones, it fits in the end."""
    stored = np.zeros(shape, np.uint8)
    stored[4:20, 4:30] = 13
    shown = np.rot90(stored, {3: 2, 6: -1, 8: 1}[turn])
    photo_file(tmp_path / "p.png", np.dstack([40 + 10 * stored] * 3), turn)
    for mask, said in ((stored, ["It was turned as its photo's EXIF says."]), (shown, [])):
        Image.fromarray(np.ascontiguousarray(mask)).save(tmp_path / "m.png")
        notes: list[str] = []
        x, m = load_pair(Pair("p", tmp_path / "p.png", tmp_path / "m.png"), FACES, 48, "own", notes=notes)
        assert notes == said and ((m == 13) == (x[..., 0] > 100)).mean() > 0.98
    photo_file(tmp_path / "m.png", stored, turn)  # a mask with the tag itself is turned by it
    m = load_pair(Pair("p", tmp_path / "p.png", tmp_path / "m.png"), FACES, 48, "own")[1]
    assert ((m == 13) == (x[..., 0] > 100)).mean() > 0.98


def test_a_mask_that_could_lie_either_way_is_refused(tmp_path: Path) -> None:
    photo_file(tmp_path / "p.png", np.full((40, 40, 3), 90, np.uint8), 6)
    Image.fromarray(np.eye(40, dtype=np.uint8)).save(tmp_path / "m.png")
    with pytest.raises(InputError, match="pair p carries a camera's turn .* nothing says which way the mask lies"):
        load_pair(Pair("p", tmp_path / "p.png", tmp_path / "m.png"), FACES, 16)


def test_a_mask_across_its_photo_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (20, 30)).save(tmp_path / "p.png")
    Image.new("L", (30, 20)).save(tmp_path / "m.png")
    with pytest.raises(InputError, match="photo 20x30, mask 30x20; one of them lies across"):
        load_pair(Pair("p", tmp_path / "p.png", tmp_path / "m.png"), FACES, 16)


def test_the_masks_of_a_folder_are_in_one_order_of_ids(tmp_path: Path, face_layout: np.ndarray) -> None:
    """BiSeNet's order is recognised on whole faces, and holds for the mask that shows too little of one."""
    order = next(c for c in FACES.foreign.ids if c.key == "bisenet").classes
    theirs = np.zeros(19, np.uint8)
    theirs[[ours for _, ours in order]] = [foreign for foreign, _ in order]
    masks = [face_layout, FACES.flip(face_layout), np.where(face_layout == 13, 13, 0).astype(np.uint8)]
    for sub in ("images", "masks"):
        (tmp_path / sub).mkdir()
    for i, mask in enumerate(masks):
        Image.new("RGB", (48, 48)).save(tmp_path / "images" / f"{i}.png")
        Image.fromarray(theirs[mask]).save(tmp_path / "masks" / f"{i}.png")
    split = load_split(tmp_path, FACES, 0, "train", 48)
    assert np.array_equal(split.masks, np.stack(masks))
    assert split.notes == ("3 of 3 masks: Its ids were taken for BiSeNet's face parser's, as most of its folder are.",)
    assert np.array_equal(load_split(tmp_path, FACES, 0, "train", 48, ids="own").masks, theirs[np.stack(masks)])


def test_a_split_without_training_pairs_is_refused(tmp_path: Path) -> None:
    make_pairs(tmp_path, ["a", "b", "c"])
    with pytest.raises(InputError, match="has 3 pairs; with 3 held out nothing is left"):
        load_split(tmp_path, FACES, 3, "train", 16)


def test_the_data_folder_is_given_or_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEMFLOW_DATA", raising=False)
    with pytest.raises(InputError, match="SEMFLOW_DATA or data=DIR"):
        data_root()
    assert data_root(tmp_path) == tmp_path
    monkeypatch.setenv("SEMFLOW_DATA", str(tmp_path))
    assert data_root() == tmp_path
    monkeypatch.setenv("SEMFLOW_DATA", str(tmp_path / "gone"))
    with pytest.raises(InputError, match="gone does not exist"):
        data_root()


def test_the_real_pairs_are_complete(training_data: Path) -> None:
    assert len(find_pairs(training_data / "faces")) == 900
    assert len(find_pairs(training_data / "streets")) == 2975

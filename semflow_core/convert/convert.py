"""Published weights -> a model folder: Stable Diffusion's to start from, SemFlow's and SymmFlow's to run."""

from __future__ import annotations

import re
import shutil
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..method.codebook import Codebook
from ..method.palette import UNLABELLED, Palette, load_palette
from ..method.palette_file import PaletteClass
from ..method.perturbation import Perturbation
from ..nets.contracts import ConditionedUNetVelocity
from ..nets.memory import work_in_parts
from ..nets.prompt import read_prompt
from ..nets.symmetric import SymmetricUNet, SymmetricVelocity
from ..pictures.files import check_writable
from ..pipeline.pipeline import SemFlowPipeline
from .sources import Source, open_source, vae_in

STEPS = 25  # of both papers, evenly spaced
SEMFLOW_BETA = 6.0
# the names that SymmFlow's trainer gives its files: data set, and the whole width of its noise in 0..255 units
SYMMFLOW_FILE = re.compile(r"LatFM_(?P<set>[a-z0-9]+)_beta(?P<width>\d+(\.\d+)?)")
SYMMFLOW_SETS = {"celeba": "celebamask_hq", "coco": "coco_stuff"}
SYMMFLOW_WIDTHS = {"celebamask_hq": 10.0, "coco_stuff": 6.0}
FACE_COLORS, RAW_IDS = "CelebAMask-HQ's own", "COCO-Stuff's raw ids"  # conventions of the palettes (`Palette.foreign`)
WHITE = 215  # the last anchor of the grid with k = 6, in which SymmFlow paints pixels of no class


@dataclass(frozen=True)
class Conversion:
    """What is converted, and what its files do not say.

    Attributes:
        source: a folder or a file.
        base: a Stable Diffusion folder or file that has the parts which the source lacks.
        vae: where the autoencoder is, if it is another than theirs.
        prompt: file with the embedding of the empty prompt; None computes it.
        palette: the label set; None is what the file's name says, or CelebAMask-HQ.
        size, width: pixels on which the model works; without a width, a square.
        beta: amplitude of the perturbation in 0..255 units; None is the paper's of the source.
        in_parts: the autoencoder works in parts, which needs less memory.
        raw_ids: SymmFlow's COCO model was trained on COCO-Stuff's raw ids, with their gaps.
    """

    source: Path
    base: Path | None = None
    vae: Path | None = None
    prompt: Path | None = None
    palette: str | None = None
    size: int = 512
    width: int | None = None
    beta: float | None = None
    in_parts: bool = False
    raw_ids: bool = False


def convert(what: Conversion, out: Path) -> str:
    """Write a model folder with float16 weights; `out` appears when it is whole. Returns a line that says what it is.

    Raises:
        InputError: a part is missing, wrong or not whole; the message names the keys.
    """
    if out.exists():
        raise InputError(f"{out} exists; choose another folder for --out")
    check_writable(out.parent)
    pipeline = load(what)
    temporary = out.with_name(f".{uuid.uuid4().hex}")
    try:
        pipeline.save_pretrained(temporary)
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    kind = "SymmFlow" if isinstance(pipeline.velocity, SymmetricVelocity) else "SemFlow"
    sizes = f"{pipeline.width}x{pipeline.size}"
    return f"{kind} with {len(pipeline.palette.classes)} classes of {pipeline.palette.name} at {sizes}: {out}"


def load(what: Conversion) -> SemFlowPipeline:
    """The pipeline that a conversion describes, float32.

    Raises:
        InputError: see `convert`.
    """
    source = open_source(what.source)
    base = open_source(what.base) if what.base else source
    unet = source.unet(source.unet_config or base.unet_config)
    vae = vae_in(what.vae) if what.vae else part(source, base, "vae", "autoencoder", "--vae")
    prompt = read_prompt(what.prompt) if what.prompt else part(source, base, "prompt", "empty prompt", "--prompt")
    if what.in_parts:
        work_in_parts(vae)
    channels = int(unet.config["cross_attention_dim"])
    if prompt.shape[2] != channels:
        raise InputError(
            f"the embedding of the empty prompt has {prompt.shape[2]} channels, and the U-Net of {source.what} takes "
            f"{channels}; Stable Diffusion 1.x has 768, SymmFlow's 2.1 has 1024"
        )
    factor = 2 ** (len(vae.config["block_out_channels"]) - 1)
    deepest = factor * 2 ** (len(unet.config["block_out_channels"]) - 1)
    for side in (what.size, what.width or what.size):
        if side < 1 or side % deepest:
            raise InputError(f"the model cannot work on {side} pixels; its sides must be multiples of {deepest}")
    codebook, perturbation = settings(what, unet)
    kind = SymmetricVelocity if isinstance(unet, SymmetricUNet) else ConditionedUNetVelocity
    return SemFlowPipeline(
        vae,
        kind(unet, prompt),
        codebook,
        perturbation,
        size=what.size,
        width=what.width,
        aspect=(what.width or what.size) / what.size,
        read_defaults={"steps": STEPS},
    )


def part(source: Source, base: Source, name: str, title: str, option: str) -> Any:
    """A part of the source, or of the base where the source has none."""
    of_it = getattr(source, name) or getattr(base, name)
    if of_it is None:
        raise InputError(f"{source.what} has no {title}; name a Stable Diffusion folder with --base, or {option}")
    return of_it()


def settings(what: Conversion, unet: Any) -> tuple[Codebook, Perturbation]:
    """Codebook and perturbation of the training, as the papers' code has them."""
    if not isinstance(unet, SymmetricUNet):
        beta = SEMFLOW_BETA if what.beta is None else what.beta
        return Codebook(load_palette(what.palette or "celebamask_hq")), Perturbation(beta, "white")
    named = SYMMFLOW_FILE.search(what.source.name)
    name = what.palette or SYMMFLOW_SETS.get(named["set"] if named else "", "celebamask_hq")
    width = float(named["width"]) if named else SYMMFLOW_WIDTHS.get(name, SYMMFLOW_WIDTHS["coco_stuff"])
    beta = width / 2 if what.beta is None else what.beta
    return symmflow_codebook(load_palette(name), what.raw_ids), Perturbation(beta, "white")


def symmflow_codebook(palette: Palette, raw_ids: bool) -> Codebook:
    """The colours of SymmFlow: of faces its data set's own, of all else the paper's grid, and white for no class."""
    own = next((c for c in palette.foreign.colors if c.name == FACE_COLORS), None)
    if own is not None:
        colors = {class_id: color for color, class_id in own.classes}
        return Codebook(palette, colors=tuple(colors[c.id] for c in palette.classes))
    order = [int(i) for i in range(len(palette.classes))]
    if raw_ids:
        convention = next((c for c in palette.foreign.ids if c.name == RAW_IDS), None)
        if convention is None:
            raise InputError(f"{palette.name} has no raw ids; --raw-ids is for coco_stuff")
        raw = {class_id: foreign for foreign, class_id in convention.classes}
        order = [raw[c.id] for c in palette.classes]
    if UNLABELLED not in palette.ids:
        no_class = PaletteClass(UNLABELLED, "unlabelled", (0, 0, 0), "void")
        palette = replace(palette, classes=(*palette.classes, no_class))
        order.append(WHITE)
    return Codebook(palette, order=tuple(order))

"""Model folders of strangers: what they name, and how large it would be, is looked at before anything is loaded."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from semflow_core.errors import InputError
from semflow_core.pipeline.pipeline import SemFlowPipeline


def change(file: Path, **values: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def cut_weights(folder: Path) -> None:
    file = next((folder / "unet").glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:100])


def pickle_weights(folder: Path) -> None:
    file = next((folder / "unet").glob("*.safetensors"))
    file.rename(file.with_name("diffusion_pytorch_model.bin"))


def pipe(file: Path, device: Path | None = None) -> None:
    """A file that is a named pipe, or a link to a device."""
    file.unlink()
    os.mkfifo(file) if device is None else file.symlink_to(device)


def other_latents(folder: Path) -> None:
    """The codec has twice the channels that the velocity takes; both are whole by themselves."""
    from semflow_core.nets.components import save_component
    from semflow_core.nets.contracts import codec_of
    from semflow_core.nets.pyramid import PyramidAutoencoder

    codec: Any = codec_of(PyramidAutoencoder((8, 8, 8), encoder_blocks=1, decoder_blocks=1, latent_channels=8))
    save_component(codec, folder / "vae")


HOSTILE: dict[str, Any] = {
    "parts outside": lambda f: change(f / "model_index.json", shared={"vae": "../../.."}),
    "an absolute part": lambda f: change(f / "model_index.json", shared={"vae": "/etc"}),
    "a palette outside": lambda f: change(f / "model_index.json", palette="../../../etc/x.json"),
    "an appearance outside": lambda f: change(f / "model_index.json", appearance="/etc/passwd"),
    "a huge size": lambda f: change(f / "model_index.json", size=10**9),
    "a size of text": lambda f: change(f / "model_index.json", size="256"),
    "a huge aspect": lambda f: change(f / "model_index.json", aspect=1e9),
    "an index that is a list": lambda f: (f / "model_index.json").write_text("[]"),
    "a deep index": lambda f: (f / "model_index.json").write_text("[" * 10**5),
    "an index of bytes": lambda f: (f / "model_index.json").write_bytes(bytes(range(256))),
    "huge channels": lambda f: change(f / "unet" / "config.json", block_out_channels=[10**9, 10**9]),
    "endless layers": lambda f: change(f / "unet" / "config.json", layers_per_block=10**9),
    "other channels": lambda f: change(f / "unet" / "config.json", block_out_channels=[16, 32]),
    "no channels": lambda f: change(f / "unet" / "config.json", block_out_channels=[]),
    "a large config": lambda f: change(f / "unet" / "config.json", x="x" * 2 * 10**6),
    "weights that are cut off": cut_weights,
    "weights that are a pickle": pickle_weights,
    "reading defaults that are no settings": lambda f: change(f / "model_index.json", read_defaults=[10**9]),
    "a spectrum that is a list": lambda f: change(f / "model_index.json", perturbation={"spectrum": [1]}),
    "layers without weights": lambda f: change(f / "unet" / "config.json", num_class_embeds=3),
    "more layers than weights": lambda f: change(f / "unet" / "config.json", layers_per_block=3),
    "a network that asks for classes": lambda f: change(f / "unet" / "config.json", class_embed_type="identity"),
    "a codec of other latents": other_latents,
    "weights that are a pipe": lambda f: pipe(next((f / "unet").glob("*.safetensors"))),
    "an index that is a pipe": lambda f: pipe(f / "model_index.json"),
    "an index without end": lambda f: pipe(f / "model_index.json", Path("/dev/zero")),
    "a part that is a loop of links": lambda f: (shutil.rmtree(f / "unet"), (f / "unet").symlink_to(f / "unet")),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_strangers_folder_is_refused_in_a_sentence(tiny_model: Path, tmp_path: Path, what: str) -> None:
    folder = tmp_path / "models" / "model"
    shutil.copytree(tiny_model, folder)
    HOSTILE[what](folder)
    with pytest.raises(InputError) as refusal:
        SemFlowPipeline.from_pretrained(folder)
    assert len(str(refusal.value)) < 500 and "\n" not in str(refusal.value)


def test_parts_beside_the_folder_and_links_are_loaded(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / "vae").rename(tmp_path / "codec")
    change(folder / "model_index.json", shared={"vae": "../codec"})
    (folder / "unet").rename(tmp_path.parent / f"{tmp_path.name}-unet")
    (folder / "unet").symlink_to(tmp_path.parent / f"{tmp_path.name}-unet")
    assert SemFlowPipeline.from_pretrained(folder).name == "model"

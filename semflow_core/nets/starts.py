"""Starting from saved weights: codecs, U-Nets and backbones in folders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DModel
from safetensors.torch import load_file

from ..errors import InputError
from .backbone import BACKBONE_FILE, FINE, Backbone, BackboneUNet
from .components import anchors_of, is_one_of, known, load_component, load_velocity, names_of
from .contracts import CODECS, VELOCITIES, Codec, ModuleAdapter, codec_of
from .pyramid import PyramidAutoencoder
from .reader import LayoutReader


def class_name(folder: str | Path) -> str:
    """The class of the component in a folder, "" where its configuration names none.

    Raises:
        OSError, ValueError: there is no configuration.
    """
    return json.loads((Path(folder) / "config.json").read_text(encoding="utf-8")).get("_class_name", "")


def load_codec(folder: str | Path, device: str | torch.device = "cpu") -> Codec:
    """The codec in an autoencoder's folder, float32, with frozen weights.

    Raises:
        InputError: the folder is none, or holds a class that is no codec.
    """
    if not (Path(folder) / "config.json").is_file():
        raise InputError(f"'{folder}' is no autoencoder's folder; it needs a config.json and its weights")
    try:
        name = class_name(folder)
        if not is_one_of(name, *CODECS):
            raise InputError(f"'{folder}' holds a {name}; a codec is one of {', '.join(names_of(*CODECS))}")
        codec = codec_of(load_component(name, Path(folder)).eval().requires_grad_(False))
    except (OSError, ValueError) as error:
        raise InputError(f"the autoencoder in '{folder}' cannot be loaded: {str(error).splitlines()[0]}") from None
    if isinstance(codec, ModuleAdapter):
        codec.to(device)  # in float32
    return codec


def load_pyramid(folder: str | Path) -> PyramidAutoencoder:
    """A `PyramidAutoencoder` to train on.

    Raises:
        InputError: the folder is none, or holds another class.
    """
    codec: Any = load_codec(folder)
    if not isinstance(codec.module, PyramidAutoencoder):
        raise InputError(f"'{folder}' holds a {type(codec.module).__name__}; only a PyramidAutoencoder is trained on")
    return codec.module.requires_grad_(True)


def load_unet(folder: str | Path) -> UNet2DModel:
    """A saved U-Net, with a backbone or without, float32.

    Raises:
        OSError, ValueError, TypeError, RuntimeError, InputError: the folder is none, or its content does not fit.
    """
    name = class_name(folder)
    unet = load_component(name, Path(folder)) if known(name) else None
    if not isinstance(unet, UNet2DModel):
        raise ValueError(f"it holds a {name}, no UNet2DModel or BackboneUNet")
    return unet.float()


def load_network(folder: str | Path, channels: int, anchors: Sequence[Sequence[float]]) -> ModuleAdapter:
    """A saved network of any class that the contracts have an adapter for, float32, to train on.

    A backbone in it is frozen: features and predicted layouts stay what the network was trained with.

    Args:
        channels: of the latents that it is trained on.
        anchors: (n, 3) in [-1, 1], the codebook's; a backbone must have these.

    Raises:
        InputError: the folder holds none, or one for other latents or another codebook.
    """
    try:
        name = class_name(folder)
        if not is_one_of(name, *VELOCITIES):
            raise InputError(f"'{folder}' holds a {name}; a velocity is one of {', '.join(names_of(*VELOCITIES))}")
        velocity = load_velocity(name, Path(folder))
    except (OSError, ValueError) as error:
        raise InputError(f"the network in '{folder}' cannot be loaded: {str(error).splitlines()[0]}") from None
    config = velocity.module.config
    sizes = config["in_channels"], config["out_channels"]
    if sizes != (channels, channels):
        raise InputError(
            f"the network in '{folder}' takes latents of {sizes[0]} channels and returns {sizes[1]}; the codec's have "
            f"{channels}, and so must both"
        )
    own = anchors_of(velocity)
    if own is not None:
        if len(own) != len(anchors) or not torch.allclose(torch.tensor(own), torch.tensor(anchors), atol=1e-4):
            raise InputError(
                f"the backbone in '{folder}' has the anchors of another codebook; latents.domain must have the "
                "palette, k, s and order of its training"
            )
        velocity.module.backbone.requires_grad_(False)
    velocity.module.float()
    return velocity


def start_from(model: UNet2DModel, folder: str) -> None:
    """Copy the weights of a saved U-Net into `model`; an embedding or a backbone that `model` has stays as it is.

    Where the two have different backbones, the weights of the backbone's channels start at zero.

    Raises:
        InputError: the folder is none, or its U-Net has another shape.
    """
    state = model.state_dict()
    unchanged = {k: v for k, v in state.items() if k.startswith(("class_embedding.", "backbone."))}
    try:
        saved = load_unet(folder)
        weights = saved.state_dict()
        backbone = {k: weights.pop(k) for k in list(weights) if k.startswith("backbone.")}
        same = all(k in state and torch.equal(v, state[k]) for k, v in backbone.items())
        if not backbone or not same or saved.config["anchors"] != model.config["anchors"]:
            of_latents = weights["conv_in.weight"][:, : saved.config["in_channels"]]
            weights["conv_in.weight"] = torch.zeros_like(state["conv_in.weight"])
            weights["conv_in.weight"][:, : model.config["in_channels"]] = of_latents
        model.load_state_dict(weights | unchanged)
    except (OSError, ValueError, TypeError, RuntimeError, InputError) as error:
        raise InputError(f"the U-Net in '{folder}' cannot be started from: {str(error).splitlines()[0]}") from None


def start_backbone(backbone: Backbone, folder: str | Path, new_classes: bool = False) -> None:
    """Take over the weights of the backbone in a folder (`load_backbone`).

    Args:
        new_classes: where the saved backbone has other classes, keep this one's segmentation head.

    Raises:
        InputError: there is none, or it has another shape.
    """
    weights = load_backbone(folder)
    head = {k: v for k, v in backbone.state_dict().items() if k.startswith("head.")}
    if new_classes:
        weights |= {k: v for k, v in head.items() if k not in weights or weights[k].shape != v.shape}
    try:
        backbone.load_state_dict(weights)
    except RuntimeError:
        classes = head["head.bias"].numel() // FINE**2
        raise InputError(f"the backbone in '{folder}' is not one for these latents and {classes} classes") from None


def load_reader(folder: str | Path, classes: int) -> LayoutReader:
    """A saved layout reader, float32.

    Raises:
        InputError: the folder holds none, or one of another number of classes.
    """
    try:
        reader = load_component("LayoutReader", Path(folder)) if class_name(folder) == "LayoutReader" else None
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"the reader in '{folder}' cannot be loaded: {str(error).splitlines()[0]}") from None
    if reader is None or reader.classes != classes:
        raise InputError(f"'{folder}' holds no LayoutReader of {classes} classes")
    return reader.float()


def load_backbone(folder: str | Path) -> dict[str, torch.Tensor]:
    """The weights of a backbone: one that was trained by itself, or that of a saved U-Net.

    Raises:
        InputError: there is none in the folder.
    """
    file = Path(folder) / BACKBONE_FILE
    if file.is_file():
        return {k: v.float() for k, v in load_file(file).items()}
    try:
        unet = load_unet(folder)
    except (OSError, ValueError, TypeError, RuntimeError, InputError):
        unet = None
    if not isinstance(unet, BackboneUNet):
        raise InputError(f"there is no backbone in '{folder}'; train one with kind=backbone, or leave the key empty")
    return unet.backbone.float().state_dict()

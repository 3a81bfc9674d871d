"""Small random networks with Stable Diffusion's structure, written to disk as the real ones are published.

The names of the original layout are written down here by themselves: input_blocks, middle_block, output_blocks of the
U-Net, encoder.down and decoder.up of the autoencoder, cond_stage_model of the text encoder.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch
import transformers
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file

State = dict[str, torch.Tensor]
WIDTHS, TEXT = (32, 64, 64, 64), 64
CROSS = ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",)
RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}


def small_unet(channels: int = 4, second: bool = False) -> Any:
    """Stable Diffusion 1.x's U-Net, or 2.x's, with fewer channels."""
    kind: Any = UNet2DConditionModel
    torch.manual_seed(1)
    return kind(
        sample_size=8,
        in_channels=channels,
        out_channels=channels,
        block_out_channels=WIDTHS,
        layers_per_block=2,
        down_block_types=CROSS,
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        cross_attention_dim=TEXT,
        attention_head_dim=(1, 1, 1, 1) if second else 8,
        use_linear_projection=second,
    ).eval()


def small_vae() -> Any:
    kind: Any = AutoencoderKL
    torch.manual_seed(2)
    vae = kind(
        block_out_channels=(32,) * 4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
    ).eval()
    with torch.no_grad():
        vae.quant_conv.weight *= 20  # latents of about unit variance, as the real ones have
    return vae


def small_text_encoder() -> Any:
    torch.manual_seed(3)
    config = transformers.CLIPTextConfig(
        vocab_size=20,
        hidden_size=TEXT,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=1,
        bos_token_id=18,
        eos_token_id=19,
    )
    return transformers.CLIPTextModel(config).eval()


def empty_prompt(encoder: Any) -> torch.Tensor:
    with torch.no_grad():
        return encoder(torch.tensor([[18] + [19] * 76]))[0]


def text_state(encoder: Any) -> State:
    """As the published files have it, whatever this version of transformers calls it."""
    state = {"text_model." + k.removeprefix("text_model."): v for k, v in encoder.state_dict().items()}
    return state | {"text_model.embeddings.position_ids": torch.arange(77)[None]}


def write_folder(folder: Path, second: bool = False) -> None:
    """diffusers' layout; the autoencoder as its earlier versions wrote it, in a pickle."""
    small_unet(second=second).save_pretrained(folder / "unet")
    vae = small_vae()
    vae.save_config(folder / "vae")
    names = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}
    earlier = {}
    for key, value in vae.state_dict().items():
        for name, before in names.items():
            key = key.replace(name, before)
        earlier[key] = value
    torch.save(earlier, folder / "vae" / "diffusion_pytorch_model.bin")
    encoder = small_text_encoder()
    (folder / "text_encoder").mkdir()
    (folder / "text_encoder" / "config.json").write_text(encoder.config.to_json_string())
    save_file(text_state(encoder), folder / "text_encoder" / "model.safetensors")
    letters = [*"abcdefgh", *(f"{c}</w>" for c in "abcdefgh"), "ab", "ab</w>", "<|startoftext|>", "<|endoftext|>"]
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(letters)}))
    (folder / "tokenizer" / "merges.txt").write_text("#version: 0.2\na b\na b</w>\n")
    settings = {"tokenizer_class": "CLIPTokenizer", "pad_token": "<|endoftext|>", "model_max_length": 77}
    (folder / "tokenizer" / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))


def original_unet(state: State, layers: int = 2) -> State:
    """A U-Net's state dict under the names of the original implementation."""
    fixed = {
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "conv_in": "input_blocks.0.0",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
    }
    attends = {k.split(".attentions")[0] for k in state if ".attentions." in k}
    result = {}
    for key, value in state.items():
        head, _, tail = key.rpartition(".")
        parts = key.split(".")
        if head in fixed:
            result[f"{fixed[head]}.{tail}"] = value
            continue
        if parts[0] == "mid_block":
            kind, n, rest = parts[1], int(parts[2]), ".".join(parts[3:])
            place = f"middle_block.{2 * n if kind == 'resnets' else 1}"
        else:
            side, level, kind, n = parts[0], int(parts[1]), parts[2], int(parts[3])
            rest = ".".join(parts[4:])
            down = side == "down_blocks"
            first = level * (layers + 1) + down
            side_name = "input_blocks" if down else "output_blocks"
            if kind == "downsamplers":
                place, rest = f"{side_name}.{first + layers}.0", rest.replace("conv.", "op.")
            elif kind == "upsamplers":
                place = f"{side_name}.{first + layers}.{2 if f'up_blocks.{level}' in attends else 1}"
            else:
                place = f"{side_name}.{first + n}.{0 if kind == 'resnets' else 1}"
        if kind == "resnets":
            name, _, tail = rest.partition(".")
            rest = f"{RESNET[name]}.{tail}"
        result[f"{place}.{rest}"] = value
    return result


def original_vae(state: State, levels: int = 4) -> State:
    """An autoencoder's state dict under the names of the original implementation; its attention is 1x1 convolutions."""
    result = {}
    for key, value in state.items():
        name = key.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        name = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", name)
        name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
        name = re.sub(r"up_blocks\.(\d)\.resnets", lambda m: f"up.{levels - 1 - int(m[1])}.block", name)
        name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", name)
        name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
        if "mid_block.attentions.0" in name:
            name = name.replace("mid_block.attentions.0", "mid.attn_1").replace("group_norm", "norm")
            name = name.replace("to_out.0", "proj_out").replace("to_", "")
            value = value[:, :, None, None] if value.ndim == 2 else value
        result[name] = value
    return result


def write_single_file(file: Path) -> None:
    """One file as Stable Diffusion's authors publish it, with the moving average and the schedule beside."""
    unet = original_unet(small_unet().state_dict())
    state = {f"model.diffusion_model.{k}": v for k, v in unet.items()}
    state |= {"model_ema." + k.replace(".", ""): torch.zeros_like(v) for k, v in unet.items()}
    state |= {f"first_stage_model.{k}": v for k, v in original_vae(small_vae().state_dict()).items()}
    state |= {f"cond_stage_model.transformer.{k}": v for k, v in text_state(small_text_encoder()).items()}
    state |= {"betas": torch.zeros(1000)}
    save_file({k: v.contiguous().clone() for k, v in state.items()}, file)


def symmflow_unet() -> Any:
    """As SymmFlow makes it of Stable Diffusion 2.1's: the first and the last layer are doubled; then it is trained."""
    unet = small_unet(8, second=True)
    with torch.no_grad():
        unet.conv_in.weight[:, 4:] += 0.01
    return unet


def write_symmflow(file: Path) -> None:
    torch.save({f"unet.{k}": v for k, v in symmflow_unet().state_dict().items()}, file)

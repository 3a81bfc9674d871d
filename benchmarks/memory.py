"""Bytes that Stable Diffusion's networks need, computed from their public configurations; nothing is downloaded.

    python -m benchmarks.memory

Weights are counted; activations are the largest input and output that any one layer has at once, as PyTorch keeps them
while it computes without gradients and with fused attention, so the real peak is somewhat higher. Networks run on the
meta device: no memory, no time.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from semflow_core.nets.published import SD15, VAE

BYTES = {"float32": 4, "bfloat16": 2}
SIZES = ((512, 512), (512, 1024))  # height, width
MB = 1e6
TRAINED = 16  # bytes per parameter: weight, gradient, two moments, float32; their average adds 4


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def largest(module: torch.nn.Module, run: Any) -> int:
    """Elements of the largest pair of a layer's input and output while `run` is called."""
    most = 0

    def note(layer: torch.nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        nonlocal most
        tensors = [x for x in (*inputs, output) if isinstance(x, torch.Tensor)]
        most = max(most, sum(x.numel() for x in tensors))

    hooks = [layer.register_forward_hook(note) for layer in module.modules() if not list(layer.children())]
    with torch.no_grad():
        run()
    for hook in hooks:
        hook.remove()
    return most


def table() -> list[str]:
    """Lines of a Markdown table."""
    kl: Any = AutoencoderKL
    with torch.device("meta"):
        unet: Any = UNet2DConditionModel.from_config(SD15)
        vae: Any = kl.from_config(VAE)
        heads = ["part", "weights, float32", "weights, bfloat16", *(f"at {h}×{w}" for h, w in SIZES)]
        lines = [f"| {' | '.join(heads)} |"]
        lines.append("|---" * (3 + len(SIZES)) + "|")
        rows: list[tuple[str, torch.nn.Module, list[int]]] = []
        prompt = torch.zeros(1, 77, SD15["cross_attention_dim"])
        latents = [torch.zeros(1, 4, h // 8, w // 8) for h, w in SIZES]
        states = [largest(unet, lambda z=z: unet(z, torch.zeros(1), encoder_hidden_states=prompt)) for z in latents]
        rows.append(("U-Net, one step", unet, states))
        rows.append(("decoder", vae.decoder, [largest(vae, lambda z=z: vae.decode(z)) for z in latents]))
        tile = largest(vae, lambda: vae.decode(torch.zeros(1, 4, 64, 64)))
        rows.append(("decoder in parts (tiles of 512×512)", vae.decoder, [tile] * len(SIZES)))
        pictures = [torch.zeros(1, 3, h, w) for h, w in SIZES]
        rows.append(("encoder", vae.encoder, [largest(vae, lambda x=x: vae.encode(x)) for x in pictures]))
    for name, module, elements in rows:
        n = parameters(module)
        sizes = [f"{n * size / MB:.0f} MB" for size in BYTES.values()]
        kind = BYTES["bfloat16" if name.startswith("U-Net") else "float32"]
        lines.append(f"| {name} | {' | '.join(sizes)} | {' | '.join(f'{e * kind / MB:.0f} MB' for e in elements)} |")
    return [*lines, "", f"Training the U-Net keeps {parameters(unet) * (TRAINED + 4) / 1e9:.1f} GB per process."]


if __name__ == "__main__":
    print("\n".join(table()))

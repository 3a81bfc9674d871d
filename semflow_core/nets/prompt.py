"""The embedding of the empty prompt: computed once by CLIP's text encoder, with transformers, then a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..errors import InputError
from .checkpoints import State, module_keys, read_config, read_folder_state, read_state, some

TOKENS = 77  # of CLIP
HEAD = 64  # channels per head of CLIP's text encoders
HOW_TO_GET = (
    "the embedding of the empty prompt needs the package transformers, once: pip install transformers, or name a file "
    "that has it with --prompt"
)


def read_prompt(file: Path) -> torch.Tensor:
    """An embedding (1, L, D) float32 from a file: one tensor, or the key 'prompt'.

    Raises:
        InputError: the file holds none.
    """
    state = read_state(file)
    prompt = state.get("prompt", next(iter(state.values())) if len(state) == 1 else None)
    if prompt is None or prompt.ndim != 3 or len(prompt) != 1:
        raise InputError(f"{file.name} holds no embedding of a prompt, which is one tensor (1, {TOKENS}, channels)")
    return prompt.float()


def prompt_of_folder(folder: Path) -> torch.Tensor:
    """The embedding by a pipeline folder's `text_encoder` and `tokenizer`, (1, 77, D) float32.

    Raises:
        InputError: a part is missing, or transformers is not installed.
    """
    transformers = load_transformers()
    config = read_config(folder / "text_encoder")
    encoder = transformers.CLIPTextModel(transformers.CLIPTextConfig.from_dict(config)).eval()
    fill(encoder, read_folder_state(folder / "text_encoder"), f"the text encoder in {folder}")
    tokens = empty_tokens(int(config["vocab_size"]))
    if (folder / "tokenizer").is_dir():
        try:
            tokenizer = transformers.CLIPTokenizer.from_pretrained(folder / "tokenizer")
            tokens = tokenizer("", padding="max_length", max_length=TOKENS, return_tensors="pt").input_ids
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"the tokenizer in {folder} cannot be loaded: {str(error).splitlines()[0]}") from None
    return embed(encoder, tokens)


def prompt_of_state(state: State, what: str) -> torch.Tensor:
    """The embedding by the text encoder in a Stable Diffusion 1.x file, its prefix taken off, (1, 77, D) float32.

    Raises:
        InputError: keys are missing, or transformers is not installed.
    """
    transformers = load_transformers()
    plain = without_root(state)
    table = plain.get("embeddings.token_embedding.weight")
    wide = plain.get("encoder.layers.0.mlp.fc1.weight")
    if table is None or wide is None:
        raise InputError(f"{what} has no text encoder of Stable Diffusion 1.x; name a file of its output with --prompt")
    config = transformers.CLIPTextConfig(
        vocab_size=table.shape[0],
        hidden_size=table.shape[1],
        intermediate_size=wide.shape[0],
        num_hidden_layers=len({k.split(".")[2] for k in plain if k.startswith("encoder.layers.")}),
        num_attention_heads=max(1, table.shape[1] // HEAD),
        bos_token_id=table.shape[0] - 2,
        eos_token_id=table.shape[0] - 1,
    )
    encoder = transformers.CLIPTextModel(config).eval()
    fill(encoder, state, what)
    return embed(encoder, empty_tokens(table.shape[0]))


def empty_tokens(vocabulary: int) -> torch.Tensor:
    """The empty prompt of Stable Diffusion 1.x: CLIP's start token, then its end token to the end, (1, 77)."""
    tokens = torch.full((1, TOKENS), vocabulary - 1)
    tokens[0, 0] = vocabulary - 2
    return tokens


@torch.no_grad()
def embed(encoder: Any, tokens: torch.Tensor) -> torch.Tensor:
    return encoder(tokens)[0].float()


def without_root(state: State) -> State:
    """A text encoder's state dict without the prefix that some versions give all keys, and without its positions."""
    plain = {k.removeprefix("text_model."): v for k, v in state.items()}
    return {k: v for k, v in plain.items() if not k.endswith("position_ids")}


def fill(encoder: Any, state: State, what: str) -> None:
    """Load a text encoder's weights, whichever version of transformers named them."""
    plain, own = without_root(state), module_keys(encoder)
    missing = [k for k in own if k.removeprefix("text_model.") not in plain]
    if missing:
        raise InputError(f"{what} is not whole: {some(missing)} of its {len(own)} keys are missing")
    encoder.load_state_dict({k: plain[k.removeprefix("text_model.")].float() for k in own}, strict=False)


def load_transformers() -> Any:
    """The package transformers.

    Raises:
        InputError: it is not installed.
    """
    try:
        import transformers
    except ImportError:
        raise InputError(HOW_TO_GET) from None
    return transformers

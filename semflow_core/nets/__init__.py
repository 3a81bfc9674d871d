"""Networks behind contracts. Only here are diffusers, a precision, a device or a memory format known."""

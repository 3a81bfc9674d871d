"""One engine, its uses (synthesis, reading, edits, paths), and the pipeline in front of them."""

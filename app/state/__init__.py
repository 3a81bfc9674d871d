"""What a visit consists of, without a user interface: nothing here imports gradio."""

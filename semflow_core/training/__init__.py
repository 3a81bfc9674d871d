"""Training: configurations, latents, losses, tasks, and the loop that runs them."""

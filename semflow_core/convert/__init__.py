"""Published weights as model folders."""

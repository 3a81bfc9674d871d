"""Where the app runs: the command line of app.py, and ZeroGPU Spaces."""

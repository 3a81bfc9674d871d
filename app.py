"""SemFlow Studio in the browser:  python app.py [--port 7860] [--models DIR]"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from app.studio import build, launch_options
from semflow_core.errors import InputError


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        description="SemFlow Studio: paint a layout, get a photo; drop a photo, get its layout."
    )
    p.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 lets others in (default: this machine only)",
    )
    p.add_argument("--port", type=int, default=7860, help="default: 7860")
    p.add_argument(
        "--models",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder of model folders, beside assets/models",
    )
    p.add_argument("--share", action="store_true", help="a public link through Gradio's relay")
    return p


# Hosts such as Spaces import this module and look for `demo`; their command line is not ours to read.
options = parser().parse_args(None if __name__ == "__main__" else [])
try:
    demo = build(options.models)
except InputError as error:
    if __name__ != "__main__":
        raise
    print(f"app.py: {error}", file=sys.stderr)
    sys.exit(2)

if __name__ == "__main__":
    demo.launch(server_name=options.host, server_port=options.port, share=options.share, **launch_options())

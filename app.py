"""SemFlow Studio in the browser:  python app.py [--port 7860] [--models DIR] [--help]"""

from __future__ import annotations

import sys

from app.deploy.launch import check, parser, read_users
from app.studio import build, launch_options
from semflow_core.errors import InputError

# Hosts that import this module look for `demo`; their command line is not ours to read.
options = parser().parse_args(None if __name__ == "__main__" else [])
try:
    check(options)
    users = read_users(options.auth) if options.auth else None
    if options.threads:
        from semflow_core.nets.threads import use_threads

        use_threads(options.threads)
    demo = build(options.models, options.device, options.queue_size)
except InputError as error:
    if __name__ != "__main__":
        raise
    print(f"app.py: {error}", file=sys.stderr)
    sys.exit(2)

if __name__ == "__main__":
    demo.launch(
        server_name=options.host,
        server_port=options.port,
        share=options.share,
        auth=users,
        mcp_server=options.mcp,
        ssr_mode=False,
        **launch_options(),
    )

"""SemFlow Studio in the browser:  python app.py [--port 7860] [--models DIR] [--help]"""

from __future__ import annotations

import gc
import sys

from app.deploy.launch import listen, parser, prepare
from semflow_core.environment import quick_imports
from semflow_core.errors import InputError

# Hosts that import this module look for `demo`; their command line is not ours to read.
options = parser().parse_args(None if __name__ == "__main__" else [])
try:
    prepare(options)
    place = listen(options) if __name__ == "__main__" else None
    with quick_imports():
        from app.studio import build, launch_options  # takes seconds, and reads variables that `prepare` sets

        if options.threads:
            from semflow_core.nets.threads import use_threads

            use_threads(options.threads)
        engine = None
        if options.ray:
            from app.engine.on_ray import RayEngine, Replicas

            least, most = options.ray
            engine = RayEngine(options.models, options.device, Replicas(least, most, options.ray_batch))
        demo = build(options.models, options.device, options.queue_size, engine)
        if place and engine is None:
            # what networks are made of: a page that is up earlier by these seconds would show its first photo no sooner
            import semflow_core.nets.contracts  # noqa: F401
        gc.freeze()  # what is here now lasts: no later collection needs to look through it
except InputError as error:
    if __name__ != "__main__":
        raise
    print(f"app.py: {error}", file=sys.stderr)
    sys.exit(2)

if place:
    try:
        demo.launch(
            server_name=place[0],
            server_port=place[1],
            root_path=options.root_path,
            share=options.share,
            auth=options.users,
            mcp_server=options.mcp,
            ssr_mode=False,
            **launch_options(),
        )
    except OSError:
        try:
            listen(options)  # somebody else may have taken the port while the models were loaded
        except InputError as error:
            print(f"app.py: {error}", file=sys.stderr)
            sys.exit(2)
        raise

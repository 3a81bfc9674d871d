"""The command line: `semflow COMMAND`, or `python -m semflow_core COMMAND`. One file per command.

Whatever is wrong with the input ends in status 2, one line on stderr and nothing written: requests and inputs
are checked, all of them, before the first result is computed. So does a stdout that cannot be written to, once the
results are; a pipe that nobody reads any more is quiet. A command's file has HELP, `options(parser)` and
`run(args)`; heavy modules are imported inside `run`, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from ..errors import InputError
from . import animate, convert, data, edit, evaluate, export, models, segment, study, synthesize, train
from .console import Stopped, steady_console

COMMANDS = {  # name -> its file, in the order of --help
    "models": models,
    "synthesize": synthesize,
    "segment": segment,
    "edit": edit,
    "animate": animate,
    "data": data,
    "evaluate": evaluate,
    "study": study,
    "train": train,
    "convert": convert,
    "export": export,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    # libraries' warnings about themselves: stderr is for what the user can mend
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    with steady_console() as out:
        status = _run(argv)
        out.flush()
        if status == 0 and out.failure is not None:  # files are whole; what was printed is not
            return say_error(f"what the command prints cannot be written: {out.failure.strerror or out.failure}")
    return status


def _run(argv: Sequence[str] | None) -> int:
    """Run one command -> the exit status, without a look at whether stdout took all that it printed."""
    try:
        args = build_parser().parse_args(argv)
        args.run(args)
    except InputError as error:
        return say_error(str(error))
    except OSError as error:  # a full or failing disk, a folder that nobody may enter
        if error.strerror is None:
            raise
        return say_error(f"{error.filename or 'a file'}: {error.strerror}")
    except (KeyboardInterrupt, Stopped):
        print("semflow: stopped", file=sys.stderr)
        return 130
    except SystemExit as end:  # --help ends by itself
        if end.code:
            raise
    return 0


def say_error(text: str) -> int:
    """Print what is wrong as one line -> the exit status."""
    print(f"semflow: error: {' '.join(text.splitlines())}", file=sys.stderr)
    return 2


class Parser(argparse.ArgumentParser):
    """Reports wrong usage as every other wrong input is reported."""

    def error(self, message: str) -> NoReturn:
        raise InputError(message)  # argparse would print its usage over several lines


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; options that are not given are None and leave the request's default."""
    parser = Parser(prog="semflow", description="Photos from layouts, layouts from photos.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        sub = commands.add_parser(name, help=module.HELP, description=module.HELP, allow_abbrev=False)
        module.options(sub)
        sub.set_defaults(run=module.run)
    return parser

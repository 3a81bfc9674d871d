"""What a visitor is answered when something cannot be done: one sentence, and the status that fits."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gradio.exceptions import InvalidPathError

from semflow_core.errors import InputError, WriteError

from ..state.sentences import sentence
from .logs import cut

UNKNOWN = "The studio met an error of its own and could not do this. Try again; if it stays, tell who runs it."
MISUNDERSTOOD = "The page and the server do not understand each other; reload the page."
FULL = "The server's disk is full, so nothing could be saved. Try again later, or tell who runs it."
UNWRITABLE = "The server cannot write to its temporary folder, so this could not be done. Tell who runs it."
NO_MEMORY = "The server has too little memory for this. Try again later, or with a smaller picture."
NO_UPLOAD = "A file was named that was not uploaded here; send it to /gradio_api/upload and name what that answers."
OWN_WORDS = (  # of the libraries, for which there are better ones
    "Not authenticated",
    "Not Found",
    "Method Not Allowed",
    "Internal Server Error",
    "There was an error parsing the body",
    "Invalid content type.",
)
STATUS = {
    400: "The request is not one that this server takes; /gradio_api/info describes the endpoints.",
    401: "This studio asks for a name and a password: log in on its page, or give gradio_client auth=(name, password).",
    404: "There is nothing at this address; the page is at /, and /gradio_api/info describes the endpoints.",
    405: "This address does not take that method; /gradio_api/info describes the endpoints.",
    413: "What was sent is too large.",
    416: "The file has fewer bytes than the range asks for.",
    422: "The request's JSON lacks what the address needs, or has it in another form; see /gradio_api/info.",
    500: UNKNOWN,
}


@dataclass(frozen=True)
class Refusal:
    """A sentence, the HTTP status that fits, and after how many seconds another try makes sense."""

    sentence: str
    status: int
    retry: int | None = None

    @property
    def json(self) -> dict[str, str]:
        """The answer's body. Gradio's clients read `detail` or `error`."""
        return {"error": self.sentence, "detail": self.sentence}


def of_error(error: BaseException) -> Refusal | None:
    """The refusal for an error that says by its type what is wrong; None for every other."""
    if isinstance(error, WriteError):  # its sentence names a path of the server's
        return of_error(error.reason) or Refusal(UNWRITABLE, 507, 60)
    if isinstance(error, InputError):
        return Refusal(sentence(error), 422)
    if isinstance(error, InvalidPathError):
        return Refusal(NO_UPLOAD, 422)
    if isinstance(error, MemoryError):
        return Refusal(NO_MEMORY, 503, 30)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Refusal(FULL, 507, 60)
    if isinstance(error, OSError) and (error.errno == errno.EROFS or _is_of_temporary_folder(error)):
        return Refusal(UNWRITABLE, 507, 60)
    return None


def _is_of_temporary_folder(error: OSError) -> bool:
    """Whether the temporary folder is not there any more, or belongs to somebody else now."""
    folder = Path(tempfile.gettempdir())
    path = error.filename if isinstance(error.filename, str) else ""
    return path.startswith(str(folder)) and (error.errno in (errno.EACCES, errno.EPERM) or not folder.is_dir())


def of_status(status: int, detail: object = None) -> Refusal:
    """The refusal for an HTTP status; `detail` is what the library says, and stays where it is a sentence."""
    text = detail if isinstance(detail, str) else ""
    if " " not in text or text in OWN_WORDS:
        text = STATUS.get(status, STATUS[400] if status < 500 else UNKNOWN)
    return Refusal(cut(text.rstrip(".")) + ".", status)


def of_values(name: str, labels: Sequence[str], values: Sequence[object]) -> Refusal:
    """The refusal of values that do not fit an endpoint's or event's components.

    Args:
        name: the endpoint's, "" for an event of the page.
        labels: what the components are called.
        values: what was sent.
    """
    if not name:
        return Refusal(MISUNDERSTOOD, 422)
    takes = f"/{name} takes {', '.join(labels)}"
    if len(values) != len(labels):
        return Refusal(f"{takes}, in this order: {len(labels)} values, not {len(values)}.", 422)
    return Refusal(
        f"What was sent does not fit: {takes}; a file is given as gradio_client.handle_file gives it, "
        "and /gradio_api/info describes every parameter.",
        422,
    )

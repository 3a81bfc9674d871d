"""Links to a project: the whole request in the address, after the #, so that no server gets it."""

from __future__ import annotations

import base64
import zlib

from semflow_core.errors import InputError
from semflow_core.requests import SynthesisRequest

MAX_LINK = 60_000  # characters; browsers take more, what carries links between people often less
MAX_JSON = 1_000_000  # bytes that a link may unfold to
MARK = "p="


def pack_link(request: SynthesisRequest) -> str:
    """A request as the part of an address after the #.

    Raises:
        InputError: it would be too long.
    """
    packed = zlib.compress(request.to_json().encode(), 9)
    link = MARK + base64.urlsafe_b64encode(packed).decode().rstrip("=")
    if len(link) > MAX_LINK:
        raise InputError(
            f"a link to this project would be {len(link) // 1000},000 characters long, and {MAX_LINK // 1000},000 are "
            "the most; save the project as a file instead"
        )
    return link


def unpack_link(link: str) -> SynthesisRequest:
    """The inverse of `pack_link`; a leading # may be there.

    Raises:
        InputError: the link is too long, damaged, or holds no project.
    """
    if len(link) > MAX_LINK:
        raise InputError(
            f"the link is {len(link):,} characters long, and {MAX_LINK:,} are the most; open the project as a file"
        )
    damaged = InputError("the link is damaged or cut off; ask for it again, or for the project's file")
    data = link.lstrip("#").removeprefix(MARK)
    try:
        inflate = zlib.decompressobj()
        packed = base64.b64decode(data + "=" * (-len(data) % 4), altchars=b"-_", validate=True)
        text = inflate.decompress(packed, MAX_JSON).decode()
    except (ValueError, zlib.error):  # binascii's and unicode's errors are ValueErrors
        raise damaged from None
    if not inflate.eof:
        raise damaged
    request = SynthesisRequest.from_json(text)
    if type(request) is not SynthesisRequest:
        raise InputError(
            f"the link holds a request of the kind {type(request).__name__}, not a SynthesisRequest; open the file"
        )
    return request

"""Text files as other systems write them: with a byte order mark, in UTF-16, with any line ends."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from .errors import InputError

# longer marks first: that of UTF-32 begins as that of UTF-16 does
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(file: str | os.PathLike[str]) -> str:
    """The whole text of a file, with line ends as \\n.

    Raises:
        InputError: the bytes are no text in UTF-8, UTF-16 or UTF-32; the message names the first line that is not.
        OSError: the file cannot be read.
    """
    return decode(Path(file).read_bytes(), Path(file).name)


def decode(data: bytes, name: str) -> str:
    """The text of a file's bytes; see `read_text`.

    Args:
        name: of the file, for the message.
    """
    encoding = next((encoding for mark, encoding in MARKS if data.startswith(mark)), None)
    if encoding:
        data = data[len(next(mark for mark, e in MARKS if e == encoding)) :]
    else:  # UTF-16 without a mark: every other byte of a text in a Latin script is zero
        encoding = {(True, False): "utf-16-be", (False, True): "utf-16-le"}.get((data[:1] == b"\0", data[1:2] == b"\0"))
        encoding = encoding or "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count("\n".encode(encoding)) + 1
        raise InputError(f"line {line} of {name} is no text in UTF-8 or UTF-16; save the file as UTF-8") from None
    if "\0" in text:
        raise InputError(f"{name} is no text: it has null characters")
    return text.replace("\r\n", "\n").replace("\r", "\n")

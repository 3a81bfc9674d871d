"""Failures of the machine as answers in words: the routes of Gradio would say 500 and nothing."""

from __future__ import annotations

import errno
from typing import Any

from fastapi import Request
from fastapi.responses import PlainTextResponse

FULL = (errno.ENOSPC, errno.EDQUOT)


def answer_failure(request: Request, error: Exception) -> PlainTextResponse:
    """What a visitor gets where the server could not read or write a file."""
    if getattr(error, "errno", None) in FULL:
        text, status = "The disk of the server is full: whoever runs it must free some space, then it goes on.", 507
    else:
        text, status = "The server cannot read or write one of its files: whoever runs it must look after it.", 500
    return PlainTextResponse(text, status_code=status)


APP_KWARGS: dict[str, Any] = {"exception_handlers": {OSError: answer_failure}}

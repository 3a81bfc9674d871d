"""Bounds of what one visitor, and all of them together, may take from a served studio."""

from __future__ import annotations

MIB = 2**20

# ---- what is sent
MAX_JSON = 16 * MIB  # bytes of a body that is no upload; two opened photos in a project file are 12 MiB at most
MAX_FILE = 40 * MIB  # bytes of one uploaded file
MAX_UPLOAD = 80 * MIB  # bytes of one upload, whose files may be many
MAX_LOGIN = 64 * 1024
MAX_WRONG_LOGINS, LOGIN_SECONDS = 10, 60  # wrong passwords of one address within so many seconds
BODY_SECONDS = 60  # a body is here by then, or at this rate: its length / BODY_RATE seconds more
BODY_RATE = 64 * 1024  # bytes per second

# ---- what is computed
MAX_CALLS = 4000  # network calls of one request: 16 pictures of 50 steps of rk4 are 3200
LARGE_PHOTO = 8_000_000  # pixels; one photo above this is handled at a time

# ---- how many wait
MAX_WAITING = 100  # requests of all visitors
MAX_WAITING_PER_VISITOR = 20
MAX_WAITING_PER_ADDRESS = 0.75  # share of the first
DEAF_SECONDS = 30  # a request that nobody has listened to for this long is dropped

# ---- what is kept
MAX_SESSIONS = 1000  # visits whose state is kept; the one that was used longest ago is dropped first
FILE_SECONDS = 3600  # how long a temporary file is kept
MAX_TEMPORARY = 2048 * MIB  # bytes of all temporary files
YOUNG_SECONDS = 120  # a temporary file younger than this is not deleted for its size
SWEEP_SECONDS = 60

SHOWN = 200  # characters of what a visitor sent that a log or an answer repeats

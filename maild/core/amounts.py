"""Amounts as admins write them: "90 s", "3 d", "25 MB".

The configuration and the rules read them alike. It refuses to know what they are amounts of.
"""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,9})\s*([smhd])")
_LONGEST = timedelta(days=3660)
_SIZE = re.compile(r"(\d{1,9})\s*(B|kB|KB|MB|GB)")
_SIZES = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3}


def duration(value: object) -> timedelta:
    """ "90 s", "30 m", "4 h", "3 d"; more than nothing, at most ten years."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError('must be a time like "90 s", "30 m", "4 h" or "3 d"')
    length = int(found[1]) * _UNITS[found[2]]
    if not 0 < length <= _LONGEST.total_seconds():
        raise ValueError("must be more than nothing and at most ten years")
    return timedelta(seconds=length)


def size(value: object) -> int:
    """ "25 MB", "200 kB": bytes, in steps of 1000."""
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or not int(found[1]):
        raise ValueError('must be a size like "25 MB" or "200 kB"')
    return int(found[1]) * _SIZES[found[2]]

"""The pages of a running desk: /healthz says whether all is well, /metrics gives the numbers.

It refuses to know HTTP (`edges.web`) and to judge (`checks`). `app` hands it the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from maild.config.values import Endpoint
from maild.edges.web import Page, WebDoor
from maild.health import checks, metrics


def web_door(
    place: Endpoint | None, parts: Callable[[], checks.Parts], clock: Callable[[], datetime]
) -> WebDoor | None:
    """What shows the pages, where the configuration wants any."""
    return None if place is None else WebDoor(place.host, place.port, pages(parts, clock))


def pages(parts: Callable[[], checks.Parts], clock: Callable[[], datetime]) -> Mapping[str, Callable[[], Page]]:
    """By their paths."""

    def healthz() -> Page:
        found = checks.checks(parts(), clock())
        return Page(200 if all(one.ok for one in found) else 503, "application/json", checks.page(found))

    def numbers() -> Page:
        return Page(200, metrics.KIND, metrics.text(metrics.collect(parts(), clock())))

    return {"/healthz": healthz, "/metrics": numbers}

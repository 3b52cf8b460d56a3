"""Bytes to a Message, and what else can be said of a letter without knowing any ticket.

`read` gives everything at once; `content` the bytes of one of its files; `fingerprint`
what makes two deliveries one letter; `original` who wrote a letter that was passed on; `shown`
what a thread shows of it; `safe_html` HTML fit to be shown; `corpus_answer` the reading in plain
values. All are pure and total: hostile bytes are their daily bread.
"""

from maild.core.mail.fingerprint import fingerprint
from maild.core.mail.forwarding import of_letter as original
from maild.core.mail.html import safe_html
from maild.core.mail.quoting import shown
from maild.core.mail.reading import content, read
from maild.core.mail.report import corpus_answer

__all__ = ["content", "corpus_answer", "fingerprint", "original", "read", "safe_html", "shown"]

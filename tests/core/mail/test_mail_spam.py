"""What spam filters wrote: the verdict and the score, the worst of several, and nothing out of noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.mail import read
from maild.core.mail.spam import Spam, spam

ONE = [
    # SpamAssassin
    ({"x-spam-flag": "YES"}, ("yes", None)),
    ({"x-spam-flag": "NO"}, ("no", None)),
    ({"x-spam-status": "Yes, score=22.455 tagged_above=-900 required=5\n tests=[BAYES_99=3.5]"}, ("yes", 22.455)),
    ({"x-spam-status": "No, hits=-1.9 required=5.0"}, ("no", -1.9)),
    ({"x-spam-status": "No"}, ("no", None)),
    ({"x-spam-score": "7.3"}, ("", 7.3)),
    ({"x-spam-score": "5.2 (+++++)"}, ("", 5.2)),
    ({"x-spam-score": "ham, score=3.30"}, ("", 3.3)),
    ({"x-spam-level": "*****"}, ("", 5.0)),
    ({"x-spam-level": ""}, ("", None)),
    # rspamd
    ({"x-spamd-result": "default: True [15.20 / 8.00];\n\tARC_NA(0.00)[]"}, ("yes", 15.2)),
    ({"x-spamd-result": "default: False [-0.40 / 15.00]; R_SPF_ALLOW(-0.20)[+ip4]"}, ("no", -0.4)),
    ({"x-rspamd-score": "9.99"}, ("", 9.99)),
    ({"x-rspamd-action": "add header"}, ("yes", None)),
    ({"x-rspamd-action": "no action"}, ("no", None)),
    ({"x-rspamd-action": "greylist"}, ("no", None)),
    # others
    ({"x-ses-spam-verdict": "FAIL"}, ("yes", None)),
    ({"x-ses-spam-verdict": "GRAY"}, ("", None)),
    ({"x-ms-exchange-organization-scl": "9"}, ("yes", 9.0)),
    ({"x-ms-exchange-organization-scl": "-1"}, ("no", -1.0)),
    ({"x-forefront-antispam-report": "CIP:1.2.3.4;CTRY:US;SCL:5;SRV:;SFV:SPM"}, ("yes", 5.0)),
    ({"x-forefront-antispam-report": "SFV:NSPM;SFS:(7070007);SCL:1;"}, ("no", 1.0)),
    # nobody has looked
    ({}, ("", None)),
    ({"subject": "X-Spam-Flag: YES", "x-spam": "undefined"}, ("", None)),
    ({"x-spam-status": "perhaps", "x-spam-score": "many", "x-spam-level": "see below"}, ("", None)),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "said"), ONE)
def test_one_filter(fields: dict[str, str], said: tuple[str, float | None]) -> None:
    assert spam({name: (value,) for name, value in fields.items()}) == Spam(*said)


def test_the_worst_of_several_counts_so_that_a_forged_no_helps_nobody() -> None:
    fields = {
        "x-spam-flag": ("NO", "YES"),
        "x-spam-score": ("-100", "6.1"),
        "x-spamd-result": ("a: False [1.0 / 8.0]",),
    }
    assert spam(fields) == Spam("yes", 6.1)


def test_a_score_has_bounds() -> None:
    assert spam({"x-spam-score": ("999999",)}).score == 1000
    assert spam({"x-spam-score": ("1e300",), "x-rspamd-score": ("nan",), "x-spam-level": ("*" * 5000,)}).score is None


def test_in_a_letter() -> None:
    raw = b"From: a@b.example\r\nX-Spam-Flag: YES\r\nX-Spam-Score: 12.5\r\n\r\nBuy.\r\n"
    assert (read(raw).spam, read(raw).spam_score) == ("yes", 12.5)


NAMES = [next(iter(fields)) for fields, _ in ONE if fields]


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(max_size=300)).map(tuple)))
def test_any_values_give_an_answer(fields: dict[str, tuple[str, ...]]) -> None:
    verdict, score = spam(fields)
    assert verdict in ("yes", "no", "")
    assert score is None or -1000 <= score <= 1000

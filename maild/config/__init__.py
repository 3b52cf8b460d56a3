"""What an admin wrote: TOML to a frozen Config, and Config plus rules to a frozen Policy.

Nothing is read at import, nothing is kept between calls. `app` and the command line
call; each part of the program is handed its section and nothing else.
"""

from maild.config.checking import check
from maild.config.keyring import drop as drop_key
from maild.config.keyring import made as key_dates
from maild.config.keyring import rotate as rotate_keys
from maild.config.loading import Config, load
from maild.config.problems import ConfigErrors, Problem
from maild.config.resolving import policy, rule_places
from maild.config.rule_tests import must_pass, run_tests
from maild.config.secrets import dkim_signer, mailbox_password, new_secret_file, one_line, outbound_password
from maild.config.values import Endpoint

__all__ = [
    "Config",
    "ConfigErrors",
    "Endpoint",
    "Problem",
    "check",
    "dkim_signer",
    "drop_key",
    "key_dates",
    "load",
    "mailbox_password",
    "must_pass",
    "new_secret_file",
    "one_line",
    "outbound_password",
    "policy",
    "rotate_keys",
    "rule_places",
    "run_tests",
]

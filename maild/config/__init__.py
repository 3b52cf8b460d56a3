"""What an admin wrote: TOML to a frozen Config, and Config plus rules to a frozen Policy.

Nothing is read at import, nothing is kept between calls. `app` and the command line
call; each part of the program is handed its section and nothing else.
"""

from maild.config.checking import check
from maild.config.loading import Config, load
from maild.config.problems import ConfigErrors, Problem
from maild.config.resolving import policy
from maild.config.secrets import new_secret_file, outbound_password
from maild.config.values import Endpoint

__all__ = [
    "Config",
    "ConfigErrors",
    "Endpoint",
    "Problem",
    "check",
    "load",
    "new_secret_file",
    "outbound_password",
    "policy",
]

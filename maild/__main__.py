"""`python -m maild` is the same program as `maild`."""

import sys

from maild.cli import main

if __name__ == "__main__":
    sys.exit(main())

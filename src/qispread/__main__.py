"""`python -m qispread`: the command, where scripts are not on the path."""

import sys

from qispread.cli import program

if __name__ == "__main__":
    sys.exit(program())

"""`python -m qispread`: the command, where scripts are not on the path."""

import sys

STOPPED = 130


def program() -> int:
    """Run the command line and return its exit code; a stop while it is still being loaded is told as any other."""
    try:
        from qispread.interfaces.cli.main import run_program as run
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; nothing was written.\n")
        return STOPPED
    try:
        return run()
    except KeyboardInterrupt:  # between the commands' own handling and the end
        sys.stderr.write("Stopped.\n")
        return STOPPED


if __name__ == "__main__":
    sys.exit(program())

"""`python -m qispread`: the command line."""

import sys

EXIT_INTERRUPTED = 130


def program() -> int:
    """Run the command line and return its exit code; Ctrl-C while it is still being imported ends it cleanly."""
    try:
        from qispread.interfaces.cli.main import run_program as run
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; nothing was written.\n")
        return EXIT_INTERRUPTED
    try:
        return run()
    except KeyboardInterrupt:  # after the command's own handling
        sys.stderr.write("Stopped.\n")
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(program())

"""How tests run: hypothesis without deadlines, since the first example may compile; Ctrl-C as in a terminal."""

import os
import signal

from hypothesis import settings

settings.register_profile("qispread", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("qispread")

# What is started in the background ignores Ctrl-C, and so would the commands that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

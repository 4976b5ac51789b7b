"""How hypothesis runs: without deadlines, since the first example may compile, and the same way each time in CI."""

import os

from hypothesis import settings

settings.register_profile("qispread", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("qispread")

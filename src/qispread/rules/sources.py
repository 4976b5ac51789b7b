"""Which sources can change a result, and their fingerprint; read without loading the compiler."""

import hashlib
import os
from pathlib import Path

COMPILED = ("rules/*.py", "world/*.py", "engines/*.py", "config/*.py", "measures.py")
"""Sources whose code or constants can end up in compiled code."""
PACKAGE = Path(__file__).resolve().parent.parent


def source_fingerprint() -> str:
    """Return a short hash of every source file whose code may be compiled, and of the choice of draws."""
    digest = hashlib.blake2b(os.environ.get("QISPREAD_DRAWS", "").encode(), digest_size=8)
    for path in sorted(file for pattern in COMPILED for file in PACKAGE.glob(pattern)):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()

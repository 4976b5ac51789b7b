"""What the tests of code and libraries share: processes that seem to have others, and manifests of version 0.1."""

import json

from qispread.runs import identity


def other_model(monkeypatch, fingerprint="0123456789abcdef"):
    """Let this process have other code from now on."""
    monkeypatch.setattr(identity, "model_in_use", lambda: fingerprint)


def other_libraries(monkeypatch, **versions):
    """Let this process have other libraries from now on."""
    now = {**identity.libraries(), **versions}
    monkeypatch.setattr(identity, "libraries", lambda: now)


def made_by_version_0_1(folder):
    """Put the manifest of a sweep or run into the form in which version 0.1 wrote it."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    held = manifest["identity"]
    manifest["sources"] = "5f5f5f5f5f5f5f5f"
    manifest["identity"] = {
        name: held[name] for name in ("qispread", "draws", "experiment", "scenario") if name in held
    }
    if "experiment" in held:
        manifest["identity"]["sources"] = manifest["sources"]
    for name in ("model", "environments", "order_sha256"):
        manifest.pop(name, None)
    path.write_text(json.dumps(manifest))

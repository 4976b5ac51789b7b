"""A scenario as a file would give it: only what differs from the defaults, as plain data and as YAML."""

import re
from typing import Any

import yaml

from qispread.config.parameter import Section
from qispread.config.scenario import HOW_READ, Scenario, plain
from qispread.config.validate import tag_of
from qispread.config.yaml_reader import WORDS

LEFT_OUT = {"inputs", "notes", *HOW_READ["organisations"]}
"""What reading files fills in, and how a table was read whose rows are written."""
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*( [A-Za-z0-9_-]+)*")
ALWAYS = ("name", "horizon", "seed", "replicates")
WIDTH = 110


def short_data(section: Section) -> dict[str, Any]:
    """Return the fields of a section that differ from their defaults, and what tells its kind.

    Parameters
    ----------
    section : Section
        A scenario, or a part of one.
    """
    found: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        telling = name in ("kind", "lever") and tag_of(type(section)) is not None
        if name not in LEFT_OUT and (telling or value != field.default):
            found[name] = shortened(value)
    return found


def shortened(value: Any) -> Any:
    """Return a value with all sections in it as short data."""
    if isinstance(value, Section):
        return short_data(value)
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    return [shortened(item) for item in value] if isinstance(value, list | tuple) else plain(value)


class Writer(yaml.SafeDumper):
    """Writes text so that the reader takes it for text: quoted wherever it could be anything else."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as the library has it
        """Write everything out."""
        return True


def written_text(writer: Writer, text: str) -> yaml.ScalarNode:
    """Return the node of a text."""
    bare = PLAIN.fullmatch(text) is not None and text not in WORDS
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=None if bare else '"')


Writer.add_representer(str, written_text)


def scenario_yaml(scenario: Scenario, remark: str = "") -> str:
    """Return a scenario as YAML that `qispread run` reads: the same fingerprint, without the defaults.

    Parameters
    ----------
    scenario : Scenario
    remark : str
        What the first line says, as a comment.
    """
    # Named whether they are the defaults or not: policies alone would be taken for a policy file.
    always = {name: getattr(scenario, name) for name in ALWAYS}
    data = {**always, **short_data(scenario)}
    body: str = yaml.dump(data, Dumper=Writer, sort_keys=False, allow_unicode=True, width=WIDTH)
    first = " ".join(remark.split())
    return f"# {first}\n{body}" if first else body

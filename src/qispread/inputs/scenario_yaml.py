"""A scenario as a file would give it: only what differs from the defaults, as plain data and as YAML."""

import re
from typing import Any

import yaml

from qispread.inputs.parameter import ConfigSection
from qispread.inputs.scenario import TABLE_OPTIONS, Scenario, to_plain_data
from qispread.inputs.validate import discriminator
from qispread.inputs.yaml_reader import LITERAL_WORDS

OMITTED_FIELDS = {"inputs", "notes", *TABLE_OPTIONS["organisations"]}
"""What reading files fills in, and how a table was read whose rows are written."""
PLAIN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9_-]*( [A-Za-z0-9_-]+)*")
REQUIRED_FIELDS = ("name", "horizon", "seed", "replicates")
LINE_WIDTH = 110


def non_default_data(section: ConfigSection) -> dict[str, Any]:
    """Return the fields of a section that differ from their defaults, and what tells its kind.

    Parameters
    ----------
    section : ConfigSection
        A scenario, or a part of one.
    """
    found: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        telling = name in ("kind", "lever") and discriminator(type(section)) is not None
        if name not in OMITTED_FIELDS and (telling or value != field.default):
            found[name] = to_short_data(value)
    return found


def to_short_data(value: Any) -> Any:
    """Return a value with all sections in it as short data."""
    if isinstance(value, ConfigSection):
        return non_default_data(value)
    if isinstance(value, dict):
        return {key: to_short_data(item) for key, item in value.items()}
    return [to_short_data(item) for item in value] if isinstance(value, list | tuple) else to_plain_data(value)


class ScenarioDumper(yaml.SafeDumper):
    """Writes text so that the reader takes it for text: quoted wherever it could be anything else."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as the library has it
        """Write everything out."""
        return True


def represent_text(writer: ScenarioDumper, text: str) -> yaml.ScalarNode:
    """Return the node of a text."""
    bare = PLAIN_TEXT.fullmatch(text) is not None and text not in LITERAL_WORDS
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=None if bare else '"')


ScenarioDumper.add_representer(str, represent_text)


def render_scenario_yaml(scenario: Scenario, remark: str = "") -> str:
    """Return a scenario as YAML that `qispread run` reads: the same fingerprint, without the defaults.

    Parameters
    ----------
    scenario : Scenario
    remark : str
        What the first line says, as a comment.
    """
    # Named whether they are the defaults or not: policies alone would be taken for a policy file.
    always = {name: getattr(scenario, name) for name in REQUIRED_FIELDS}
    data = {**always, **non_default_data(scenario)}
    body: str = yaml.dump(data, Dumper=ScenarioDumper, sort_keys=False, allow_unicode=True, width=LINE_WIDTH)
    first = " ".join(remark.split())
    return f"# {first}\n{body}" if first else body

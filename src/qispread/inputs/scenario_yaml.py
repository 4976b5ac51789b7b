"""Scenarios as plain data and YAML, without values that equal the defaults."""

import re
from typing import Any

import yaml

from qispread.inputs.field_errors import discriminator
from qispread.inputs.parameter import ConfigSection
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import TABLE_OPTIONS, to_plain_data
from qispread.inputs.yaml_reader import LITERAL_WORDS

OMITTED_FIELDS = {"inputs", "notes", *TABLE_OPTIONS["organisations"]}
"""Fields that are filled in when files are read; the rows of tables are written in their place."""
PLAIN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9_-]*( [A-Za-z0-9_-]+)*")
REQUIRED_FIELDS = ("name", "horizon", "seed", "replicates")
LINE_WIDTH = 110


def non_default_data(section: ConfigSection) -> dict[str, Any]:
    """Return the fields of a section that differ from their defaults, and its `kind` or `lever`.

    Parameters
    ----------
    section : ConfigSection
        A scenario, or a part of one.
    """
    data: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        is_discriminator = name in ("kind", "lever") and discriminator(type(section)) is not None
        if name not in OMITTED_FIELDS and (is_discriminator or value != field.default):
            data[name] = to_short_data(value)
    return data


def to_short_data(value: Any) -> Any:
    """Return a value with all sections in it as data without defaults."""
    if isinstance(value, ConfigSection):
        return non_default_data(value)
    if isinstance(value, dict):
        return {key: to_short_data(item) for key, item in value.items()}
    return [to_short_data(item) for item in value] if isinstance(value, list | tuple) else to_plain_data(value)


class ScenarioDumper(yaml.SafeDumper):
    """A YAML dumper that quotes text wherever it could be read as anything else."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as the library has it
        """Write values in full, without aliases."""
        return True


def represent_text(writer: ScenarioDumper, text: str) -> yaml.ScalarNode:
    """Return the YAML node of a text."""
    is_plain = PLAIN_TEXT.fullmatch(text) is not None and text not in LITERAL_WORDS
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_plain else '"')


ScenarioDumper.add_representer(str, represent_text)


def render_scenario_yaml(scenario: Scenario, remark: str = "") -> str:
    """Return a scenario as YAML that `qispread run` reads: the same fingerprint, without the defaults.

    Parameters
    ----------
    scenario : Scenario
    remark : str
        A comment in the first line.
    """
    # Written even if they equal the defaults: a file with only policies would be read as a policy file.
    always = {name: getattr(scenario, name) for name in REQUIRED_FIELDS}
    data = {**always, **non_default_data(scenario)}
    body: str = yaml.dump(data, Dumper=ScenarioDumper, sort_keys=False, allow_unicode=True, width=LINE_WIDTH)
    comment = " ".join(remark.split())
    return f"# {comment}\n{body}" if comment else body

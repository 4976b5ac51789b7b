"""What a scenario may hold: the declarations of all settings, as immutable data."""

import hashlib
import json
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, BeforeValidator, model_serializer
from pydantic_core import PydanticCustomError

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.extensions.plugins import find_plugin
from qispread.inputs.field_errors import PLAIN_PROBLEM
from qispread.inputs.interventions import Intervention
from qispread.inputs.mechanisms import (
    CapacityParameters,
    CopyingParameters,
    DecisionParameters,
    HearingParameters,
    ImprovementParameters,
    LeaderParameters,
    LocalImprovementParameters,
    OutcomeParameters,
    ReviewParameters,
)
from qispread.inputs.network_kinds import AnyNetwork, PartnershipsNetwork
from qispread.inputs.organisations import Organisations
from qispread.inputs.own_sections import OWN_NETWORKS
from qispread.inputs.parameter import ConfigSection, Names, RenamedSection, choice
from qispread.inputs.policies import AnyPolicy
from qispread.inputs.rule_choices import SECTION, DataOf, RuleChoices

MECHANISMS = (
    "leaders",
    "capacity",
    "hearing",
    "deciding",
    "copying",
    "improving",
    "reviewing",
    "local_improvement",
    "outcome",
)
"""Sections with the parameters of the rules, in the order of a month."""

EXTENDING_SECTIONS = (SECTION, "plugins")
"""Sections that are written only where a scenario has something in them."""

TABLE_OPTIONS: Any = {"organisations": {"file", "columns", "closed", "without_ties"}}
"""Fields that determine how a table is read; the scenario holds the rows."""


def validate_folder_name(name: str) -> str:
    """Return a name, or raise ValueError if it is not valid as a folder name."""
    if not name.strip() or name.startswith(".") or set(name) & set('/\\\0<>:"|?*'):
        raise ValueError("needed: a name that a folder can have, without / \\ < > : \" | ? * and not starting with '.'")
    return name


class InputFile(ConfigSection):
    """A file that was read, and the SHA-256 of its bytes."""

    path: str = choice(..., "Path as the user gave it.")
    sha256: str = choice(..., "SHA-256 of its bytes.")


class PluginReference(ConfigSection):
    """A plug-in that a scenario uses: it is named here, and loaded only if its user names it."""

    name: str = choice(..., "Name of the file without folders, or of an installed plug-in.", role="run")
    sha256: str = choice("", "SHA-256 of its text.", role="run")


def read_references(value: Any) -> Any:
    """Return names of plug-ins as references."""
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple):
        return value
    return tuple({"name": name} if isinstance(name, str) else name for name in names)


def resolve_references(references: tuple[PluginReference, ...]) -> tuple[PluginReference, ...]:
    """Return references with the hashes of the loaded plug-ins.

    Raises
    ------
    PydanticCustomError
        For plug-ins that are not loaded, and those named twice.
    """
    problems: list[str] = []
    resolved: dict[str, str] = {}
    for reference in references:
        try:
            plugin = find_plugin(reference.name, reference.sha256 or None)
        except ValueError as error:
            problems.append(str(error))
            continue
        if resolved.setdefault(plugin.name, plugin.sha256) != plugin.sha256:
            problems.append(f"{plugin.name} is named twice, with two hashes")
    if problems:
        raise PydanticCustomError(PLAIN_PROBLEM, "{problem}", {"problem": "; ".join(problems)})
    return tuple(PluginReference(name=name, sha256=sha256) for name, sha256 in resolved.items())


class ScenarioFields(RenamedSection):
    """The fields of a scenario; `Scenario` adds how one is changed."""

    name: Annotated[str, AfterValidator(validate_folder_name)] = choice(
        "scenario", "Short name, used for folders and tables.", role="run"
    )
    description: str = choice("", "Description for readers.", role="run")
    horizon: int = choice(120, "Months to simulate.", unit="months", role="run", low=1, high=12_000)
    seed: int = choice(1, "Seed of all random numbers.", role="run", low=0, below=2**63)
    replicates: int = choice(200, "Runs to simulate.", unit="runs", role="run", low=1, high=10_000_000)
    organisations: Organisations = Organisations()
    network: AnyNetwork = PartnershipsNetwork()
    interventions: dict[str, Intervention] = choice(
        {"intervention": Intervention()}, "Interventions that spread, by name."
    )
    policies: dict[str, AnyPolicy] = choice({}, "Policies, by name.", role="lever")
    leaders: LeaderParameters = LeaderParameters()
    capacity: CapacityParameters = CapacityParameters()
    hearing: HearingParameters = HearingParameters()
    deciding: DecisionParameters = DecisionParameters()
    copying: CopyingParameters = CopyingParameters()
    improving: ImprovementParameters = ImprovementParameters()
    reviewing: ReviewParameters = ReviewParameters()
    local_improvement: LocalImprovementParameters = LocalImprovementParameters()
    outcome: OutcomeParameters = OutcomeParameters()
    plugins: Annotated[
        tuple[PluginReference, ...], BeforeValidator(read_references), AfterValidator(resolve_references)
    ] = choice((), "Files and packages with functions of the user's own.", role="run")
    rules: RuleChoices = RuleChoices()
    inputs: tuple[InputFile, ...] = choice((), "Files read.", role="run")
    notes: Names = choice((), "What was left out of the input, and why.", role="run")

    @model_serializer(mode="wrap")
    def _without_extensions(self, data_of: DataOf) -> dict[str, Any]:
        # A scenario without other forms and plug-ins is written, and hashed, as before there were any.
        return {name: part for name, part in data_of(self).items() if part or name not in EXTENDING_SECTIONS}

    def __iter__(self) -> NoReturn:
        # Mesa's batch_run would iterate over the fields of a pydantic model as values to run.
        raise TypeError("a scenario is one value, not a sequence of values")

    def fingerprint(self) -> str:
        """Return a short hash of everything that can change a result; names of files and notes do not count."""
        data = self.model_dump(
            mode="json", exclude={"inputs": True, "notes": True, "description": True, **TABLE_OPTIONS}
        )
        return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:12]

    def world_fingerprint(self) -> str:
        """Return a short hash of the organisations and network; scenarios that share it have the same worlds."""
        data = self.model_dump(mode="json", include={"organisations", "network"}, exclude=TABLE_OPTIONS)
        if type(self.network) in OWN_NETWORKS.values():
            data["plugins"] = [plugin.sha256 for plugin in self.plugins]
        return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:16]


def set_at_path(data: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path of nested dictionaries, adding missing levels (validated later).

    A name that itself contains a dot, such as that of an intervention, is matched first.
    """
    remainder = path
    while True:
        known = [name for name in data if remainder == name or remainder.startswith(f"{name}.")]
        first = max(known, key=len) if known else remainder.split(".")[0]
        if remainder == first:
            data[first] = to_plain_data(value)
            return
        remainder = remainder.removeprefix(f"{first}.")
        inside = data.setdefault(first, {})
        if not isinstance(inside, dict):
            raise InputError([Fault(path, f"'{first}' is a single value without '{remainder}'")])
        data = inside


def to_plain_data(value: Any) -> Any:
    """Return a value as plain data: sections as mappings, numpy numbers as Python numbers."""
    if isinstance(value, ConfigSection):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: to_plain_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain_data(item) for item in value]
    return value.item() if getattr(value, "ndim", None) == 0 else value

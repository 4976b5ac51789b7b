"""Scenarios: all settings of a simulation as immutable data."""

import hashlib
import json
from typing import Annotated, Any, NoReturn, Self

from pydantic import AfterValidator

from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
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
from qispread.inputs.parameter import ConfigSection, Names, choice
from qispread.inputs.policies import AnyPolicy

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


class Scenario(ConfigSection):
    """All settings of a simulation."""

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
    inputs: tuple[InputFile, ...] = choice((), "Files read.", role="run")
    notes: Names = choice((), "What was left out of the input, and why.", role="run")

    def __iter__(self) -> NoReturn:
        # Mesa's batch_run would iterate over the fields of a pydantic model as values to run.
        raise TypeError("a scenario is one value, not a sequence of values")

    @argument_checks.validate_arguments(
        changes=argument_checks.optional_check(argument_checks.check_mapping),
    )
    def replace(self, changes: dict[str, Any] | None = None, /, **fields: Any) -> Self:
        """Return a scenario with some values changed.

        Parameters
        ----------
        changes : dict, optional
            Values by dotted path, such as ``{"improving.decay": 0.02, "interventions.prompt.effort": 0.2}``.
        **fields
            Values of top-level fields, such as ``seed=3``.

        Raises
        ------
        InputError
            For unknown paths and invalid values; all faults at once.
        """
        from qispread.inputs.adapt_scenario import iterate_paths
        from qispread.inputs.load_scenario import build_scenario
        from qispread.inputs.yaml_reader import SourceLocation

        data = self.model_dump(mode="json")
        locations: dict[tuple[str | int, ...], SourceLocation] = {}
        for path, value in {**(changes or {}), **fields}.items():
            if path == "organisations.file":
                data["organisations"].update(rows=[], number=None, partnerships=None, regions=None)
                data["organisations"] = {key: item for key, item in data["organisations"].items() if item is not None}
                data.update(inputs=[], notes=[])
            set_at_path(data, path, value)
            locations |= {location: SourceLocation("", 0) for location in iterate_paths(value, tuple(path.split(".")))}
        return type(self).model_validate(build_scenario(data, locations).model_dump())

    @argument_checks.validate_arguments(
        lever=argument_checks.check_text,
        name=argument_checks.optional_check(argument_checks.check_text),
    )
    def with_policy(self, lever: str, name: str | None = None, **fields: Any) -> Self:
        """Return a scenario with one more policy, named `name` or after its lever.

        To change an existing policy, use `replace`.

        Parameters
        ----------
        lever : str
            Such as "coaching".
        **fields
            The fields of that policy, such as ``support=0.8, start=13, target={"most_ready": 20}``.

        Raises
        ------
        InputError
            For a name that is taken, and for invalid fields.
        """
        policy_name = name or lever
        if policy_name in self.policies:
            raise InputError(
                [
                    Fault(
                        f"policies.{policy_name}",
                        "the scenario already has a policy with this name; give another `name`",
                    )
                ]
            )
        return self.replace({f"policies.{policy_name}": {"lever": lever, **fields}})

    def with_graph(self, graph: Any) -> Self:
        """Return a scenario with the nodes of a networkx graph as organisations and its edges as ties.

        See `qispread.inputs.from_networkx.with_graph`.
        """
        from qispread.inputs.from_networkx import with_graph

        return type(self).model_validate(with_graph(self, graph).model_dump())

    def without_policies(self) -> Self:
        """Return the scenario without policies."""
        return self.replace(policies={})

    def fingerprint(self) -> str:
        """Return a short hash of everything that can change a result; names of files and notes do not count."""
        data = self.model_dump(
            mode="json", exclude={"inputs": True, "notes": True, "description": True, **TABLE_OPTIONS}
        )
        return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:12]

    def world_fingerprint(self) -> str:
        """Return a short hash of the organisations and network; scenarios that share it have the same worlds."""
        data = self.model_dump(mode="json", include={"organisations", "network"}, exclude=TABLE_OPTIONS)
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

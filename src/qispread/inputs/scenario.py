"""A scenario: the world as data, frozen, and changed only by making another."""

import hashlib
import json
from typing import Annotated, Any, NoReturn, Self

from pydantic import AfterValidator

from qispread.common.deprecation import keep_former_members
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
from qispread.inputs.parameter import ConfigSection, Names, RenamedSection, choice
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
"""Sections whose numbers the rules take, in the order in which a month meets them."""

TABLE_OPTIONS: Any = {"organisations": {"file", "columns", "closed", "without_ties"}}
"""What says how a table was read, whose rows the scenario holds."""


def validate_folder_name(name: str) -> str:
    """Return a name, if a folder can be called so."""
    if not name.strip() or name.startswith(".") or set(name) & set('/\\\0<>:"|?*'):
        raise ValueError("needed: a name that a folder can have, without / \\ < > : \" | ? * and not starting with '.'")
    return name


class InputFile(ConfigSection):
    """A file that was read, and the SHA-256 of its bytes."""

    path: str = choice(..., "As it was given.")
    sha256: str = choice(..., "Of its bytes.")


@keep_former_members
class Scenario(RenamedSection):
    """Everything that a run depends on."""

    name: Annotated[str, AfterValidator(validate_folder_name)] = choice(
        "scenario", "Short name, used for folders and tables.", role="run"
    )
    description: str = choice("", "What it is about, for people.", role="run")
    horizon: int = choice(120, "Months to simulate.", unit="months", role="run", low=1, high=12_000)
    seed: int = choice(1, "Seed of all draws.", role="run", low=0, below=2**63)
    replicates: int = choice(200, "Worlds to simulate.", unit="worlds", role="run", low=1, high=10_000_000)
    organisations: Organisations = Organisations()
    network: AnyNetwork = PartnershipsNetwork()
    interventions: dict[str, Intervention] = choice({"intervention": Intervention()}, "What spreads, by name.")
    policies: dict[str, AnyPolicy] = choice({}, "What is done about it, by name.", role="lever")
    leaders: LeaderParameters = LeaderParameters()
    capacity: CapacityParameters = CapacityParameters()
    hearing: HearingParameters = HearingParameters()
    deciding: DecisionParameters = DecisionParameters()
    copying: CopyingParameters = CopyingParameters()
    improving: ImprovementParameters = ImprovementParameters()
    reviewing: ReviewParameters = ReviewParameters()
    local_improvement: LocalImprovementParameters = LocalImprovementParameters()
    outcome: OutcomeParameters = OutcomeParameters()
    inputs: tuple[InputFile, ...] = choice((), "Files that were read.", role="run")
    notes: Names = choice((), "What was left out of the input, and why.", role="run")

    def __iter__(self) -> NoReturn:
        # Mesa's batch_run would take the fields, which a model of pydantic gives, for values to run through.
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
            For a path that does not exist or a value that cannot be; all faults at once.
        """
        from qispread.inputs.adapt_scenario import iterate_paths
        from qispread.inputs.former_data import rename_changes
        from qispread.inputs.load_scenario import build_scenario
        from qispread.inputs.yaml_reader import SourceLocation

        data = self.model_dump(mode="json")
        places: dict[tuple[str | int, ...], SourceLocation] = {}
        for path, value in rename_changes({**(changes or {}), **fields}).items():
            if path == "organisations.file":
                data["organisations"].update(rows=[], number=None, partnerships=None, regions=None)
                data["organisations"] = {key: item for key, item in data["organisations"].items() if item is not None}
                data.update(inputs=[], notes=[])
            set_at_path(data, path, value)
            places |= {one: SourceLocation("", 0) for one in iterate_paths(value, tuple(path.split(".")))}
        return type(self).model_validate(build_scenario(data, places).model_dump())

    @argument_checks.validate_arguments(
        lever=argument_checks.check_text,
        name=argument_checks.optional_check(argument_checks.check_text),
    )
    def with_policy(self, lever: str, name: str | None = None, **fields: Any) -> Self:
        """Return a scenario with one more policy, named after its lever unless `name` says otherwise.

        A name that is taken is refused; to change a policy use `replace`.

        Parameters
        ----------
        lever : str
            Such as "coaching".
        **fields
            The fields of that policy, such as ``support=0.8, start=13, target={"most_ready": 20}``.
        """
        taken = name or lever
        if taken in self.policies:
            raise InputError(
                [Fault(f"policies.{taken}", "the scenario has a policy of this name; give another `name`")]
            )
        return self.replace({f"policies.{taken}": {"lever": lever, **fields}})

    def with_graph(self, graph: Any) -> Self:
        """Return a scenario in the places and ties of a networkx graph.

        See `qispread.inputs.from_networkx.with_graph`.
        """
        from qispread.inputs.from_networkx import with_graph

        return type(self).model_validate(with_graph(self, graph).model_dump())

    def without_policies(self) -> Self:
        """Return the same scenario with nothing done."""
        return self.replace(policies={})

    def fingerprint(self) -> str:
        """Return a short hash of all that can change a result: the same for files of other names and notes."""
        data = self.model_dump(
            mode="json", exclude={"inputs": True, "notes": True, "description": True, **TABLE_OPTIONS}
        )
        return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:12]

    def world_fingerprint(self) -> str:
        """Return a short hash of what the places and ties depend on: scenarios that share it share their worlds."""
        data = self.model_dump(mode="json", include={"organisations", "network"}, exclude=TABLE_OPTIONS)
        return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:16]


def set_at_path(data: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path of nested dictionaries, making what is missing (checked later).

    A name that has a point itself, such as that of an intervention, is found where it is.
    """
    rest = path
    while True:
        known = [name for name in data if rest == name or rest.startswith(f"{name}.")]
        first = max(known, key=len) if known else rest.split(".")[0]
        if rest == first:
            data[first] = to_plain_data(value)
            return
        rest = rest.removeprefix(f"{first}.")
        inside = data.setdefault(first, {})
        if not isinstance(inside, dict):
            raise InputError([Fault(path, f"'{first}' is one value and holds nothing called '{rest}'")])
        data = inside


def to_plain_data(value: Any) -> Any:
    """Return a value as a file would give it: sections as mappings, numbers of numpy as Python's own."""
    if isinstance(value, ConfigSection):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: to_plain_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain_data(item) for item in value]
    return value.item() if getattr(value, "ndim", None) == 0 else value

"""Scenarios: all settings of a simulation as immutable data, and how they are changed."""

from typing import Any, Self

from qispread.common.deprecation import keep_former_members
from qispread.inputs import argument_checks
from qispread.inputs.adapt_scenario import iterate_paths
from qispread.inputs.build_scenario import build_fields
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.extensions.plugin_files import PluginParcel, load_parcel, make_parcels
from qispread.inputs.extensions.plugins import SESSION, scenario_plugins
from qispread.inputs.former_data import rename_changes
from qispread.inputs.graph_data import check_graph, read_graph
from qispread.inputs.scenario_fields import ScenarioFields, set_at_path
from qispread.inputs.yaml_reader import SourceLocation


@keep_former_members
class Scenario(ScenarioFields):
    """All settings of a simulation."""

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
        data = self.model_dump(mode="json")
        locations: dict[tuple[str | int, ...], SourceLocation] = {}
        for path, value in rename_changes({**(changes or {}), **fields}).items():
            if path == "organisations.file":
                data["organisations"].update(rows=[], number=None, partnerships=None, regions=None)
                data["organisations"] = {key: item for key, item in data["organisations"].items() if item is not None}
                data.update(inputs=[], notes=[])
            set_at_path(data, path, value)
            locations |= {location: SourceLocation("", 0) for location in iterate_paths(value, tuple(path.split(".")))}
        return build_fields(type(self), data, locations)

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

    @argument_checks.validate_arguments(graph=check_graph)
    def with_graph(self, graph: Any) -> Self:
        """Return a scenario with the nodes of a networkx graph as organisations and its edges as ties.

        Parameters
        ----------
        graph : networkx.Graph
            As for `qispread.with_graph`.

        Raises
        ------
        InputError
            With every fault: no edges, self-ties, weights or attributes out of range.
        """
        rows, ties = read_graph(graph)
        organisations = self.organisations.model_dump(
            mode="json", exclude={"number", "partnerships", "regions", "file"}
        )
        reset: dict[str, Any] = {"inputs": (), "notes": ()}
        return self.replace(
            reset, organisations={**organisations, "rows": rows}, network={"kind": "ties", "ties": ties}
        )

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle a scenario with its plug-ins, which the process that reads it then loads."""
        if not self.plugins and not SESSION.extensions:
            return super().__reduce_ex__(protocol)
        return restore_scenario, (type(self), make_parcels(scenario_plugins(self)), self.model_dump())

    def without_policies(self) -> Self:
        """Return the scenario without policies."""
        return self.replace(policies={})


def restore_scenario(cls: type[Scenario], parcels: list[PluginParcel], data: dict[str, Any]) -> Scenario:
    """Return a pickled scenario; its plug-ins, which the process that pickled it has run, are loaded."""
    for parcel in parcels:
        load_parcel(parcel)
    return cls.model_validate(data)

"""The model of a scenario: the shipped one, or one with functions of the user's own in both engines."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.extensions.extension import Extension
from qispread.inputs.extensions.plugins import SESSION, scenario_extensions
from qispread.inputs.scenario import Scenario
from qispread.model.engines import extension_points, kernel
from qispread.model.engines.composition import Composition, plain_function, short_content
from qispread.model.engines.measure_kernel import measure_month
from qispread.model.engines.own_functions import (
    OwnPolicy,
    measuring_function,
    policy_function,
    rule_function,
)
from qispread.model.measures import MEASURE_NAMES
from qispread.model.rules.code_replacement import applied_replacements
from qispread.model.rules.forms import called_function
from qispread.model.rules.jit import CACHE_FOLDER, INTERPRETED
from qispread.model.world.draw_world import World
from qispread.model.world.policy_schedule import concerned_interventions, select_targets
from qispread.model.world.run_inputs import NO_EPOCH, PreparedScenario, RunInputs, SimulationState, initialise_run
from qispread.model.world.state_arrays import EVENT_RATE

RUN_ERRORS = (ArithmeticError, ValueError, MemoryError)
"""Exceptions that the shipped model may raise for extreme parameters."""
COMPILE_SECONDS = 10
"""About how long it takes to compile a kernel with functions of the user's own, on two cores."""
MAX_COMPOSED = 64
"""The number of composed models that are kept in memory."""


class ComposedModel:
    """Both engines of a scenario with its functions in place.

    Parameters
    ----------
    rules : sequence of Extension
        The forms of rules that the scenario chooses.
    measures : sequence of Extension
    policies : sequence of OwnPolicy

    Attributes
    ----------
    measures : tuple of Extension
        Own measures, in the order of their columns.
    composition : Composition
    bind, bind_class : callable
        Return a function, or a class, of the package that calls the functions of this model.
    """

    def __init__(
        self, rules: Sequence[Extension] = (), measures: Sequence[Extension] = (), policies: Sequence[OwnPolicy] = ()
    ) -> None:
        self.rules, self.measures, self.policies = tuple(rules), tuple(measures), tuple(policies)
        replaced: dict[Any, Any] = {}
        for extension in rules:
            called = called_function(extension.details["rule"])
            replaced[called] = rule_function(extension, called)
        if measures:
            replaced[extension_points.measure_own] = measuring_function(self.measures)
        if policies:
            replaced[extension_points.apply_own_policies] = policy_function(self.policies)
        self.composition = Composition(replaced)
        self.bind, self.bind_class = self.composition.bind, self.composition.bind_class
        self._run_months = self.composition.bind(kernel.run_months_in_order, cached=True)
        self._initialise_run = self.composition.bind(initialise_run)
        self.measure_own = self.composition.bind(extension_points.measure_own_now, cached=True)
        self.apply_own_policies = self.composition.bind(extension_points.apply_own_policies_now, cached=True)

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """All functions of the user's own."""
        return (*self.rules, *self.measures, *(policy.extension for policy in self.policies))

    @property
    def is_shipped(self) -> bool:
        """Whether no function is the user's own."""
        return not self.extensions

    @property
    def run_errors(self) -> tuple[type[Exception], ...]:
        """The exceptions that fail one replicate and not the others: any that functions of the user's own can raise."""
        return RUN_ERRORS if self.is_shipped else (*RUN_ERRORS, Exception)

    @property
    def is_ready(self) -> bool:
        """Whether its kernel is compiled: in this process, or on disk."""
        if INTERPRETED or self._run_months.signatures:
            return True
        name = f"*{plain_function(self._run_months).__qualname__}*.nbi"
        return CACHE_FOLDER is not None and any(CACHE_FOLDER.glob(name))

    def compile(self, prepared: PreparedScenario) -> None:
        """Compile its kernel, or load it, by running one month."""
        scenario = prepared.scenario
        plan, state = self.initialise_run(prepared, prepared.world(0))
        rows, columns = len(scenario.interventions) + 1, len(MEASURE_NAMES) + len(self.measures)
        measures = np.full((2, rows, columns), np.nan)
        self.measure_month_zero(state, measures[0])
        self.run_months(plan, state, 1, 1, measures[1:])

    def initialise_run(self, prepared: PreparedScenario, world: World) -> tuple[RunInputs, SimulationState]:
        """Return the run inputs and the initial state of one scenario in one world."""
        plan, state = self._initialise_run(prepared, world)
        return (self._with_own_policies(plan, prepared.scenario, world) if self.policies else plan), state

    def run_months(
        self, plan: RunInputs, state: SimulationState, first: int, last: int, measures: NDArray[np.float64]
    ) -> None:
        """Run months `first` to `last`, as `kernel.run_months` does."""
        self._run_months(plan, state, first, last, np.argsort(state.organisations[EVENT_RATE]), measures)

    def measure_month_zero(self, state: SimulationState, measures: NDArray[np.float64]) -> None:
        """Write the measures of month 0."""
        order = np.argsort(state.organisations[EVENT_RATE])
        measure_month(state.organisations, state.practices, state.histories, order, measures)
        if self.measures:
            self.measure_own(state, 0, measures[-1])

    def _with_own_policies(self, plan: RunInputs, scenario: Scenario, world: World) -> RunInputs:
        """Return run inputs with one more epoch, which own policies write, and with what own policies need."""
        own = own_policies(scenario)
        parameters = [
            [float(getattr(scenario.policies[name], parameter)) for parameter in policy.extension.details["parameters"]]
            for name, policy in own.items()
        ]
        windows = [
            (policy.start, policy.end or scenario.horizon) for policy in (scenario.policies[name] for name in own)
        ]
        targets = np.zeros((len(own), len(scenario.interventions), world.static_world.organisation_count))
        for index, name in enumerate(own):
            policy = scenario.policies[name]
            for intervention in concerned_interventions(policy, scenario):
                targets[index, intervention, select_targets(policy.target, name, world)] = 1.0
        width = max(map(len, parameters))
        return plan._replace(
            organisation_levers=with_last_repeated(plan.organisation_levers),
            practice_levers=with_last_repeated(plan.practice_levers),
            has_growth=with_last_repeated(plan.has_growth),
            indptr=with_last_repeated(plan.indptr),
            own_epoch=np.full(1, NO_EPOCH, dtype=np.int64),
            own_windows=np.array(windows, dtype=np.int64),
            own_parameters=np.array([[*row, *[0.0] * (width - len(row))] for row in parameters]),
            own_targets=targets,
        )

    def measure_fault(self, measures: NDArray[np.float64]) -> str:
        """Return what is wrong with the own measures of a run, an array of (months, rows, measures); else empty."""
        for index, extension in enumerate(self.measures):
            values = measures[:, -1, len(MEASURE_NAMES) + index]
            wrong = ~np.isfinite(values)
            if extension.declaration.may_be_undefined:
                wrong = np.isinf(values)
            limits = extension.declaration.limits
            needed = "a finite number"
            if limits is not None:
                wrong |= (values < limits[0]) | (values > limits[1])
                needed = f"a number from {limits[0]:g} to {limits[1]:g}"
            if wrong.any():
                month = int(np.argmax(wrong))
                return f"{extension.label} returned {values[month]:g} in month {month}; needed: {needed}"
        return ""

    def describe_error(self, error: Exception) -> str:
        """Return an exception of a run in words, with the functions that can have raised it."""
        text = f"{type(error).__name__}: {error}"
        labels = [extension.label for extension in self.extensions]
        if not labels or any(label in text for label in labels):
            return text
        return f"{text} (in {' or '.join(labels)})"


def with_last_repeated(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array with its last row repeated."""
    return np.concatenate([array, array[-1:]])


def own_policies(scenario: Scenario) -> dict[str, OwnPolicy]:
    """Return the policies of a scenario that are the user's own, by name."""
    own = {name: policy for name, policy in scenario.policies.items() if policy.moves}
    if not own:
        return {}
    declared = {extension.key: extension for extension in scenario_extensions(scenario, "policy")}
    for name, policy in own.items():
        require_declared(f"policies.{name}", policy.lever, declared.get(policy.lever), type(policy))
    return {
        name: OwnPolicy(declared[policy.lever], declared[policy.lever].details["moves"]) for name, policy in own.items()
    }


def chosen_rules(scenario: Scenario) -> list[Extension]:
    """Return the forms of rules of the user's own that a scenario chooses."""
    chosen = {path: form for path, form in scenario.rules.changed().items() if form.plugin}
    if not chosen:
        return []
    declared = {(one.details["rule"], one.key): one for one in scenario_extensions(scenario, "rule")}
    for path, form in chosen.items():
        require_declared(f"rules.{path}", form.name, declared.get((path, form.name)), form)
    return [declared[path, form.name] for path, form in chosen.items()]


def require_declared(path: str, name: str, extension: Extension | None, declaration: Any) -> None:
    """Require that what a scenario uses is what a plug-in of the scenario, or this session, declares now.

    Raises
    ------
    InputError
        If it is not: it was declared again since the scenario was made, or is no longer declared.
    """
    if extension is None or extension.declaration is not declaration:
        problem = f"'{name}' is not what a plug-in of the scenario declares now; read the scenario again"
        raise InputError([Fault(path, problem)])


def require_own_network(scenario: Scenario) -> None:
    """Require that an own network of a scenario is what one of its plug-ins, or this session, declares now.

    Raises
    ------
    InputError
    """
    kind = str(getattr(scenario.network, "kind", ""))
    if getattr(scenario.network, "own_builder", None) is not None:
        declared = {extension.key: extension for extension in scenario_extensions(scenario, "network")}
        require_declared("network", kind, declared.get(kind), type(scenario.network))


SHIPPED_MODEL = ComposedModel()
"""The model without functions of the user's own."""

_COMPOSED: LRUCache[Any, ComposedModel] = LRUCache(MAX_COMPOSED)
_LOCK = threading.RLock()


def composed_model(scenario: Scenario) -> ComposedModel:
    """Return the model of a scenario; the same object for scenarios with the same functions.

    Raises
    ------
    InputError
        If a plug-in was read again since the scenario was made.
    """
    require_own_network(scenario)
    rules, measures = chosen_rules(scenario), scenario_extensions(scenario, "measure")
    policies = list(own_policies(scenario).values())
    if not (rules or measures or policies):
        return SHIPPED_MODEL
    extensions = [*rules, *measures, *(policy.extension for policy in policies)]
    # A session's function may read a constant that has changed; rebuilt functions hold replaced rules.
    session = [short_content(one.function) for one in extensions if one in SESSION.extensions]
    key = (*map(id, extensions), *session, *applied_replacements())
    with _LOCK:
        if key not in _COMPOSED:
            _COMPOSED[key] = ComposedModel(rules, measures, policies)
        return _COMPOSED[key]

"""Policies of the user's own."""

from collections.abc import Callable

from qispread.inputs import argument_checks
from qispread.inputs.errors import InputError, did_you_mean
from qispread.inputs.extensions.extension import Extension
from qispread.inputs.extensions.plugins import OwnFunction, declare_by
from qispread.inputs.own_sections import OWN_POLICIES, make_section
from qispread.inputs.policies import Policy, ShippedPolicy
from qispread.model.extensions.own_parameters import (
    Interval,
    Ranges,
    check_own_name,
    check_ranges,
    declaration_fault,
    own_parameters,
    require_free_name,
)
from qispread.model.extensions.trial import try_policy
from qispread.model.world.lever_slots import ORGANISATION_SLOTS, PRACTICE_SLOTS

MOVABLE_SLOTS = {name: slot for name, slot in {**ORGANISATION_SLOTS, **PRACTICE_SLOTS}.items() if name != "cost"}


@argument_checks.validate_arguments(
    name=check_own_name,
    moves=argument_checks.check_text,
    plausible=argument_checks.optional_check(check_ranges),
    limits=argument_checks.optional_check(check_ranges),
)
def policy(
    name: str, *, moves: str, plausible: Interval | Ranges | None = None, limits: Interval | Ranges | None = None
) -> Callable[[OwnFunction], OwnFunction]:
    """Declare a policy: a function of a world and of its parameters that returns a number for each organisation.

    The function is compiled and called before each month in which the policy is in force; it sees the world at the end
    of the month before. Its values are combined with those of other policies, as is usual for what it moves, for the
    organisations and interventions that the policy targets.

    Parameters
    ----------
    name : str
        Its `lever` in scenarios.
    moves : str
        What it changes: "push", "support", "protected_time" or another slot of
        `qispread.model.world.lever_slots`.
    plausible : pair of float, or mapping of str to pair of float
        The range to vary each parameter over. A parameter without a default has the middle of it.
    limits : pair of float, or mapping of str to pair of float, optional
        The range of allowed values of each parameter.

    Raises
    ------
    InputError
        For invalid declarations, and functions that do not compile, fail, or return anything but finite numbers.
    """

    def build(function: OwnFunction) -> Extension:
        require_free_name(function, name, ShippedPolicy)
        parameters = own_parameters(function, ("world",), plausible, limits, "lever")
        problems = []
        if moves not in MOVABLE_SLOTS:
            problems.append(f"moves '{moves}', which nothing reads" + did_you_mean(moves, MOVABLE_SLOTS))
        taken = set(Policy.model_fields) | {"lever"}
        problems += [f"its parameter '{one}' has a name that every policy has" for one in parameters if one in taken]
        if problems:
            raise InputError([declaration_fault(function, problem) for problem in problems])
        section = make_section(Policy, "lever", name, parameters)
        section.moves = moves
        section.__doc__ = function.__doc__ or f"{name.replace('_', ' ').capitalize()} (a policy of the user's own)."
        details = {"moves": moves, "parameters": tuple(parameters), "by_intervention": False}
        return Extension("policy", name, function, section, OWN_POLICIES, name, try_policy, details)

    return declare_by(build)

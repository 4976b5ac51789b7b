"""Kinds of network of the user's own."""

from collections.abc import Callable

from qispread.inputs import argument_checks
from qispread.inputs.extensions.extension import Extension
from qispread.inputs.extensions.plugins import OwnFunction, declare_by
from qispread.inputs.network_kinds import GeneratedNetwork, ShippedNetwork
from qispread.inputs.own_sections import OWN_NETWORKS, make_section
from qispread.model.extensions.own_network import network_builder
from qispread.model.extensions.own_parameters import (
    Interval,
    Ranges,
    check_own_name,
    check_ranges,
    own_parameters,
    require_free_name,
)
from qispread.model.extensions.trial import try_network


@argument_checks.validate_arguments(
    name=check_own_name,
    plausible=argument_checks.optional_check(check_ranges),
    limits=argument_checks.optional_check(check_ranges),
)
def network(
    name: str, *, plausible: Interval | Ranges | None = None, limits: Interval | Ranges | None = None
) -> Callable[[OwnFunction], OwnFunction]:
    """Declare a kind of network: a function of organisations, a generator and parameters that returns ties.

    The function is plain Python and is called once for each world, so that every replicate has other ties.

    Parameters
    ----------
    name : str
        Its `kind` in scenarios.
    plausible : pair of float, or mapping of str to pair of float
        The range to vary each parameter over. A parameter without a default has the middle of it.
    limits : pair of float, or mapping of str to pair of float, optional
        The range of allowed values of each parameter.

    Raises
    ------
    InputError
        For invalid declarations, and functions that fail, draw numbers elsewhere, or return anything but ties.

    Notes
    -----
    The function takes `Places`, a `numpy.random.Generator` and its parameters. It returns a networkx graph with nodes 0
    to n - 1, whose ties may have a `weight` in (0, 1], or an array of (ties, 2), or two arrays of indices.
    """

    def build(function: OwnFunction) -> Extension:
        require_free_name(function, name, ShippedNetwork)
        parameters = own_parameters(function, ("places", "rng"), plausible, limits, "world")
        section = make_section(GeneratedNetwork, "kind", name, parameters)
        section.__doc__ = function.__doc__ or f"{name.replace('_', ' ').capitalize()} (a network of the user's own)."
        details = {"parameters": tuple(parameters)}
        extension = Extension("network", name, function, section, OWN_NETWORKS, name, try_network, details)
        section.own_function = staticmethod(function)
        section.own_builder = staticmethod(network_builder(extension))
        return extension

    return declare_by(build)

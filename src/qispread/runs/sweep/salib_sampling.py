"""Import of SALib, an optional dependency."""

from importlib import import_module
from typing import Any

from qispread.inputs.errors import Fault, InputError

INSTALL = "needs SALib: pip install 'qispread[sensitivity]'"


def load_salib(module: str, path: str, feature: str = "") -> Any:
    """Return a module of SALib.

    Parameters
    ----------
    module : str
        Module within SALib, such as "sample.sobol".
    path : str
        Path in the input that requires it.
    feature : str
        The feature that needs it, if the path does not show it.

    Raises
    ------
    InputError
        If SALib is not installed.
    """
    try:
        return import_module(f"SALib.{module}")
    except ImportError:
        raise InputError([Fault(path, f"{feature} {INSTALL}".strip())]) from None

"""SALib, which not everybody has installed."""

from importlib import import_module
from typing import Any

from qispread.inputs.errors import Fault, InputError

INSTALL = "needs SALib: pip install 'qispread[sensitivity]'"


def load_salib(module: str, path: str, what: str = "") -> Any:
    """Return a module of SALib.

    Parameters
    ----------
    module : str
        Below SALib, such as "sample.sobol".
    path : str
        What in the input asks for it.
    what : str
        What needs it, where the path does not say.

    Raises
    ------
    InputError
        Where SALib is not installed.
    """
    try:
        return import_module(f"SALib.{module}")
    except ImportError:
        raise InputError([Fault(path, f"{what} {INSTALL}".strip())]) from None

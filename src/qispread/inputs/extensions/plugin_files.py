"""Reading of plug-ins: files that are named, and installed packages; code runs here and nowhere else."""

import hashlib
import sys
import traceback
from dataclasses import replace
from importlib import import_module, reload
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.extensions.plugins import KNOWN, SESSION, Plugin, declaring, install, is_loaded
from qispread.inputs.yaml_reader import read_text

ENTRY_POINT_GROUP = "qispread.plugins"
"""The group of entry points under which packages offer plug-ins."""
MODULE_PREFIX = "qispread_plugin_"


class PluginParcel(NamedTuple):
    """A plug-in as it travels to workers: name, SHA-256, and text; None instead of a text for an installed package."""

    name: str
    sha256: str
    text: str | None


@argument_checks.validate_arguments(path=argument_checks.check_path)
def read_plugin(path: str | Path) -> Plugin:
    """Run a file, or an installed package, that declares measures, rules, networks and policies.

    Its functions are tried at once. Scenarios use them if they name the plug-in: ``plugins: [mine.py]``, or
    ``read_scenario(path, plugins=["mine.py"])``.

    Parameters
    ----------
    path : str or Path
        A Python file, or the name of an entry point of the group ``qispread.plugins``.

    Returns
    -------
    Plugin
        The same object for the same content.

    Raises
    ------
    InputError
        If it cannot be read or run, a name is taken, or a function does not work; with all faults and their lines.
    """
    file = Path(path)
    if file.suffix != ".py":
        return read_package(str(path))
    return load_text(file.name, read_text(file, str(path)), str(path))


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def load_text(name: str, text: str, displayed: str) -> Plugin:
    """Return the plug-in of a text, which is run once for the same content.

    Raises
    ------
    InputError
        As for `read_plugin`.
    """
    plugin = Plugin(name, text_hash(text), text)
    if plugin.key in KNOWN:
        return install(KNOWN[plugin.key])
    module = ModuleType(f"{MODULE_PREFIX}{Path(name).stem}_{plugin.short_hash}")
    module.__file__ = displayed
    sys.modules[module.__name__] = module
    try:
        with declaring(plugin):
            execute(text, displayed, module)
        return install(require_extensions(plugin, displayed))
    except InputError:
        del sys.modules[module.__name__]
        raise


def execute(text: str, displayed: str, module: ModuleType) -> None:
    """Run the text of a plug-in in a module.

    Raises
    ------
    InputError
        With file and line, whatever the text raises.
    """
    try:
        exec(compile(text, displayed, "exec"), module.__dict__)  # noqa: S102 - its user has named it
    except SyntaxError as error:
        raise InputError([Fault("", f"is not Python: {error.msg}", displayed, error.lineno or 0)]) from None
    except InputError as error:
        line = execution_line(error, displayed)
        placed = [fault if fault.file else replace(fault, file=displayed, line=line) for fault in error.faults]
        raise InputError(placed) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever the user's file raises
        problem = f"raised {type(error).__name__}: {error}"
        raise InputError([Fault("", problem, displayed, execution_line(error, displayed))]) from None


def execution_line(error: BaseException, displayed: str) -> int:
    """Return the last line of a file that ran before an exception."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == displayed]
    return (lines or [0])[-1] or 0


def require_extensions(plugin: Plugin, displayed: str) -> Plugin:
    """Return a plug-in, or raise InputError if it declares nothing."""
    if not plugin.extensions and not plugin.faults:
        needed = "declares nothing; needed: a function under qispread.measure, rule, network or policy"
        raise InputError([Fault("", needed, displayed)])
    return plugin


def installed_plugins() -> dict[str, EntryPoint]:
    """Return the plug-ins that installed packages offer, by name; nothing is loaded."""
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def read_package(name: str) -> Plugin:
    """Return the plug-in of an installed package, imported if necessary.

    Raises
    ------
    InputError
        If no package offers it, or as for `read_plugin`.
    """
    offered = installed_plugins()
    if name not in offered:
        problem = "is neither a Python file (.py) nor an installed plug-in" + did_you_mean(name, offered)
        raise InputError([Fault("--plugin", f"'{name}' {problem}")])
    module_name = offered[name].value.partition(":")[0].strip()
    plugin = Plugin(name, package_hash(module_name))
    if plugin.key in KNOWN:
        return install(KNOWN[plugin.key])
    imported_before = module_name in sys.modules
    with declaring(plugin):
        try:
            module = import_module(module_name)
            if imported_before:
                reload(module)
        except InputError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the package raises
            problem = f"its package '{module_name}' raised {type(error).__name__}: {error}"
            raise InputError([Fault("--plugin", f"'{name}': {problem}")]) from None
    return install(require_extensions(plugin, name))


def package_hash(module_name: str) -> str:
    """Return the SHA-256 of a module's text, or of the names and texts of all modules of its top package.

    Nothing is imported.

    Raises
    ------
    InputError
        If there is no such module, or it has no text.
    """
    spec = find_spec(module_name.partition(".")[0])
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise InputError([Fault("--plugin", f"the module '{module_name}' of the plug-in was not found")])
    if not spec.submodule_search_locations:
        return text_hash(Path(spec.origin).read_text(encoding="utf-8"))
    folder = Path(spec.origin).parent
    files = sorted(folder.rglob("*.py"))
    return text_hash("\0".join(f"{file.relative_to(folder)}\0{file.read_text(encoding='utf-8')}" for file in files))


def read_named_packages(references: Any) -> list[Fault]:
    """Import the installed plug-ins that a scenario names, which their user has installed, and return the faults.

    One whose hash is not that in the scenario is not imported.

    Parameters
    ----------
    references : object
        The data of the section `plugins` of a scenario.
    """
    entries = references if isinstance(references, list | tuple) else [references]
    faults: list[Fault] = []
    offered = installed_plugins() if entries else {}
    for entry in entries:
        name, sha256 = (entry.get("name"), entry.get("sha256")) if isinstance(entry, dict) else (entry, None)
        if not isinstance(name, str) or is_loaded(name) or name not in offered:
            continue
        try:
            found = package_hash(offered[name].value.partition(":")[0].strip())
            if sha256 in (None, "", found):
                read_package(name)
        except InputError as error:
            faults.extend(error.faults)
            continue
        if sha256 not in (None, "", found):
            problem = f"{name} has changed: it was {str(sha256)[:12]} (SHA-256), and the one installed is {found[:12]}"
            faults.append(Fault("plugins", problem))
    return faults


def make_parcels(plugins: list[Plugin]) -> list[PluginParcel]:
    """Return plug-ins as they travel to workers.

    Raises
    ------
    InputError
        For functions that are declared in a script or a notebook, which workers do not know.
    """
    faults = [
        extension.fault("is declared in this session, which workers do not know; needed: a file, named in plugins=")
        for plugin in plugins
        if plugin is SESSION
        for extension in plugin.extensions
    ]
    if faults:
        raise InputError(faults)
    return [PluginParcel(plugin.name, plugin.sha256, plugin.text) for plugin in plugins]


def load_parcel(parcel: PluginParcel) -> Plugin:
    """Load a plug-in that a parent process has sent.

    Raises
    ------
    InputError
        If its text does not have its hash, or the package here is missing or another.
    """
    if parcel.text is None:
        plugin = read_package(parcel.name)
        got = plugin.sha256
    else:
        got = text_hash(parcel.text)
    if got != parcel.sha256:
        problem = f"differs here: SHA-256 {got[:12]}; needed: {parcel.sha256[:12]}"
        raise InputError([Fault(parcel.name, problem)])
    return plugin if parcel.text is None else load_text(parcel.name, parcel.text, parcel.name)

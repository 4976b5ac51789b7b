"""`qispread lesson`: write the page with its lessons as one file that needs no server and no network."""

import argparse
from typing import TYPE_CHECKING

from qispread.interfaces.cli import terminal
from qispread.interfaces.cli.app_command import require_app_packages
from qispread.interfaces.cli.exit_codes import EXIT_OK

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from qispread.interfaces.page.teaching.lesson import Lesson


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `lesson`."""
    command.add_argument(
        "--html", metavar="FILE", required=True, help="file to write; it works offline, such as from a USB stick"
    )
    command.add_argument(
        "--lesson", metavar="N", help="write only this lesson, by its number or name (default: the whole page)"
    )
    command.add_argument("--overwrite", action="store_true", help="replace an existing file")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Compute every result that the file shows, and write it."""
    from pathlib import Path

    require_app_packages()
    path = Path(arguments.html)
    check_output_file(path, overwrite=arguments.overwrite)
    only = None if arguments.lesson is None else choose_lesson(arguments.lesson)
    from qispread.interfaces.page.teaching.offline_page import render_offline_page

    with terminal.progress_bar(console, "Computing results", 1) as advance:
        page = render_offline_page(only, advance)
    write_page(page, path)
    size = path.stat().st_size / 1e6
    console.print(f"{path}: {size:.1f} MB; open it in a browser", soft_wrap=True, markup=False, highlight=False)
    return EXIT_OK


def write_page(page: str, path: "Path") -> None:
    """Write the file atomically.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    from qispread.inputs.errors import Fault, InputError
    from qispread.runs.sweep.atomic_files import atomic_write

    try:
        atomic_write(path, page.encode())
    except OSError as error:
        raise InputError([Fault(str(path), f"could not be written: {error.strerror or error}")]) from None


def check_output_file(path: "Path", *, overwrite: bool) -> None:
    """Check that the file can be written.

    Raises
    ------
    InputError
        If its folder is missing, it is a folder, or it exists and is not to be replaced.
    """
    from qispread.inputs.errors import Fault, InputError

    if path.is_dir():
        problem = "is a folder; needed: the name of a file, such as lessons.html"
    elif not path.parent.is_dir():
        problem = f"the folder {path.parent} does not exist"
    elif path.exists() and not overwrite:
        problem = "exists already; --overwrite replaces it"
    else:
        return
    raise InputError([Fault(str(path), problem)])


def choose_lesson(name: str) -> "Lesson":
    """Return a lesson by its number or its name.

    Raises
    ------
    InputError
        If there is none.
    """
    from qispread.inputs.errors import Fault, InputError
    from qispread.interfaces.page.teaching.lesson import find_lesson, load_lessons

    if not name.isdecimal():
        return find_lesson(name)
    if not 1 <= int(name) <= len(load_lessons()):
        raise InputError([Fault("--lesson", f"got {name}; needed: a number from 1 to {len(load_lessons())}")])
    return load_lessons()[int(name) - 1]

"""Scripts that start worker processes without `if __name__ == "__main__"`: found out, and told in one sentence."""

import inspect

from qispread.inputs.errors import Fault, InputError

NAME_IN_WORKERS = "__mp_main__"
"""How multiprocessing calls the script that it imports again in a process that it starts."""
EXIT_UNGUARDED = 1
"""Exit code of such a process where the script starts a sweep as it is imported."""


def unguarded_error() -> InputError:
    """Return the error of workers that end as they start: mostly since each runs the caller's script again."""
    problem = "worker processes end before they do any work; a script must start a sweep under if __name__ =="
    return InputError([Fault("--executor", f"{problem} '__main__'")])


def exit_import_in_worker() -> None:
    """End this process where it is a worker that runs a script again which starts a sweep without a main guard.

    A new process imports the script that it was started from under another name. It ends without a word: the process
    that started it says what is wrong, once.
    """
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == NAME_IN_WORKERS:
            raise SystemExit(EXIT_UNGUARDED)
        frame = frame.f_back

"""One command makes all that is published."""

from importlib.util import find_spec
from pathlib import Path

from experiments.run_all import PARTS

import experiments


def test_every_part_that_has_a_command_of_its_own_is_made():
    root = Path(experiments.__file__).parent
    packages = {".".join(path.parent.relative_to(root.parent).parts) for path in root.rglob("__main__.py")}
    assert packages == set(PARTS)
    assert all(find_spec(f"{name}.__main__") for name in PARTS)

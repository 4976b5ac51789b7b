"""What is declared in pyproject.toml, and the versions that are pinned for README and CI, agree."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[(?P<extras>[^\]]+)\])?(?P<bounds>.*)")
PIN = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+")
USERS = {"app", "dask", "ema", "notebook", "sensitivity", "solara"}
"""Extras for those who use qispread; the others are for those who work on it."""


def plain(name):
    """Return the name of a package as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras):
    """Return the bounds of all that qispread and some extras need, by package, and of what those bring by name."""
    found = {}
    for line in [*PROJECT["dependencies"], *(line for extra in extras for line in EXTRAS[extra])]:
        match = REQUIREMENT.fullmatch(line)
        if match["name"] == "qispread":
            found |= declared(*(name.strip() for name in match["extras"].split(",")))
        else:
            found.setdefault(plain(match["name"]), set()).add(match["bounds"])
    return found


def pinned(name):
    """Return the versions that a file of constraints pins, by package."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in found if not PIN.fullmatch(line)] == [], "names and versions only"
    return {plain(name): version for name, _, version in (line.partition("==") for line in found)}


def minimum(bounds):
    """Return the least version that bounds allow, or None where they name none."""
    match = re.search(r">=([^,]+)", bounds)
    return match[1] if match else None


@pytest.mark.parametrize("extra", [None, *sorted(set(EXTRAS) - {"all", "oracles"})])
def test_the_constraints_name_every_package_that_is_declared(extra):
    assert set(declared(*([extra] if extra else []))) <= set(pinned("constraints.txt"))


def test_the_lowest_versions_are_those_declared_for_the_test_command():
    least = {name: {minimum(one) for one in bounds} for name, bounds in declared("test").items()}
    assert {name: {version} for name, version in pinned("constraints-lowest.txt").items()} == least


def test_every_package_that_is_declared_has_a_bound():
    assert {name for name, bounds in declared(*EXTRAS).items() if not all(bounds)} == set()


def test_a_package_that_is_declared_twice_has_the_same_bounds():
    assert {
        name: bounds for name, bounds in declared("app", "dask", "sensitivity", "test").items() if len(bounds) > 1
    } == {}


def test_all_is_every_extra_for_those_who_use_it():
    assert set(EXTRAS) - USERS == {"all", "docs", "oracles", "test"}
    assert EXTRAS["all"] == [f"qispread[{','.join(sorted(USERS))}]"]


def test_no_address_stands_in_what_pip_reads():
    for name in ("constraints.txt", "constraints-lowest.txt", "pyproject.toml"):
        assert not re.search(r"https?://|index-url|find-links", (ROOT / name).read_text(encoding="utf-8")), name

"""Keys, paths and words of version 0.1 in plain data: read as those of now, with a note for each (`former_names`)."""

from collections.abc import Iterable, Mapping
from typing import Any

from qispread.common.deprecation import warn_former
from qispread.common.former_names import (
    FORMER_VERSION,
    GENERATED_PARTNERSHIP,
    KEYS,
    MEASURES,
    NETWORK_KINDS,
    PATH_KEYED,
    REMOVED_IN,
    SAVED_MEASURES,
    refusal,
    removal_note,
)
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.yaml_reader import KeyPath, SourceLocation, SourceLocations

Patterns = list[tuple[tuple[str, ...], Any]]
"""What is left of each dotted pattern below a place, and what it is for."""
KEY_PATTERNS: Patterns = [(tuple(path.split(".")), new) for path, new in KEYS.items()]
CHANGES_START = "arms"
"""Where a path-keyed mapping begins that has values, and not how they are varied."""
MEASURE_LISTS = (("measures", "final"), ("measures", "monthly"))
PATH_KEYED_PATTERNS: Patterns = [(tuple(path.split(".")), path) for path in PATH_KEYED]
MANIFEST_NOTE = (
    f"was written by version {FORMER_VERSION}; its names are read as those of this version until {REMOVED_IN}"
)
NOTE_END = f"until {REMOVED_IN}"
"""How notes on former names end."""
FORMER_MARK = "home_grown"
"""A part of every scenario that version 0.1 kept, and of none that was kept since."""


def read_measure(name: str) -> str:
    """Return the name of a measure; a former one as that of now, with a DeprecationWarning.

    Raises
    ------
    InputError
        For a former name whose meaning has changed.
    """
    if problem := refusal(name) if isinstance(name, str) else "":
        raise InputError([Fault("measure", problem)])
    if not isinstance(name, str) or name not in MEASURES:
        return name
    warn_former(f"the measure '{name}'", f"'{MEASURES[name]}'")
    return MEASURES[name]


def below(patterns: Patterns, name: str | int) -> Patterns:
    """Return what is left of patterns below a name; the number of an item in a list matches `*` alone."""
    return [(rest[1:], what) for rest, what in patterns if rest and rest[0] in ("*", name)]


def ending(patterns: Patterns) -> Any:
    """Return what the pattern is for that ends here, or None."""
    return next((what for rest, what in patterns if not rest), None)


def rename_path(path: str) -> str:
    """Return a dotted path of a scenario in the names of now."""
    patterns, names = KEY_PATTERNS, []
    for name in path.split("."):
        patterns = below(patterns, name)
        names.append(ending(patterns) or name)
    return ".".join(names)


def rename_measure(name: str) -> str:
    """Return the name of a measure as it is now; one whose meaning has changed stays, and is refused later."""
    return MEASURES.get(name, name)


def rename_measure_or_path(name: str) -> str:
    """Return the name of a measure, or the dotted path of a parameter, as it is now."""
    return MEASURES.get(name) or rename_path(name)


def rename_network_kind(kind: str) -> str:
    """Return the kind of a network as it is called now."""
    return NETWORK_KINDS.get(kind, kind)


WORD_PATTERNS: Patterns = [
    (("network", "kind"), rename_network_kind),
    *(((*path, *each), rename_measure) for path in MEASURE_LISTS for each in ((), ("*",))),
    (("targets", "*", "measure"), rename_measure),
    (("targets", "*", "multiplied_by"), rename_measure_or_path),
]
"""What renames a word that stands at a path, in the names of now."""


def rename_saved_column(column: str) -> str:
    """Return a column of a sweep that version 0.1 saved, in the names of now.

    That is a measure, "measure.intervention", the path of a factor, or "number: " and such a path.
    """
    before, colon, path = column.rpartition(": ")
    measure, point, rest = path.partition(".")
    new = f"{SAVED_MEASURES[measure]}{point}{rest}" if measure in SAVED_MEASURES else rename_path(path)
    return f"{before}{colon}{new}"


class FormerNames:
    """Renames what is in some data, and gathers notes.

    Attributes
    ----------
    locations : dict
        Where each value was given; changed in place.
    notes : list of str
    faults : list of Fault
        Of keys that are given under both names.
    """

    def __init__(self, locations: SourceLocations) -> None:
        self.locations = locations
        self.notes: list[str] = []
        self.faults: list[Fault] = []
        self._moved: dict[KeyPath, str] = {}

    def rename(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return data in the names of now; what has none that changed is the same object."""
        found: dict[str, Any] = self._walk(data, (), KEY_PATTERNS, WORD_PATTERNS)
        if self.faults:
            raise InputError(self.faults)
        if self._moved:
            moved = {self._new_path(path): place for path, place in self.locations.items()}
            self.locations.clear()
            self.locations.update(moved)
        return found

    def rename_part(self, path: str, part: Any, here: KeyPath = ()) -> Any:
        """Return what stands at a dotted path of a scenario, in the names of now; it is given at `here`."""
        keys, words = KEY_PATTERNS, WORD_PATTERNS
        for name in path.split("."):
            keys, words = below(keys, name), below(words, name)
        return self._walk(part, here or tuple(path.split(".")), keys, words)

    def _walk(self, value: Any, path: KeyPath, keys: Patterns, words: Patterns) -> Any:
        if isinstance(value, str):
            return self._word(value, path, words)
        if not keys and not words and not self._may_hold_paths(path):
            return value
        if isinstance(value, Mapping):
            return self._mapping(value, path, keys, words)
        if isinstance(value, list | tuple):
            return [
                self._walk(one, (*path, index), below(keys, index), below(words, index))
                for index, one in enumerate(value)
            ]
        return value

    def _may_hold_paths(self, path: KeyPath) -> bool:
        return any(matches(pattern, path) for pattern, _ in PATH_KEYED_PATTERNS)

    def _mapping(self, value: Mapping[Any, Any], path: KeyPath, keys: Patterns, words: Patterns) -> dict[Any, Any]:
        paths = any(len(pattern) == len(path) and matches(pattern, path) for pattern, _ in PATH_KEYED_PATTERNS)
        found: dict[Any, Any] = {}
        for key, one in value.items():
            here, new = (*path, key), self._new_key(key, keys, paths=paths)
            if new != key and new in value:
                self._fault(here, f'is given under its former name and its new one, "{new}"; leave out "{key}"')
                continue
            if new != key:
                self._moved[here] = new
                self._note(here, str(key), new)
            if paths:
                found[new] = self._part_by_path(new, one, here)
            else:
                found[new] = self._walk(one, here, below(keys, key), below(words, new))
        return found

    def _new_key(self, key: Any, keys: Patterns, *, paths: bool) -> Any:
        if not isinstance(key, str):
            return key
        return rename_path(key) if paths else ending(below(keys, key)) or key

    def _part_by_path(self, path: str, part: Any, here: KeyPath) -> Any:
        """Return what is given for a path: the value itself among changes, else what may hold `values` of it."""
        if here[0] == CHANGES_START:
            return self.rename_part(path, part, here)
        if isinstance(part, Mapping) and isinstance(part.get("values"), list | tuple):
            return {
                **part,
                "values": [
                    self.rename_part(path, one, (*here, "values", index)) for index, one in enumerate(part["values"])
                ],
            }
        return part

    def _word(self, value: str, path: KeyPath, words: Patterns) -> str:
        rename = ending(words)
        new = rename(value) if rename else value
        if new != value:
            self._note(path, value, new)
        return str(new)

    def _place(self, path: KeyPath) -> SourceLocation:
        while path and path not in self.locations:
            path = path[:-1]
        return self.locations.get(path, SourceLocation("", 0))

    def _fault(self, path: KeyPath, problem: str) -> None:
        place = self._place(path)
        self.faults.append(Fault(".".join(map(str, path)), problem, place.file, place.line))

    def _note(self, path: KeyPath, old: str, new: str) -> None:
        place = self._place(path)
        if not place.file:
            warn_former(f'"{old}" ({".".join(map(str, path))})', f'"{new}"')
            return
        where = f"{place.file}:{place.line}" if place.line else place.file
        self.notes.append(f"{where}: {removal_note(old, new)}")

    def _new_path(self, path: KeyPath) -> KeyPath:
        return tuple(self._moved.get(path[: index + 1], name) for index, name in enumerate(path))


def matches(pattern: tuple[str, ...], path: KeyPath) -> bool:
    """Return whether a path is one of a pattern, or leads there."""
    return len(path) <= len(pattern) and all(one in ("*", name) for one, name in zip(pattern, path, strict=False))


def rename_former(data: dict[str, Any], locations: SourceLocations, notes: list[str] | None = None) -> dict[str, Any]:
    """Return data of a scenario, policy file, experiment or calibration in the names of now.

    Parameters
    ----------
    data : dict
        As a file gives it; not changed.
    locations : dict
        Where each value was given: changed in place with the keys. What was given in no file gives a warning.
    notes : list of str, optional
        Takes a note on each former name.

    Raises
    ------
    InputError
        Where a key is given under both names.
    """
    names = FormerNames(locations)
    found = names.rename(data)
    if notes is not None:
        notes += names.notes
    return found


def rename_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by dotted path of a scenario in the names of now, with a warning for each that changed.

    Raises
    ------
    InputError
        Where a path is given under both names.
    """
    names, found = FormerNames({}), {}
    for path, value in changes.items():
        new = rename_path(path)
        if new != path and new in changes:
            raise InputError([Fault(path, f'is the former name of "{new}", which is given too; leave it out')])
        if new != path:
            warn_former(f'"{path}"', f'"{new}"')
        found[new] = names.rename_part(new, value) if isinstance(value, str | Mapping | list | tuple) else value
    return found


def rename_generated_partnerships(data: dict[str, Any], locations: SourceLocations) -> dict[str, Any]:
    """Return data of a scenario whose targets name generated partnerships as they are called now, with a note.

    Those of a table keep their names, whatever these are.
    """
    organisations, policies = data.get("organisations") or {}, data.get("policies")
    given = isinstance(organisations, Mapping) and (organisations.get("rows") or organisations.get("file"))
    if given or not isinstance(policies, Mapping):
        return data
    before, now = GENERATED_PARTNERSHIP
    notes: list[str] = []
    renamed = dict(policies)
    for name, policy in policies.items():
        target: Any = policy.get("target") if isinstance(policy, Mapping) else None
        chosen = target.get("partnerships") if isinstance(target, Mapping) else None
        names = [chosen] if isinstance(chosen, str) else chosen
        if not isinstance(names, list | tuple) or not any(is_generated(one, before) for one in names):
            continue
        new = [now + one.removeprefix(before) if is_generated(one, before) else one for one in names]
        renamed[name] = {**policy, "target": {**target, "partnerships": new}}
        place = locations.get(("policies", name, "target", "partnerships"), SourceLocation("", 0))
        where = f"{place.file}:{place.line}: " if place.file else ""
        notes.append(f"{where}policies.{name}.target: {removal_note(f'{before}01', f'{now}01')}")
    if not notes:
        return data
    return {**data, "policies": renamed, "notes": [*(data.get("notes") or ()), *notes]}


def is_generated(name: Any, prefix: str) -> bool:
    """Return whether a name is one that is generated, such as "system-01"."""
    return isinstance(name, str) and name.startswith(prefix) and name.removeprefix(prefix).isdigit()


def select_former_notes(notes: Iterable[str]) -> list[str]:
    """Return the notes that are on former names."""
    return [note for note in notes if note.endswith(NOTE_END)]


def is_former_scenario(scenario: Any) -> bool:
    """Return whether a scenario, as a manifest holds it, was kept by version 0.1."""
    return isinstance(scenario, Mapping) and FORMER_MARK in scenario


def rename_saved_scenario(scenario: dict[str, Any]) -> dict[str, Any]:
    """Return the scenario of a manifest in the names of now, without a note."""
    return rename_former(scenario, {(): SourceLocation("a manifest", 0)})


def rename_saved_experiment(experiment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the experiment of a sweep that version 0.1 saved in the names of now, measures too."""
    found = rename_former(dict(experiment), {(): SourceLocation("a manifest", 0)})
    kept = {name: rename_saved_measures(names) for name, names in dict(found.get("measures", {})).items()}
    return {**found, "measures": kept}


def rename_saved_measures(names: Iterable[str]) -> list[str]:
    """Return measures of results that version 0.1 saved in the names of now."""
    return [SAVED_MEASURES.get(name, name) for name in names]

"""Scenarios from uploaded files: read by the usual reader, without access to the disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from qispread.inputs.csv_tables import ReadContext, read_table
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.field_errors import fault_at_path
from qispread.inputs.former_data import rename_former
from qispread.inputs.load_scenario import POLICY_FILE_KEYS, add_notes, build_scenario, is_policy_file, override_tables
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_yaml import non_default_data
from qispread.inputs.yaml_reader import LOADER, KeyPath, ReadableFile, SourceLocations, read_text, read_yaml

YAML_ENDINGS, TABLE_ENDING = (".yaml", ".yml"), ".csv"
MAX_NAME_LENGTH = 60


@dataclass(frozen=True)
class UploadedFile:
    """An uploaded file.

    Attributes
    ----------
    name : str
        The name at the sender; never used as a path.
    content : bytes
    """

    name: str
    content: bytes

    def read_bytes(self) -> bytes:
        """Return the bytes."""
        return self.content

    @property
    def display_name(self) -> str:
        """The name in messages: one line of limited length."""
        return " ".join(self.name.split())[:MAX_NAME_LENGTH] or "a file without a name"


def scenario_from_uploads(uploads: Sequence[UploadedFile], default: Scenario) -> Scenario:
    """Return the scenario of an uploaded YAML file with its tables, or of tables alone.

    Parameters
    ----------
    uploads : sequence of UploadedFile
        At most one YAML scenario; tables of organisations and of ties as CSV.
    default : Scenario
        The scenario for tables without one.

    Raises
    ------
    InputError
        With every fault in the files, names of files that were not uploaded, and a scenario that extends another.
    """
    scenarios = [upload for upload in uploads if upload.name.lower().endswith(YAML_ENDINGS)]
    tables = {upload.name: upload for upload in uploads if upload.name.lower().endswith(TABLE_ENDING)}
    check_uploads(uploads)
    notes: list[str] = []
    data, locations = read_uploaded_yaml(scenarios[0], notes) if scenarios else (non_default_data(default), {})
    add_notes(data, notes)
    named = {part.get("file") for part in (data.get("organisations"), data.get("network")) if isinstance(part, dict)}
    unnamed = {is_ties_table(table): name for name, table in tables.items() if name not in named}
    override_tables(data, locations, unnamed.get(False), unnamed.get(True))

    def resolve(path: KeyPath, name: str, locations: SourceLocations) -> tuple[ReadableFile, str]:
        if name not in tables:
            problem = f"names the file '{name}', which was not uploaded; select it together with the scenario"
            raise InputError([fault_at_path(path, problem, locations)])
        return tables[name], tables[name].display_name

    return build_scenario(data, locations, finder=resolve)


def check_uploads(uploads: Sequence[UploadedFile]) -> None:
    """Raise InputError without files, for files that are neither YAML nor CSV, and for more than one scenario."""
    names = [upload.name.lower() for upload in uploads]
    faults = [
        Fault("", "is neither a YAML scenario nor a CSV table", upload.display_name)
        for upload in uploads
        if not upload.name.lower().endswith((*YAML_ENDINGS, TABLE_ENDING))
    ]
    scenarios = [name for name in names if name.endswith(YAML_ENDINGS)]
    if not uploads:
        faults.append(Fault("upload", "no file was uploaded; needed: a YAML scenario, or CSV tables"))
    if len(scenarios) > 1:
        faults.append(Fault("upload", f"got {len(scenarios)} scenarios; needed: one"))
    if len(set(names)) < len(names):
        faults.append(Fault("upload", "two files have the same name"))
    if faults:
        raise InputError(faults)


def read_uploaded_yaml(upload: UploadedFile, notes: list[str] | None = None) -> tuple[dict[str, Any], SourceLocations]:
    """Return the data of an uploaded YAML file, and the line of each value; notes on former names go to `notes`.

    Raises
    ------
    InputError
        For text that is not a scenario, has aliases, extends another file or holds only policies.
    """
    reject_aliases(upload)
    data, locations = read_yaml(upload, upload.display_name)
    data = rename_former(data, locations, notes)
    faults = []
    if "extends" in data:
        faults.append(
            fault_at_path(("extends",), "an upload cannot extend another file; upload one complete scenario", locations)
        )
    if is_policy_file(data):
        problem = f"holds {', '.join(sorted(POLICY_FILE_KEYS & set(data)))} only; needed: a scenario"
        faults.append(Fault("", problem, upload.display_name))
    if faults:
        raise InputError(faults)
    return data, locations


def reject_aliases(upload: UploadedFile) -> None:
    """Raise InputError for aliases, with which a small file can expand to a huge one."""
    try:
        for event in yaml.parse(read_text(upload, upload.display_name), Loader=LOADER):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 0
                raise InputError([Fault("", "holds an alias (*name); write the value out", upload.display_name, line)])
    except yaml.YAMLError:
        # The reader, which runs next, reports it with its line.
        return


def is_ties_table(upload: UploadedFile) -> bool:
    """Return whether a table holds ties: columns "from" and "to", and no "id"."""
    columns = read_table(upload, upload.display_name, ReadContext()).columns
    return "id" not in columns and {"from", "to"} <= set(columns)

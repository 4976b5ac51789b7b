"""Declarations of parameters: unit, range, default, meaning and source in one place.

Validation, `qispread describe`, the reference page and the bounds of sweeps all read these declarations.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from qispread.common.deprecation import rename_keywords
from qispread.common.former_names import MEMBERS
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.field_errors import faults_of_error
from qispread.inputs.own_sections import own_alternatives

Evidence = Literal["measured", "derived", "assumption", "hypothesis", "choice"]
"""How well a default is known: read in a source; derived from figures in a source; assumed without a source; an
untested assumption that results depend on; a choice of the user."""

Role = Literal["uncertainty", "lever", "world", "run"]
"""The role of a parameter: an uncertain assumption (X), a lever that can be pulled (L), the organisations and network
that are simulated, or a setting of the run."""


def to_names(value: Any) -> Any:
    """Return one name, or a list of names, as a tuple."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(to_names)]


class SectionClass(type(BaseModel)):  # type: ignore[misc]
    """Metaclass of sections: a section built in code is validated as one from a file, with the same messages."""

    def __call__(cls, *positional: Any, **fields: Any) -> Any:
        """Return a validated section, or raise InputError with all faults."""
        if positional:
            problem = "takes its fields as keyword arguments"
            problem += "; qispread.read_scenario(...) reads a file" if cls.__name__ == "Scenario" else ""
            raise InputError([Fault(cls.__name__, problem)])
        try:
            return super().__call__(**fields)
        except ValidationError as error:
            raise InputError(faults_of_error(error, cls, {})) from None


if TYPE_CHECKING:
    # The metaclass would hide the fields of sections from type checkers.
    ArgumentCheckMeta = BaseModel
else:

    class ArgumentCheckMeta(BaseModel, metaclass=SectionClass):
        """A model that raises InputError when it is built from invalid values."""


class ConfigSection(ArgumentCheckMeta):
    """A frozen part of a scenario that rejects unknown fields."""

    model_config = ConfigDict(
        strict=True, allow_inf_nan=False, extra="forbid", frozen=True, validate_default=True, populate_by_name=True
    )

    def with_fields(self, **fields: Any) -> Self:
        """Return a validated copy with some fields changed."""
        return type(self).model_validate({**self.model_dump(), **fields})


class RenamedSection(ConfigSection):
    """A section that takes fields by their former names too, with a DeprecationWarning."""

    @model_validator(mode="before")
    @classmethod
    def _read_former_fields(cls, data: Any) -> Any:
        renamed = MEMBERS.get(cls.__name__, {})
        if not isinstance(data, dict) or not renamed.keys() & data.keys():
            return data
        data = dict(data)
        rename_keywords(cls.__name__, data, renamed)
        return data


def parameter(
    default: Any,
    meaning: str,
    *,
    unit: str = "share",
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    below: float | None = None,
    plausible: tuple[float, float] | None = None,
    source: str = "assumption",
    known: Evidence = "assumption",
    role: Role = "uncertainty",
) -> Any:
    """Declare a parameter of a section.

    Parameters
    ----------
    default
        Its value in scenarios that do not set it.
    meaning : str
        One plain sentence.
    unit : str
        "share" for a number in [0, 1], unless `low`, `high`, `above` or `below` give other bounds.
    low, high, above, below : float, optional
        Bounds of allowed values; `above` and `below` are excluded.
    plausible : tuple of two floats, optional
        The range to vary it over, narrower than the allowed range.
    source : str
        A key in docs/references.bib (several with commas), or "assumption".
    """
    if unit == "share" and not any(bound is not None for bound in (low, high, above, below)):
        low, high = 0.0, 1.0
    extra: dict[str, Any] = {"unit": unit, "plausible": plausible, "source": source, "known": known, "role": role}
    return Field(default, ge=low, le=high, gt=above, lt=below, description=meaning, json_schema_extra=extra)


def choice(default: Any, meaning: str, *, role: Role = "world", unit: str = "-", **bounds: Any) -> Any:
    """Declare a parameter that the user chooses and that needs no evidence."""
    return parameter(default, meaning, unit=unit, source="-", known="choice", role=role, **bounds)


def declaration_of(field: FieldInfo) -> dict[str, Any] | None:
    """Return unit, plausible range, source, known and role of a field, or None if it is not a parameter."""
    extra = field.json_schema_extra
    return dict(extra) if isinstance(extra, dict) and "unit" in extra else None


def section_classes(annotation: Any) -> Iterator[type[ConfigSection]]:
    """Yield each section class in an annotation, including those in unions, tuples and dictionaries.

    Where a union accepts sections of plug-ins, those of the loaded plug-ins follow.
    """
    sections = list(shipped_sections(annotation))
    yield from sections
    yield from own_alternatives(sections)


def shipped_sections(annotation: Any) -> Iterator[type[ConfigSection]]:
    """Yield each section class of this package in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, ConfigSection):
        yield annotation
    for part in get_args(annotation):
        yield from shipped_sections(part)

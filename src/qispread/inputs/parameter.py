"""The declaration of a parameter: unit, range, default, meaning and source, once.

Everything that speaks of parameters (the checks, `qispread describe`, the reference page, sweep bounds) reads what is
declared here.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from qispread.common.deprecation import rename_keywords
from qispread.common.former_names import MEMBERS

Evidence = Literal["measured", "derived", "assumption", "hypothesis", "choice"]
"""How well a default is known: read in a source; computed from figures in a source; no source; no source although
results hinge on it; the user's to set."""

Role = Literal["uncertainty", "lever", "world", "run"]
"""What a parameter is for: X of the world that we do not know, L that somebody can pull, what places there are, how
the run is made."""


def to_names(value: Any) -> Any:
    """Return one name, or a list of names, as the tuple that a frozen section holds."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(to_names)]


class SectionClass(type(BaseModel)):  # type: ignore[misc]
    """The class of sections: what is made by calling one is checked as what is read from a file, in the same words."""

    def __call__(cls, *given: Any, **fields: Any) -> Any:
        """Return a section, or raise InputError with all faults."""
        from qispread.inputs.errors import Fault, InputError

        if given:
            problem = "takes its fields by name"
            problem += "; qispread.load(...) reads a file" if cls.__name__ == "Scenario" else ""
            raise InputError([Fault(cls.__name__, problem)])
        try:
            return super().__call__(**fields)
        except ValidationError as error:
            from qispread.inputs.validate import error_text, fault_at_path, locate

            spots = [(detail, locate(tuple(detail["loc"]), cls)) for detail in error.errors()]
            raise InputError(
                [fault_at_path(spot.path, error_text(detail, spot), {}) for detail, spot in spots]
            ) from None


if TYPE_CHECKING:
    # Type checkers would take the class of sections for what hides their fields.
    ArgumentCheckMeta = BaseModel
else:

    class ArgumentCheckMeta(BaseModel, metaclass=SectionClass):
        """What is checked in the package's own words when it is made."""


class ConfigSection(ArgumentCheckMeta):
    """A frozen part of a scenario that refuses what it does not know."""

    model_config = ConfigDict(
        strict=True, allow_inf_nan=False, extra="forbid", frozen=True, validate_default=True, populate_by_name=True
    )

    def with_fields(self, **fields: Any) -> Self:
        """Return a copy with some fields changed, checked as if it had been read from a file."""
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
        Its value where a scenario does not give one.
    meaning : str
        One sentence in plain words.
    unit : str
        "share" for a number in [0, 1], unless `low`, `high`, `above` or `below` say otherwise.
    low, high, above, below : float, optional
        Bounds of what is allowed; `above` and `below` are themselves excluded.
    plausible : tuple of two floats, optional
        The range to sweep, narrower than what is allowed.
    source : str
        A key in docs/references.bib (several with commas), or "assumption".
    """
    if unit == "share" and not any(bound is not None for bound in (low, high, above, below)):
        low, high = 0.0, 1.0
    extra: dict[str, Any] = {"unit": unit, "plausible": plausible, "source": source, "known": known, "role": role}
    return Field(default, ge=low, le=high, gt=above, lt=below, description=meaning, json_schema_extra=extra)


def choice(default: Any, meaning: str, *, role: Role = "world", unit: str = "-", **bounds: Any) -> Any:
    """Declare something that the user chooses, about which there is nothing to know."""
    return parameter(default, meaning, unit=unit, source="-", known="choice", role=role, **bounds)


def declared_bounds(field: FieldInfo) -> dict[str, float]:
    """Return the declared bounds of a field, as {"ge": ..., "lt": ...}."""
    names = ("ge", "gt", "le", "lt")
    return {name: getattr(item, name) for item in field.metadata for name in names if hasattr(item, name)}


def format_range(field: FieldInfo) -> str:
    """Return the allowed range of a field in interval notation, or an empty string where there is none."""
    bounds = declared_bounds(field)
    if not bounds:
        return ""
    left = f"[{bounds['ge']:g}" if "ge" in bounds else f"({bounds['gt']:g}" if "gt" in bounds else "(-inf"
    right = f"{bounds['le']:g}]" if "le" in bounds else f"{bounds['lt']:g})" if "lt" in bounds else "inf)"
    return f"{left}, {right}"


def declaration_of(field: FieldInfo) -> dict[str, Any] | None:
    """Return unit, plausible range, source, known and role of a field, or None where it is no parameter."""
    extra = field.json_schema_extra
    return dict(extra) if isinstance(extra, dict) and "unit" in extra else None


def section_classes(annotation: Any) -> Iterator[type[ConfigSection]]:
    """Yield each section class that an annotation speaks of, looking into unions, tuples and dictionaries."""
    if isinstance(annotation, type) and issubclass(annotation, ConfigSection):
        yield annotation
    for part in get_args(annotation):
        yield from section_classes(part)

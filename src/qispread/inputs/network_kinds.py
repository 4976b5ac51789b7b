"""The kinds of collaboration network, each declared here and built in `qispread.model.world`."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from qispread.inputs.own_sections import accept_own
from qispread.inputs.parameter import ConfigSection, choice, parameter

Problem = tuple[str, str]
"""The name of a field and its problem."""


class GeneratedNetwork(ConfigSection):
    """The fields common to all generated networks.

    Attributes
    ----------
    differs_by_replicate : bool
        Whether ties differ between replicates: they are drawn, or depend on something drawn.
    own_builder, own_function : callable or None
        For a kind of a plug-in, what draws its ties, and the user's function behind it.
    """

    differs_by_replicate: ClassVar[bool] = True
    own_builder: ClassVar[Any] = None
    own_function: ClassVar[Any] = None

    tie_weight: float = parameter(
        1.0, "Weight of each generated tie.", above=0.0, high=1.0, role="world", plausible=(0.5, 1.0)
    )

    def problems(self, organisations: int) -> Iterator[Problem]:  # noqa: ARG002 - kinds that have limits need it
        """Yield each reason why the network is impossible for a number of organisations."""
        yield from ()


def degree_problems(degree: int, organisations: int) -> Iterator[Problem]:
    """Yield the problem with the number of ties to neighbours in a ring, if any."""
    if degree % 2 or degree >= organisations:
        yield "degree", f"got {degree}; needed: an even number below {organisations}"


def mean_degree_problems(degree: float, organisations: int) -> Iterator[Problem]:
    """Yield the problem with a mean number of ties, if any."""
    if degree > organisations - 1:
        problem = f"got {degree:g}; {organisations} organisations have at most {organisations - 1} ties each"
        yield "mean_degree", f"{problem}: give a smaller number, your own ties, or kind complete"


def mean_degree() -> float:
    """Declare the mean number of ties of an organisation."""
    degree: float = parameter(
        6.0,
        "Mean number of ties of an organisation.",
        unit="ties",
        above=0.0,
        plausible=(3.0, 10.0),
        role="world",
    )
    return degree


class PartnershipsNetwork(GeneratedNetwork):
    """Dense within partnerships, less dense within regions, with some ties across: the default."""

    kind: Literal["partnerships"] = "partnerships"
    mean_degree: float = mean_degree()
    across: float = parameter(
        0.12,
        "Share of ties between regions (by analogy with patients seen at another hospital).",
        plausible=(0.02, 0.3),
        source="clarke2018",
        known="derived",
        role="world",
    )
    partnership_density: float = parameter(
        0.8, "Probability of a tie within a partnership, if the mean degree allows.", role="world"
    )

    def problems(self, organisations: int) -> Iterator[Problem]:
        """Yield a mean degree that is too large."""
        yield from mean_degree_problems(self.mean_degree, organisations)


class SmallWorldNetwork(GeneratedNetwork):
    """A ring with some ties rewired at random (watts1998)."""

    kind: Literal["small_world"] = "small_world"
    degree: int = choice(6, "Ties of each organisation before rewiring; even.", unit="ties", low=2)
    rewiring: float = parameter(0.1, "Probability that a tie is rewired.", role="world")

    def problems(self, organisations: int) -> Iterator[Problem]:
        """Yield a degree that a ring cannot have."""
        yield from degree_problems(self.degree, organisations)


class ScaleFreeNetwork(GeneratedNetwork):
    """New organisations form ties to those with many ties (barabasi1999)."""

    kind: Literal["scale_free"] = "scale_free"
    ties_a_newcomer: int = choice(3, "Ties of each new organisation.", unit="ties", low=1)

    def problems(self, organisations: int) -> Iterator[Problem]:
        """Yield a number of ties that is too large."""
        if self.ties_a_newcomer >= organisations:
            yield "ties_a_newcomer", f"got {self.ties_a_newcomer}; needed: below {organisations}"


class RandomNetwork(GeneratedNetwork):
    """Each pair is tied with the same probability (erdos1959)."""

    kind: Literal["random"] = "random"
    mean_degree: float = mean_degree()

    def problems(self, organisations: int) -> Iterator[Problem]:
        """Yield a mean degree that is too large."""
        yield from mean_degree_problems(self.mean_degree, organisations)


class RingNetwork(GeneratedNetwork):
    """Each organisation tied to its nearest neighbours in a ring."""

    differs_by_replicate: ClassVar[bool] = False

    kind: Literal["ring"] = "ring"
    degree: int = choice(2, "Ties of each organisation; even.", unit="ties", low=2)

    def problems(self, organisations: int) -> Iterator[Problem]:
        """Yield a degree that a ring cannot have."""
        yield from degree_problems(self.degree, organisations)


class CompleteNetwork(GeneratedNetwork):
    """Every pair of organisations is tied."""

    differs_by_replicate: ClassVar[bool] = False

    kind: Literal["complete"] = "complete"


class HubAndSpokeNetwork(GeneratedNetwork):
    """In each partnership the largest organisation is tied to all others; the hubs are tied to each other."""

    kind: Literal["hub_and_spoke"] = "hub_and_spoke"


class GivenTie(ConfigSection):
    """One given tie."""

    first: str = choice(..., "Id of one organisation.")
    second: str = choice(..., "Id of the other.")
    weight: float = choice(1.0, "Strength of the tie.", above=0.0, high=1.0)


class GivenTiesNetwork(ConfigSection):
    """Ties listed in the scenario."""

    kind: Literal["ties"] = "ties"
    ties: tuple[GivenTie, ...] = choice((), "The list of ties.")


class TiesFileNetwork(ConfigSection):
    """Ties from a CSV table of two ids and an optional weight; a repeated pair has its largest weight."""

    kind: Literal["file"] = "file"
    file: str = choice(..., "CSV table of ties; a relative path starts from the scenario's folder.")
    first: str = choice("from", "Column of one organisation's id.")
    second: str = choice("to", "Column of the other's id.")
    weight: str | None = choice(None, "Column of the weight, in (0, 1]; without it every weight is 1.")
    unknown: Literal["refuse", "leave_out"] = choice(
        "refuse", "What to do with ties to ids that are not in the table of organisations."
    )


class MembershipsNetwork(ConfigSection):
    """Ties between organisations that share a group; weight = groups shared / most groups shared by any pair."""

    kind: Literal["memberships"] = "memberships"
    file: str = choice(..., "CSV table of memberships; a relative path starts from the scenario's folder.")
    organisation: str = choice("organisation", "Column of the organisation's id.")
    group: str = choice("group", "Column of the group, such as a clinical network.")
    unknown: Literal["refuse", "leave_out"] = choice(
        "refuse", "What to do with members that are not in the table of organisations."
    )


ShippedNetwork = Annotated[
    PartnershipsNetwork
    | SmallWorldNetwork
    | ScaleFreeNetwork
    | RandomNetwork
    | RingNetwork
    | CompleteNetwork
    | HubAndSpokeNetwork
    | GivenTiesNetwork
    | TiesFileNetwork
    | MembershipsNetwork,
    Field(discriminator="kind"),
]

AnyNetwork = accept_own(ShippedNetwork, "kind")
"""A network of the package or of a plug-in."""

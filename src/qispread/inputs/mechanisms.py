"""The parameters of the rules, one section for each file in `qispread.model.rules`."""

from qispread.common.deprecation import keep_former_members
from qispread.inputs.parameter import ConfigSection, RenamedSection, parameter


class LeaderParameters(ConfigSection):
    """Turnover and succession of leaders."""

    leader_exit: float = parameter(
        0.23,
        "Rate at which a leader leaves; 0.23 is a median tenure of 3 years.",
        unit="1/year",
        low=0.0,
        plausible=(0.1, 0.7),
        source="kingsfund2018",
        known="derived",
    )
    continuity: float = parameter(0.5, "Weight of the former leadership in the leadership under a successor.")
    new_broom: float = parameter(0.25, "Probability that a successor drops a practice still being implemented.")


class CapacityParameters(ConfigSection):
    """The staff time available for improvement."""

    unled_time: float = parameter(
        0.5, "Share of staff time that is available without any leadership.", source="dixonwoods2014"
    )


class HearingParameters(ConfigSection):
    """How organisations hear of an intervention."""

    broadcast: float = parameter(
        0.004,
        "Monthly probability of hearing from outside the network (journals, media, meetings).",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.001, 0.02),
    )
    contact: float = parameter(
        0.08,
        "Monthly probability of hearing from a peer that uses it, at full tie weight and observability.",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.02, 0.2),
    )


class DecisionParameters(ConfigSection):
    """The weights of the decision to adopt, in log-odds per month; vary each from half to double."""

    reluctance: float = parameter(
        3.6,
        "Reluctance to start (log-odds against adopting when nothing favours it).",
        unit="log-odds",
        plausible=(1.8, 7.2),
    )
    peers: float = parameter(2.5, "Weight of the share of peers that use it.", unit="log-odds", plausible=(1.25, 5.0))
    advantage: float = parameter(
        2.0, "Weight of the effect at the best visible peer.", unit="log-odds", plausible=(1.0, 4.0)
    )
    climate: float = parameter(3.0, "Weight of the climate above 0.5.", unit="log-odds", plausible=(1.5, 6.0))
    standard: float = parameter(
        2.0,
        "Weight of an agreed standard that the organisation's partnership uses.",
        unit="log-odds",
        plausible=(1.0, 4.0),
    )
    overload: float = parameter(
        1.5, "Weight of the shortfall in staff time, in full teams.", unit="log-odds", plausible=(0.75, 3.0)
    )
    claimed_result: float = parameter(
        0.3, "Effect claimed in the literature, expected where no peer is visible.", plausible=(0.15, 0.6)
    )
    similarity_range: float = parameter(
        8.0,
        "Squared distance between settings at which similarity falls to 1/e.",
        unit="variance",
        above=0.0,
        plausible=(2.0, 16.0),
    )


class CopyingParameters(ConfigSection):
    """Loss of fidelity in copying, and the effect expected of a copy."""

    copy_loss: float = parameter(
        0.6,
        "Loss of core components at each copy, at full complexity without codification or support.",
        plausible=(0.1, 0.9),
        known="hypothesis",
    )
    lineage: float = parameter(
        0.0,
        "0: each copies the version of a peer; 1: all copy the original.",
        plausible=(0.0, 1.0),
        known="hypothesis",
    )
    standard_codification: float = parameter(0.8, "Codification of an agreed standard.", plausible=(0.6, 0.95))
    ambition: float = parameter(
        0.8,
        "Goal as a multiple of the effect seen at peers: realistic 0.4, usual 0.8, heroic 1.5.",
        unit="ratio",
        low=0.0,
        plausible=(0.4, 1.5),
    )


class ImprovementParameters(ConfigSection):
    """PDSA, drift and embedding, per month."""

    support_skill: float = parameter(0.3, "Skill added by full support.", plausible=(0.1, 0.6))
    blind_cycles: float = parameter(
        0.5, "Share of cycles that can be genuine without any measurement.", plausible=(0.2, 0.8), source="taylor2014"
    )
    tuning_step: float = parameter(
        0.12,
        "Share of the distance to the local setting that a genuine cycle adapts the version.",
        plausible=(0.05, 0.25),
    )
    repair: float = parameter(
        0.06, "Share of the missing fidelity that a genuine cycle restores.", plausible=(0.02, 0.12)
    )
    learning: float = parameter(
        0.004, "Share of the missing capability that a genuine cycle builds.", plausible=(0.001, 0.01)
    )
    reactive: float = parameter(0.5, "Scale of the probability of a reactive change.", plausible=(0.2, 0.66))
    standard_guard: float = parameter(
        0.7, "Share of reactive changes that a full and rigid standard prevents.", plausible=(0.3, 1.0)
    )
    erosion: float = parameter(
        0.06,
        "Share of fidelity that a reactive change costs at full complexity.",
        plausible=(0.02, 0.12),
        source="moore2013",
    )
    decay: float = parameter(
        0.03,
        "Monthly decay of fidelity without monitoring or embedding.",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.006, 0.046),
        source="glasgow2012,ament2015,sarre2019",
        known="derived",
    )
    embedding_holds: float = parameter(0.5, "Share of decay that full embedding prevents.", plausible=(0.2, 0.8))
    embed: float = parameter(
        0.13,
        "Monthly rate of embedding in the best climate with enough staff time.",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.04, 0.25),
        source="crofts2016",
        known="derived",
    )
    embedded_above: float = parameter(
        0.5, "Level above which a practice counts as embedded and needs only upkeep.", plausible=(0.3, 0.7)
    )


@keep_former_members
class ReviewParameters(RenamedSection):
    """The yearly review."""

    interval: int = parameter(12, "Months between reviews.", unit="months", low=1)
    noise: float = parameter(
        0.25,
        "Standard deviation of the error in the effect seen, without measurement.",
        unit="result",
        low=0.0,
        plausible=(0.1, 0.5),
        source="schmidtke2017",
    )
    discontinuing: float = parameter(
        0.9, "Readiness to discontinue, for each unit of shortfall.", unit="ratio", low=0.0, plausible=(0.45, 1.8)
    )
    forbearance: float = parameter(
        1.2, "Leadership at which an organisation would never discontinue.", unit="ratio", low=1.0, plausible=(1.0, 1.6)
    )
    cynicism: float = parameter(
        0.06, "Share of culture that a disappointing review costs.", plausible=(0.02, 0.12), source="repenning2002"
    )
    encouragement: float = parameter(
        0.03, "Share of the missing culture that a good review builds.", plausible=(0.01, 0.06)
    )
    readopting: float = parameter(
        0.01,
        "Monthly probability that an organisation that discontinued reconsiders.",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.0, 0.03),
    )


class LocalImprovementParameters(ConfigSection):
    """Other local improvement, in the remaining time."""

    gain: float = parameter(
        0.01,
        "Share of the remaining adverse events removed a month at full capability, measurement and spare time.",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.005, 0.02),
    )
    loss: float = parameter(
        0.02,
        "Share of the gain lost a month without monitoring.",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.01, 0.04),
    )


class OutcomeParameters(ConfigSection):
    """The underlying trend in adverse events."""

    secular: float = parameter(
        0.05,
        "Rate of the underlying fall in adverse events.",
        unit="1/year",
        low=0.0,
        plausible=(0.0, 0.25),
        source="bion2013",
        known="derived",
    )

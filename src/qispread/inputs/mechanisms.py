"""The parameters of the rules, one section for each file in `qispread.model.rules`."""

from qispread.common.deprecation import keep_former_members
from qispread.inputs.parameter import ConfigSection, RenamedSection, parameter


class LeaderParameters(ConfigSection):
    """Leaders leave and are followed."""

    leader_exit: float = parameter(
        0.23,
        "Rate at which a leader leaves; 0.23 is a median tenure of 3 years.",
        unit="1/year",
        low=0.0,
        plausible=(0.1, 0.7),
        source="kingsfund2018",
        known="derived",
    )
    continuity: float = parameter(0.5, "Weight of the old leadership in that under a successor.")
    new_broom: float = parameter(0.25, "Probability that a successor drops a practice still being implemented.")


class CapacityParameters(ConfigSection):
    """What an organisation can bring to improvement."""

    unled_time: float = parameter(
        0.5, "Share of the available time that exists without any leadership.", source="dixonwoods2014"
    )


class HearingParameters(ConfigSection):
    """How word of an intervention reaches an organisation."""

    broadcast: float = parameter(
        0.004,
        "Probability a month of hearing from outside the network (journals, media, meetings).",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.001, 0.02),
    )
    contact: float = parameter(
        0.08,
        "Probability a month that a practising peer at full tie weight and observability passes the word.",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.02, 0.2),
    )


class DecisionParameters(ConfigSection):
    """The weights of the decision to begin, in log-odds a month; sweep each by half and double."""

    reluctance: float = parameter(
        3.6, "Log-odds against beginning when nothing speaks for it.", unit="log-odds", plausible=(1.8, 7.2)
    )
    peers: float = parameter(2.5, "Weight of the share of ties that practise.", unit="log-odds", plausible=(1.25, 5.0))
    advantage: float = parameter(
        2.0, "Weight of the result of the best visible peer.", unit="log-odds", plausible=(1.0, 4.0)
    )
    climate: float = parameter(3.0, "Weight of the climate above 0.5.", unit="log-odds", plausible=(1.5, 6.0))
    standard: float = parameter(
        2.0, "Weight of an agreed standard that the own system practises.", unit="log-odds", plausible=(1.0, 4.0)
    )
    overload: float = parameter(
        1.5, "Weight of the time that would be missing, in full teams.", unit="log-odds", plausible=(0.75, 3.0)
    )
    claimed_result: float = parameter(
        0.3, "Result that the literature claims, believed where no peer is visible.", plausible=(0.15, 0.6)
    )
    similarity_range: float = parameter(
        8.0,
        "Squared distance of settings at which similarity has fallen to 1/e.",
        unit="variance",
        above=0.0,
        plausible=(2.0, 16.0),
    )


class CopyingParameters(ConfigSection):
    """What a copy loses and what is expected of it."""

    copy_loss: float = parameter(
        0.6,
        "Loss of core components at each copy, at full complexity, no codification and no support.",
        plausible=(0.1, 0.9),
        known="hypothesis",
    )
    lineage: float = parameter(
        0.0,
        "0: each copies the copy it sees; 1: everyone learns from the original.",
        plausible=(0.0, 1.0),
        known="hypothesis",
    )
    standard_codification: float = parameter(
        0.8, "Codification that an agreed standard reaches.", plausible=(0.6, 0.95)
    )
    ambition: float = parameter(
        0.8,
        "Goal as a multiple of the advantage seen: realistic 0.4, usual 0.8, heroic 1.5.",
        unit="ratio",
        low=0.0,
        plausible=(0.4, 1.5),
    )


class ImprovementParameters(ConfigSection):
    """PDSA, drift and embedding, a month."""

    support_skill: float = parameter(0.3, "Skill that full support lends.", plausible=(0.1, 0.6))
    blind_cycles: float = parameter(
        0.5, "Share of cycles that can be real without any measurement.", plausible=(0.2, 0.8), source="taylor2014"
    )
    tuning_step: float = parameter(
        0.12, "Share of the way to the own setting that a real cycle moves the version.", plausible=(0.05, 0.25)
    )
    repair: float = parameter(0.06, "Share of the missing fidelity that a real cycle restores.", plausible=(0.02, 0.12))
    learning: float = parameter(
        0.004, "Share of the missing capability that a real cycle builds.", plausible=(0.001, 0.01)
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
        "Decay of fidelity a month where nobody watches and nothing is embedded.",
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
        "Rate of embedding a month in a full climate with a full dose.",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.04, 0.25),
        source="crofts2016",
        known="derived",
    )
    embedded_above: float = parameter(
        0.5, "Embedding above which a practice counts as embedded and needs only upkeep.", plausible=(0.3, 0.7)
    )


@keep_former_members
class ReviewParameters(RenamedSection):
    """The yearly review."""

    interval: int = parameter(12, "Months between reviews.", unit="months", low=1)
    noise: float = parameter(
        0.25,
        "Standard deviation of the error in the result seen, without measurement.",
        unit="result",
        low=0.0,
        plausible=(0.1, 0.5),
        source="schmidtke2017",
    )
    discontinuing: float = parameter(
        0.9, "Readiness to give up, for each unit of shortfall.", unit="ratio", low=0.0, plausible=(0.45, 1.8)
    )
    forbearance: float = parameter(
        1.2, "Leadership at which nobody would ever give up.", unit="ratio", low=1.0, plausible=(1.0, 1.6)
    )
    cynicism: float = parameter(
        0.06, "Share of culture that a disappointing review costs.", plausible=(0.02, 0.12), source="repenning2002"
    )
    encouragement: float = parameter(
        0.03, "Share of the missing culture that a good review builds.", plausible=(0.01, 0.06)
    )
    readopting: float = parameter(
        0.01,
        "Probability a month that one who gave up considers it again.",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.0, 0.03),
    )


class LocalImprovementParameters(ConfigSection):
    """Improvement made at home with the time left over."""

    gain: float = parameter(
        0.01,
        "Share of the remaining harm removed a month at full capability, measurement and spare time.",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.005, 0.02),
    )
    loss: float = parameter(
        0.02,
        "Share of the gain lost a month where nobody watches.",
        unit="1/month",
        low=0.0,
        high=1.0,
        plausible=(0.01, 0.04),
    )


class OutcomeParameters(ConfigSection):
    """What happens to harm anyway."""

    secular: float = parameter(
        0.05,
        "Rate at which harm falls anyway.",
        unit="1/year",
        low=0.0,
        plausible=(0.0, 0.25),
        source="bion2013",
        known="derived",
    )

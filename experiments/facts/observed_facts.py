"""The measured facts: their counterparts in runs and confidence; and facts that no run can express."""

from dataclasses import dataclass
from pathlib import Path

FACTS_FILE = Path(__file__).parent / "facts.yaml"


@dataclass(frozen=True)
class ObservedFact:
    """One fact.

    Attributes
    ----------
    statement : str
        The fact in a few words.
    measured : str
        The finding, with its numbers.
    source : str
        Keys of the bibliography.
    confidence : {"H", "M", "L"}
        H replicated or a strong design, M one study or before and after, L disputed or derived.
    counterparts : dict of str to str
        By name of the target in facts.yaml: the counterpart in a run, and the source of its error. Empty if no quantity
        of a run corresponds to the fact.
    reason : str
        Why the model cannot express it, or part of it.
    """

    statement: str
    measured: str
    source: str
    confidence: str
    counterparts: dict[str, str]
    reason: str = ""


FACTS = {
    "origin": ObservedFact(
        "A strong effect at the pilot site",
        "5-minute Apgar of 6 or less fell from 86.6 to 44.6 in 10,000 births (-48%)",
        "draycott2006",
        "M",
        {
            "origin": "the best result of the pilot site times the benefit, after three years; the interval is that of "
            "73 and 49 events, computed from the rates and numbers of births. The fact includes the trend, the model "
            "value does not"
        },
    ),
    "embed": ObservedFact(
        "It embeds fast, then slowly",
        "about 85% of the gap closed in years 1 to 4, the rest by year 10 (brachial plexus injury 7.4, 2.3, 1.3%)",
        "crofts2016",
        "M",
        {
            "embed": "the pilot site's best result after ten years over that after four: 1 / 0.85; the error is a "
            "judgement"
        },
    ),
    "copy": ObservedFact(
        "Copied by train the trainer, without support: adopted, with little effect",
        "10 of 12 and 7 of 8 units ran it; Scotland, odds ratio 1.01 (0.84 to 1.22); Victoria, Apgar at 1 minute 0.84 "
        "(0.77 to 0.91), at 5 minutes no change",
        "lenguerrand2020,shoushtarian2014",
        "H",
        {
            "copy_runs": "the share of enrolled units that use it eighteen months later; Wilson interval of 17 of 20",
            "copy_scotland": "event rate eighteen months later over that in the same populations without it",
            "copy_victoria": "event rate eighteen months later over that before, trend included in both; between 0.84 "
            "and 1",
        },
    ),
    "coach": ObservedFact(
        "An implementation team restores reach and form",
        "12 of 12 units; 82.5 to 100% of staff in 15 months; 93% of courses supported",
        "renwick2021",
        "M",
        {
            "coach_runs": "the share that uses it after fifteen months; Wilson interval of 12 of 12",
            "coach_form": "fidelity after fifteen months, judged to correspond to the staff reached and the form of "
            "courses",
        },
        "outcomes were not reported",
    ),
    "third": ObservedFact(
        "Only about a third improve in a national programme",
        "279 of 800 processes (35%); 35% and 46% of 130 hospitals",
        "stephens2020,glasgow2012",
        "H",
        {
            "third": "units below 40% of the pilot site's result, or discontinued, after two years; the error is the "
            "spread of the three"
        },
    ),
    "simple": ObservedFact(
        "Simple beats complex",
        "one drug: 152 of 152 units in two years; a pathway of 37 items: 11 in common use",
        "edwards2023,stephens2018",
        "M",
        {
            "simple_use": "the share that uses a simple intervention after two years; Wilson interval of 152 of 152",
            "simple_complex": "fidelity of a complex intervention after two years; Wilson interval of 11 of 37",
        },
        "use of the drug in patients and survival are not modelled",
    ),
    "secular": ObservedFact(
        "A programme's effect is often no larger than the underlying trend",
        "3.7 to 1.48 infections in 1,000 catheter-days in 20 months, no acceleration after training",
        "bion2013",
        "H",
        {
            "secular": "event rate after twenty months over that in the same populations without it; the error is a "
            "judgement"
        },
        "the fall itself (0.55 a year) is not a target: much of it is specific to one infection and one period",
    ),
    "decay": ObservedFact(
        "Gains decay",
        "half-lives of 1.2 to 5.5 years; 60% and 32% of those that improved sustained it for two years",
        "glasgow2012,ament2015,sarre2019",
        "M",
        {
            "decay": "effect over all units two years after the end of coaching, over that at its end; the interval is "
            "that of the half-lives"
        },
    ),
    "hold": ObservedFact(
        "Monitoring with feedback and leadership sustains gains",
        "infections -66% at 18 months, -1% (not significant) in the next 18",
        "pronovost2006,pronovost2010",
        "M",
        {
            "hold": "event rate eighteen months after the end of coaching, over that at its end; the error is a "
            "judgement"
        },
        "-66% is more than the largest benefit of PROMPT: another intervention",
    ),
    "pdsa": ObservedFact(
        "PDSA is mostly PDSA in name",
        "14 of 73 papers show iterative cycles; with support 0 to 60% show series of cycles",
        "taylor2014,mcnicholas2019",
        "H",
        {},
        "no measure counts real cycles; capability at the start and its growth are set from this fact",
    ),
    "curve": ObservedFact(
        "Effect is not linear in fidelity",
        "a bundle: no effect below 75% compliance, rate ratio 0.67 (0.59 to 0.77) from 95%; "
        "programmes do well at 60 to 80%",
        "furuya2016,durlak2008",
        "M",
        {},
        "this is the response curve itself, an input by its midpoint and steepness, and not a result",
    ),
    "people": ObservedFact(
        "People and networks limit spread",
        "team turnover of 81% in two years, slope on fidelity -0.005 a point; opinion leaders +9 to +12 points",
        "woltmann2008,flodgren2011",
        "L",
        {},
        "the slope is on another scale, over turnover that no unit of the model has; opinion leaders are not a policy",
    ),
}
"""By id."""


def target_fact_id(target: str) -> str:
    """Return the id of the fact with this target as counterpart."""
    return next(name for name, fact in FACTS.items() if target in fact.counterparts)

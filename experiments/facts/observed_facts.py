"""The facts: what was measured, what stands for it in a run, how sure it is; and those that no run can show."""

from dataclasses import dataclass
from pathlib import Path

FACTS_FILE = Path(__file__).parent / "facts.yaml"


@dataclass(frozen=True)
class ObservedFact:
    """One fact.

    Attributes
    ----------
    statement : str
        In a few words.
    measured : str
        What was found, with its numbers.
    source : str
        Keys of the bibliography.
    confidence : {"H", "M", "L"}
        H replicated or a strong design, M one study or before and after, L disputed or derived.
    counterparts : dict of str to str
        By name of the target in facts.yaml: why this stands for the fact, and where its error comes from. Where there
        are none, nothing in a run stands for it.
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
        "A strong effect where it began",
        "5-minute Apgar of 6 or less fell from 86.6 to 44.6 in 10,000 births (-48 %)",
        "draycott2006",
        "M",
        {
            "origin": "the best result of the origin times the benefit, three years on; the interval is that of 73 and "
            "49 events, worked out from the rates and numbers of births. The trend is in the fact and not in ours"
        },
    ),
    "embed": ObservedFact(
        "It embeds fast, then slowly",
        "about 85 % of the gap closed in years 1 to 4, the rest by year 10 (brachial plexus injury 7.4, 2.3, 1.3 %)",
        "crofts2016",
        "M",
        {"embed": "the origin's best result after ten years over that after four: 1 / 0.85; the error is a judgement"},
    ),
    "copy": ObservedFact(
        "Copied by train the trainer and left alone: taken up, with little effect",
        "10 of 12 and 7 of 8 units ran it; Scotland, odds ratio 1.01 (0.84 to 1.22); Victoria, Apgar at 1 minute 0.84 "
        "(0.77 to 0.91), at 5 minutes no change",
        "lenguerrand2020,shoushtarian2014",
        "H",
        {
            "copy_runs": "of those enrolled, the share that uses it eighteen months later; Wilson interval of 17 of 20",
            "copy_scotland": "harm eighteen months later over harm in the same worlds without it",
            "copy_victoria": "harm eighteen months later over harm before, trend included as there; between 0.84 and 1",
        },
    ),
    "coach": ObservedFact(
        "An implementation team restores reach and form",
        "12 of 12 units; 82.5 to 100 % of staff in 15 months; 93 % of courses supported",
        "renwick2021",
        "M",
        {
            "coach_runs": "the share that uses it after fifteen months; Wilson interval of 12 of 12",
            "coach_form": "fidelity after fifteen months; that staff reached and form of courses stand for it: judged",
        },
        "outcomes were not reported",
    ),
    "third": ObservedFact(
        "Only about a third improve in a national programme",
        "279 of 800 processes (35 %); 35 % and 46 % of 130 hospitals",
        "stephens2020,glasgow2012",
        "H",
        {"third": "those below 40 % of the origin's result, or lapsed, two years on; the error is the three's spread"},
    ),
    "simple": ObservedFact(
        "Simple beats complex",
        "one drug: 152 of 152 units in two years; a pathway of 37 items: 11 in common use",
        "edwards2023,stephens2018",
        "M",
        {
            "simple_use": "the share that uses a simple intervention two years on; Wilson interval of 152 of 152",
            "simple_complex": "fidelity of a complex one two years on; Wilson interval of 11 of 37",
        },
        "uptake of the drug in patients and survival are not modelled",
    ),
    "secular": ObservedFact(
        "A programme's effect is often no larger than the trend that was there anyway",
        "3.7 to 1.48 infections in 1,000 catheter-days in 20 months, no acceleration after training",
        "bion2013",
        "H",
        {"secular": "harm twenty months on over harm in the same worlds without it; the error is a judgement"},
        "the fall itself (0.55 a year) is no target: much of it is of one infection and one time",
    ),
    "decay": ObservedFact(
        "Gains decay",
        "half-lives of 1.2 to 5.5 years; 60 % and 32 % of those that improved held it for two years",
        "glasgow2012,ament2015,sarre2019",
        "M",
        {
            "decay": "effect over all units two years after coaching has ended, over that at its end; the interval is "
            "that of the half-lives"
        },
    ),
    "hold": ObservedFact(
        "Monitoring with feedback and leadership holds them",
        "infections -66 % at 18 months, -1 % (not significant) in the next 18",
        "pronovost2006,pronovost2010",
        "M",
        {"hold": "harm eighteen months after coaching has ended, over that at its end; the error is a judgement"},
        "-66 % is more than the benefit of PROMPT can be: another intervention",
    ),
    "pdsa": ObservedFact(
        "PDSA is mostly PDSA in name",
        "14 of 73 papers show iterative cycles; with support 0 to 60 % show series of cycles",
        "taylor2014,mcnicholas2019",
        "H",
        {},
        "no measure counts real cycles; capability at the start and its growth are set from this fact",
    ),
    "curve": ObservedFact(
        "Effect is not linear in fidelity",
        "a bundle: nothing below 75 % compliance, rate ratio 0.67 (0.59 to 0.77) from 95 %; "
        "programmes do well at 60 to 80 %",
        "furuya2016,durlak2008",
        "M",
        {},
        "it is the response curve itself, which is put in by its midpoint and steepness and not a result",
    ),
    "people": ObservedFact(
        "People and networks gate it",
        "team turnover of 81 % in two years, slope on fidelity -0.005 a point; opinion leaders +9 to +12 points",
        "woltmann2008,flodgren2011",
        "L",
        {},
        "the slope is on a scale of its own, over turnover that no unit here has; opinion leaders are no policy here",
    ),
}
"""By id."""


def target_fact_id(target: str) -> str:
    """Return the id of the fact that a target stands for."""
    return next(name for name, one in FACTS.items() if target in one.counterparts)

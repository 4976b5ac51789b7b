"""The page of results for a reader of policy, written from the table of claims and from what experiments declare."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import verdict
from experiments.condition import percent
from experiments.design import Experiment, Part, Size, base_of, declared_strengths
from experiments.figures import unit_of
from experiments.lives import DERIVED
from experiments.tables import COLUMNS, read_captions
from qispread.config.factors import numbers_of

THRESHOLD = re.compile(r"(\S+) (above|at most) (\S+) \(plausible")
LEAST_TOLD = 0.005
"""Below this, in the unit told, a difference is told as 0."""

HEAD = """# Published results

What the model says of eleven claims about the spread of improvement. Made by `python -m experiments` (all eleven) or
`python -m experiments.e08_act_like_a_sector` (one), which write every number, figure and word of this page. Nothing
here is evidence about health care: it is evidence about what follows from the model's rules, most of whose numbers
nobody has measured. A claim counts for as much as it survives when these numbers are varied over all that is plausible.

"""

READING = """## How to read it

Each experiment runs arms that differ in one thing, in the same {worlds} worlds with the same chances, at the model's
defaults: that gives the difference with its 95 % interval. Then all is done again in {models} plausible models, whose
parameters are spread over every declared plausible range at once ({model_worlds} worlds each): the share in which the
sign holds tells how far the answer hangs on numbers that nobody knows. Last the mechanism that the claim names is
switched off: if the effect stays, something else made it.

**Population effect**, the measure of most claims, is the mean result over all organisations that did not start the
intervention, as a share of the largest possible benefit; those that do not use it count as 0. A difference of 2
percentage points is the smallest that is said to matter: one harmful event in a hundred, or about 55 births a year in
the 152 English maternity units. Averages over users alone would reward policies that scare off the unready.

In the figures, circles are the defaults, squares the plausible models (median, half of them, nine in ten of them) and
diamonds the model with the mechanism off; the dashed line is the smallest difference that matters.

"""


OTHERS = """
## Known limits, facts and diffusions

[docs/validation.md](../../docs/validation.md) tells whether the model equals what is known exactly, and comes near what
was measured; [docs/diffusion.md](../../docs/diffusion.md) whether two diffusions that were observed need contagion by
ties. Their tables and pictures are here, by the first word of their names:

| files | made by | minutes |
| - | - | - |
| `validation...`: limits, exact values, ours, verdicts | `python -m experiments.validation --write` | 5 |
| `facts...`: facts with their counterparts, the calibration, its check | `python -m experiments.facts --write` | 3 |
| `diffusion...`: models fitted, held-out scores, shuffles, checks | `python -m experiments.diffusion` | 5 |

`python -m experiments.everything` makes all of it, the claims too.
"""

Row = dict[str, Any]
"""One row of the table of claims."""


def rows_of(claims: pd.DataFrame) -> list[Row]:
    """Return the rows of a table by name of column."""
    return [{str(name): value for name, value in row.items()} for row in claims.to_dict("records")]


def verdicts_in_brief(claims: pd.DataFrame, experiments: Mapping[int, Experiment]) -> str:
    """Return the table of verdicts."""
    lines = [
        "## In brief",
        "",
        "| claim | part | verdict | at the defaults | sign holds in | matters in |",
        "| - | - | - | - | - | - |",
    ]
    for row in rows_of(claims):
        part = part_of(experiments[row["claim"]], row["part"])
        lines.append(
            f"| [{row['claim']}](#claim-{row['claim']}) | {part.statement} | **{row['verdict']}** | {told(row, part)} "
            f"| {percent(row['share_holds'])} | {percent(row['share_matters'])} |"
        )
    return "\n".join([*lines, "", ""])


def small_though_sure(row: Row) -> bool:
    """Return whether a part fails by the third requirement alone: the sign holds, and seldom matters."""
    return bool(
        row["verdict"] != verdict.SUPPORTED
        and row["low"] > row["smallest"]
        and row["share_low"] >= verdict.HOLDS
        and row["condition"] != verdict.STAYS
    )


def part_of(experiment: Experiment, name: str) -> Part:
    """Return a part of an experiment by name."""
    return next(part for part in experiment.parts if part.name == name)


def number(value: float, factor: float) -> str:
    """Return a difference as it is told: to a tenth, small ones to a hundredth."""
    scaled = factor * value
    if abs(scaled) < LEAST_TOLD:
        return "0.0"
    return f"{scaled:+.1f}" if abs(scaled) >= 20.0 * LEAST_TOLD else f"{scaled:+.2f}"


def told(row: Row, part: Part, prefix: str = "") -> str:
    """Return a difference with its interval and unit."""
    factor, unit = unit_of(part.quantity)
    value, low, high = (number(float(row[f"{prefix}{name}"]), factor) for name in ("difference", "low", "high"))
    return f"{value} {unit} ({low} to {high})"


def meanings(condition: str, experiment: Experiment) -> str:
    """Return what the parameters are that a condition names, and whether the defaults meet it."""
    base = base_of(experiment.horizon)
    known = {path: (value, field.description or "") for path, value, field in numbers_of(base)}
    for name, value in declared_strengths(experiment).items():
        known[name] = (value, f"Strength of the policy {name.split('.')[0].replace('_', ' ')}.")
    words, met = "", []
    for path, side, bound in THRESHOLD.findall(condition):
        value, meaning = known[path]
        met.append((value > float(bound)) == (side == "above"))
        words += f" (`{path}`: {meaning[0].lower()}{meaning[1:].rstrip('.')}; by default {value:g}.)"
    return words + (f" The defaults {'meet' if all(met) else 'do not meet'} it." if met else "")


def reading(part: Part) -> str:
    """Return what a difference is that is not simply that between two arms."""
    return f", {part.reading}" if part.reading else ""


def trust(row: Row, part: Part, experiment: Experiment) -> str:
    """Return how far to trust a part, in a sentence or two."""
    words = (
        f"In {row['models']} plausible models the sign holds in {percent(row['share_holds'])} (95 % interval "
        f"{percent(row['share_low'])} to {percent(row['share_high'])}); it cannot be told from chance in "
        f"{percent(row['share_untold'])}, and the difference matters in {percent(row['share_matters'])}."
    )
    if part.ablation is not None:
        words += f" With {part.ablation.words}, the difference is {told(row, part, 'ablation_')}."
    if small_though_sure(row):
        words += " The sign is as claimed and the effect often small: without requirement 3 it would be supported."
    condition = str(row["condition"])
    if condition:
        words += f" {condition[0].upper()}{condition[1:]}.{meanings(condition, experiment)}"
    return words


def paragraph(experiment: Experiment, claims: pd.DataFrame, caption: str) -> str:
    """Return the section of one claim."""
    found = []
    for row in rows_of(claims[claims["claim"] == experiment.number]):
        part = part_of(experiment, row["part"])
        found.append(
            f"- {part.statement}: **{row['verdict']}**. At the defaults {told(row, part)}{reading(part)}. "
            f"{trust(row, part, experiment)}"
        )
    lines = [
        f'<a id="claim-{experiment.number}"></a>',
        "",
        f"## {experiment.number}. {experiment.claim}",
        "",
        f"**What was asked.** {experiment.design} (Sources of the claim: {experiment.source}.)",
        "",
        "**What was found.**",
        "",
        *found,
        "",
        f"**How far to trust it.** {experiment.caution}",
        "",
        f"![{caption}]({experiment.name}.svg)",
        "",
        caption,
        "",
        f"Arms and secondary measures: [{experiment.name}.csv]({experiment.name}.csv).",
        "",
        "",
    ]
    return "\n".join(lines)


def rule_told() -> str:
    """Return the verdict rule as it stands in the code, and what columns and measures mean."""
    rule = (verdict.__doc__ or "").split("\n", 2)[2].strip()
    columns = "\n".join(f"- `{name}`: {meaning}" for name, meaning in COLUMNS.items())
    measures = "\n".join(f"- `{name}`: {one.meaning}" for name, one in DERIVED.items())
    return (
        f"## The verdict rule\n\nThe same for all claims, and decided before any of them was run.\n\n{rule}\n\n"
        f"## The table of claims\n\n[claims.csv](claims.csv) has a row for each part.\n\n{columns}\n\n"
        f"Measures that are not among those of `qispread describe`:\n\n{measures}\n"
    )


def write_page(folder: Path, claims: pd.DataFrame, experiments: Mapping[int, Experiment], size: Size) -> None:
    """Write README.md from a table of claims; claims that have not been run are left out."""
    present = [one for number_of, one in experiments.items() if number_of in set(claims["claim"])]
    reading = READING.format(worlds=size.worlds, models=size.models, model_worlds=size.model_worlds)
    text = HEAD + verdicts_in_brief(claims, experiments) + reading
    captions = read_captions(folder)
    text += "".join(paragraph(one, claims, captions[one.number]) for one in present) + rule_told() + OTHERS
    (folder / "README.md").write_text(text, encoding="utf-8")

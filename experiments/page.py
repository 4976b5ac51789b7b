"""The page of results for a reader of policy, written from the table of claims and from what experiments declare."""

from pathlib import Path

import pandas as pd

from experiments import design, verdict
from experiments.design import Experiment, Part
from experiments.figures import unit_of, words_of
from experiments.lives import DERIVED, quantity_of
from experiments.tables import COLUMNS

HEAD = """# Published results

What the model says of eleven claims about the spread of improvement. Made by `python -m experiments` (all eleven) or
`python -m experiments.e08_act_like_a_sector` (one), which write every number, figure and word of this page. Nothing here
is evidence about health care: it is evidence about what follows from the model's rules, most of whose numbers nobody
has measured. A claim counts for as much as it survives when these numbers are varied over all that is plausible.

"""

READING = """## How to read it

Each experiment runs arms that differ in one thing, in the same {worlds} worlds with the same chances, at the model's
defaults: that gives the difference with its 95 % interval. Then all is done again in {models} plausible models, whose
parameters are spread over every declared plausible range at once ({model_worlds} worlds each): the share in which the sign
holds tells how far the answer hangs on numbers that nobody knows. Last the mechanism that the claim names is switched
off: if the effect stays, something else made it.

**Population effect**, the measure of most claims, is the mean result over all organisations that did not start the
intervention, as a share of the largest possible benefit; those that do not use it count as 0. A difference of 2
percentage points is the smallest that is said to matter: one harmful event in a hundred, or about 55 births a year in
the 152 English maternity units. Averages over users alone would reward policies that scare off the unready.

In the figures, circles are the defaults, squares the plausible models (median, half of them, nine in ten of them) and
diamonds the model with the mechanism off; the dashed line is the smallest difference that matters.

"""


def verdicts_in_brief(claims: pd.DataFrame, experiments: dict[int, Experiment]) -> str:
    """Return the table of verdicts."""
    lines = [
        "## In brief",
        "",
        "| claim | part | verdict | at the defaults | sign holds in |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in claims.itertuples():
        part = part_of(experiments[row.claim], row.part)
        lines.append(
            f"| [{row.claim}](#claim-{row.claim}) | {part.statement} | **{row.verdict}** | {told(row, part)} | "
            f"{row.share_holds:.0%} of {row.models} models |"
        )
    return "\n".join([*lines, "", ""])


def part_of(experiment: Experiment, name: str) -> Part:
    """Return a part of an experiment by name."""
    return next(part for part in experiment.parts if part.name == name)


def number(value: float, factor: float) -> str:
    """Return a difference as it is told: one decimal more where it is small."""
    scaled = factor * value
    return "0.0" if abs(scaled) < 0.005 else f"{scaled:+.1f}" if abs(scaled) >= 0.1 else f"{scaled:+.2f}"


def told(row: object, part: Part, prefix: str = "") -> str:
    """Return a difference with its interval and unit."""
    factor, unit = unit_of(part.quantity)
    names = (f"{prefix}{name}" for name in ("difference", "low", "high"))
    value, low, high = (number(float(getattr(row, name)), factor) for name in names)
    return f"{value} {unit} ({low} to {high})"


def trust(row: object, part: Part) -> str:
    """Return how far to trust a part, in a sentence or two."""
    words = (
        f"In {row.models} plausible models the sign holds in {row.share_holds:.0%} (95 % interval {row.share_low:.0%} to "  # type: ignore[attr-defined]
        f"{row.share_high:.0%}); it cannot be told from chance in {row.share_untold:.0%}, and matters in "  # type: ignore[attr-defined]
        f"{row.share_matters:.0%}."  # type: ignore[attr-defined]
    )
    if part.ablation is not None:
        words += f" With {part.ablation.words}, the difference is {told(row, part, 'ablation_')}."
    condition = getattr(row, "condition", "")
    return f"{words} {condition[0].upper()}{condition[1:]}." if condition else words


def paragraph(experiment: Experiment, claims: pd.DataFrame) -> str:
    """Return the section of one claim."""
    lines = [
        f'<a id="claim-{experiment.number}"></a>',
        "",
        f"## {experiment.number}. {experiment.claim}",
        "",
        f"**What was asked.** {experiment.design} (Sources of the claim: {experiment.source}.)",
        "",
        "**What was found.**",
        "",
    ]
    for row in claims[claims["claim"] == experiment.number].itertuples():
        part = part_of(experiment, str(row.part))
        _, unit = unit_of(part.quantity)
        lines.append(f"- {part.statement}: **{row.verdict}**. At the defaults {told(row, part)}. {trust(row, part)}")
    lines += [
        "",
        f"**How far to trust it.** {experiment.caution}",
        "",
        f"![{experiment.claim}]({experiment.name}.svg)",
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
    measures = "\n".join(f"- {words_of(name)}: {one.meaning}" for name, one in DERIVED.items())
    return (
        f"## The verdict rule\n\nThe same for all claims, and decided before any of them was run.\n\n{rule}\n\n"
        f"## The table of claims\n\n[claims.csv](claims.csv) has a row for each part.\n\n{columns}\n\n"
        f"Measures that are not among those of `qispread describe`:\n\n{measures}\n"
    )


def write_page(folder: Path, claims: pd.DataFrame, experiments: dict[int, Experiment], size: design.Size) -> None:
    """Write README.md from a table of claims; claims that have not been run are left out."""
    present = [experiments[number] for number in experiments if number in set(claims["claim"])]
    reading = READING.format(worlds=size.worlds, models=size.models, model_worlds=size.model_worlds)
    text = HEAD + verdicts_in_brief(claims, experiments) + reading
    text += "".join(paragraph(one, claims) for one in present) + rule_told()
    (folder / "README.md").write_text(text, encoding="utf-8")


__all__ = ["quantity_of", "write_page"]

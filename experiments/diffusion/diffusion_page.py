"""The page of both studies: its tables between marks, made from the stored table alone."""

from collections.abc import Callable, Iterator

import pandas as pd

from experiments.diffusion.run_studies import ROOT, TABLE
from experiments.diffusion.studies import STUDIES
from experiments.validation.validation_page import BLOCK, markdown_table
from experiments.verdict import wilson_share

PAGE = ROOT / "docs/diffusion.md"
SIGNS = {
    "across ties": "tied people adopt at similar times (p below 0.05)",
    "evidence": "the evidence favours contact through ties, with a push free in each period",
    "held out": "contact predicts held-out communities better (95% interval above 0)",
}
MOST = "adoptions that ties alone would bring, at the upper end of the interval of contact"
JUDGED = {
    "across": "p at most 0.05 across ties",
    "evidence": "evidence for contact",
    "held_out": "held-out interval above 0",
    "right": "held-out communities, all together, favour the true model",
    "covers": "95% interval contains the true value",
    "needed": "verdict: ties are needed",
    "not_needed": "verdict: ties are not needed",
    "too_little": "verdict: too little to tell",
}
SHOWN_CHECKS = ("independent_by_period", "community_by_period", "contact_by_period", "reinforcement_by_period")


def read_stored_table() -> pd.DataFrame:
    """Read the stored table."""
    return pd.read_csv(TABLE)


def select_rows(table: pd.DataFrame, kind: str, study: str | None = None) -> pd.DataFrame:
    """Return the rows of one kind, of one study if it is given."""
    found = table[table["kind"] == kind]
    return found if study is None else found[found["study"] == study]


def interval(row: pd.Series, form: str = ".3g") -> str:
    """Return a value with its interval."""
    return f"{row['value']:{form}} ({row['low']:{form}} to {row['high']:{form}})"


def format_code(name: object) -> str:
    """Return a name as code."""
    return f"`{name}`"


def compare_studies_table(
    table: pd.DataFrame, kind: str, heading: str, label: Callable[[pd.Series], str], cell: Callable[[pd.Series], str]
) -> str:
    """Return a table with a row for each label and a column for each study."""
    names = [study.name for study in STUDIES]
    columns = {name: {label(row): cell(row) for _, row in select_rows(table, kind, name).iterrows()} for name in names}
    labels = dict.fromkeys(text for column in columns.values() for text in column)
    return markdown_table(
        (heading, *names), ([text, *(columns[name].get(text, "") for name in names)] for text in labels)
    )


def sizes_table(table: pd.DataFrame) -> str:
    """Return the sizes of both studies."""
    return compare_studies_table(table, "size", "", lambda row: str(row["name"]), lambda row: f"{row['value']:,.0f}")


def signs_table(table: pd.DataFrame) -> str:
    """Return each sign, the largest share of adoptions by ties, and the verdict."""
    text = compare_studies_table(
        table, "sign", "sign that ties are needed", lambda row: SIGNS[row["name"]],
        lambda row: "yes" if row["value"] else "no",
    )  # fmt: skip
    verdict = [str(select_rows(table, "verdict", study.name)["name"].iloc[0]) for study in STUDIES]
    most = [f"{select_rows(table, 'most by ties', study.name)['value'].iloc[0]:.0%}" for study in STUDIES]
    text += "\n| " + " | ".join((MOST, *most)) + " |"
    return f"{text}\n" + "| " + " | ".join(("**verdict: ties are**", *(f"**{word}**" for word in verdict))) + " |"


def strengths_table(table: pd.DataFrame) -> str:
    """Return the parameters of all models."""
    return compare_studies_table(
        table, "parameter", "model, parameter", lambda row: f"{format_code(row['name'])}, {row['quantity']}", interval
    )


def format_gain(row: pd.Series) -> str:
    """Return a gain in held-out communities, and the evidence."""
    return f"{row['value']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f}); {row['evidence']:+.1f}"


def gains_table(table: pd.DataFrame) -> str:
    """Return how models compare."""
    return compare_studies_table(
        table, "comparison", "model against model",
        lambda row: f"{format_code(row['name'])} against {format_code(row['against'])}", format_gain,
    )  # fmt: skip


def format_check(row: pd.Series) -> str:
    """Return an observed quantity among simulated ones."""
    return f"{row['observed']:.3f}; {interval(row, '.3f')}; {row['p']:.2f}"


def checks_table(table: pd.DataFrame) -> str:
    """Return observed quantities beside simulated ones, for the models with a free push."""
    kept = table[(table["kind"] != "check") | table["name"].isin(SHOWN_CHECKS)]
    return compare_studies_table(
        kept, "check", "quantity, model", lambda row: f"{row['quantity']}, {format_code(row['name'])}", format_check
    )


def permutation_table(table: pd.DataFrame) -> str:
    """Return the correlation across ties against shuffles."""
    header = ("study", "correlation over ties", "mean when shuffled", "p", "Monte Carlo error of p", "shuffles")
    rows = (
        (row["study"], f"{row['observed']:.3f}", f"{row['value']:.3f}", f"{row['p']:.4f}", f"{row['error']:.4f}",
         f"{row['count']:,.0f}")
        for _, row in select_rows(table, "shuffled").iterrows()
    )  # fmt: skip
    return markdown_table(header, rows)


def variants_table(table: pd.DataFrame) -> str:
    """Return the strength of contact for other readings of the ties."""
    header = ("study", "reading of the ties", "contact", "evidence", "at most", "correlation over ties", "p")
    rows = (
        (row["study"], row["name"], interval(row), f"{row['evidence']:+.1f}", f"{row['most']:+.1f}",
         f"{row['observed']:.3f}", f"{row['p']:.4f}")
        for _, row in select_rows(table, "variant").iterrows()
    )  # fmt: skip
    return markdown_table(header, rows)


def share_with_interval(row: pd.Series) -> str:
    """Return a share of histories with its interval, which is valid for 0 and 1 too."""
    share = wilson_share(round(row["value"] * row["count"]), round(row["count"]))
    return f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f})"


def self_check_table(table: pd.DataFrame) -> str:
    """Return the verdicts on histories with a known contact."""
    header = ("people and ties of", "true contact", "judged", "share, 95% interval", "histories")
    rows = (
        (row["study"], row["name"], JUDGED[row["quantity"]], share_with_interval(row), f"{row['count']:.0f}")
        for _, row in select_rows(table, "self-check").iterrows()
    )
    return markdown_table(header, rows)


def approximate_posterior_table(table: pd.DataFrame) -> str:
    """Return the exact posterior beside the approximate one."""
    header = ("parameter", "method", "median and 95% interval")
    rows = ((row["quantity"], row["name"], interval(row)) for _, row in select_rows(table, "approximate").iterrows())
    return markdown_table(header, rows)


BLOCKS: dict[str, Callable[[pd.DataFrame], str]] = {
    "sizes": sizes_table,
    "signs": signs_table,
    "strengths": strengths_table,
    "gains": gains_table,
    "shuffled": permutation_table,
    "checks": checks_table,
    "variants": variants_table,
    "histories": self_check_table,
    "approximate": approximate_posterior_table,
}


def iterate_blocks(table: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield the name and text of everything generated on the page."""
    for name, make in BLOCKS.items():
        yield name, make(table)


def render_page(text: str | None = None) -> str:
    """Return the page with all generated parts from the stored table."""
    texts: dict[str, str] = dict(iterate_blocks(read_stored_table()))
    text = PAGE.read_text(encoding="utf-8") if text is None else text
    return BLOCK.sub(lambda found: f"{found[1]}\n{texts[found[2]]}\n\n{found[3]}", text)

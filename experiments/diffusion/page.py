"""The page of both studies: its tables between marks, made from the stored table alone."""

from collections.abc import Callable, Iterator

import pandas as pd

from experiments.diffusion.running import ROOT, TABLE
from experiments.diffusion.studies import STUDIES
from experiments.validation.page import BLOCK, markdown
from experiments.verdict import share_of

PAGE = ROOT / "docs/diffusion.md"
SIGNS = {
    "across ties": "tied people adopt at like times (p below 0.05)",
    "evidence": "the evidence is for contact through ties, the push free in each period",
    "held out": "communities held out are foretold better with it (95 % interval above 0)",
}
MOST = "adoptions that ties alone would bring, at the upper end of the interval of contact"
JUDGED = {
    "across": "p at most 0.05 across ties",
    "evidence": "evidence for contact",
    "held_out": "held-out interval above 0",
    "right": "held-out communities, in all, prefer the truth",
    "covers": "95 % interval holds the truth",
    "needed": "verdict: ties are needed",
    "not_needed": "verdict: ties are not needed",
    "too_little": "verdict: too little to tell",
}
SHOWN_CHECKS = ("independent_by_period", "community_by_period", "contact_by_period", "reinforcement_by_period")


def stored() -> pd.DataFrame:
    """Return the table as it was written."""
    return pd.read_csv(TABLE)


def rows_of(table: pd.DataFrame, kind: str, study: str | None = None) -> pd.DataFrame:
    """Return the rows of one kind, of one study if it is given."""
    found = table[table["kind"] == kind]
    return found if study is None else found[found["study"] == study]


def interval(row: pd.Series, form: str = ".3g") -> str:
    """Return a value with its interval."""
    return f"{row['value']:{form}} ({row['low']:{form}} to {row['high']:{form}})"


def code(name: object) -> str:
    """Return a name as code."""
    return f"`{name}`"


def side_by_side(
    table: pd.DataFrame, kind: str, heading: str, label: Callable[[pd.Series], str], cell: Callable[[pd.Series], str]
) -> str:
    """Return a table with a row for each label and a column for each study."""
    names = [one.name for one in STUDIES]
    columns = {name: {label(row): cell(row) for _, row in rows_of(table, kind, name).iterrows()} for name in names}
    labels = dict.fromkeys(one for column in columns.values() for one in column)
    return markdown((heading, *names), ([one, *(columns[name].get(one, "") for name in names)] for one in labels))


def sizes(table: pd.DataFrame) -> str:
    """Return what was read of both studies."""
    return side_by_side(table, "size", "", lambda row: str(row["name"]), lambda row: f"{row['value']:,.0f}")


def signs(table: pd.DataFrame) -> str:
    """Return each sign, what ties may bring, and the verdict."""
    text = side_by_side(
        table, "sign", "sign that ties are needed", lambda row: SIGNS[row["name"]],
        lambda row: "yes" if row["value"] else "no",
    )  # fmt: skip
    verdict = [str(rows_of(table, "verdict", one.name)["name"].iloc[0]) for one in STUDIES]
    most = [f"{rows_of(table, 'most by ties', one.name)['value'].iloc[0]:.0%}" for one in STUDIES]
    text += "\n| " + " | ".join((MOST, *most)) + " |"
    return f"{text}\n" + "| " + " | ".join(("**verdict: ties are**", *(f"**{word}**" for word in verdict))) + " |"


def strengths(table: pd.DataFrame) -> str:
    """Return the parameters of all models."""
    return side_by_side(
        table, "parameter", "model, parameter", lambda row: f"{code(row['name'])}, {row['quantity']}", interval
    )


def gain_of(row: pd.Series) -> str:
    """Return a gain in held-out communities, and the evidence."""
    return f"{row['value']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f}); {row['evidence']:+.1f}"


def gains(table: pd.DataFrame) -> str:
    """Return how models compare."""
    return side_by_side(
        table, "comparison", "model against model",
        lambda row: f"{code(row['name'])} against {code(row['against'])}", gain_of,
    )  # fmt: skip


def check_of(row: pd.Series) -> str:
    """Return an observed quantity among simulated ones."""
    return f"{row['observed']:.3f}; {interval(row, '.3f')}; {row['p']:.2f}"


def checks(table: pd.DataFrame) -> str:
    """Return other quantities of the observed among the simulated, of the models whose push is free."""
    kept = table[(table["kind"] != "check") | table["name"].isin(SHOWN_CHECKS)]
    return side_by_side(
        kept, "check", "quantity, model", lambda row: f"{row['quantity']}, {code(row['name'])}", check_of
    )


def shuffled(table: pd.DataFrame) -> str:
    """Return the correlation across ties against shuffles."""
    header = ("study", "correlation over ties", "mean when shuffled", "p", "Monte Carlo error of p", "shuffles")
    rows = (
        (row["study"], f"{row['observed']:.3f}", f"{row['value']:.3f}", f"{row['p']:.4f}", f"{row['error']:.4f}",
         f"{row['count']:,.0f}")
        for _, row in rows_of(table, "shuffled").iterrows()
    )  # fmt: skip
    return markdown(header, rows)


def variants(table: pd.DataFrame) -> str:
    """Return what the strength of contact depends on."""
    header = ("study", "how it is read", "contact", "evidence", "at most", "correlation over ties", "p")
    rows = (
        (row["study"], row["name"], interval(row), f"{row['evidence']:+.1f}", f"{row['most']:+.1f}",
         f"{row['observed']:.3f}", f"{row['p']:.4f}")
        for _, row in rows_of(table, "variant").iterrows()
    )  # fmt: skip
    return markdown(header, rows)


def share_with_interval(row: pd.Series) -> str:
    """Return a share of histories with its interval, which is right for none and for all of them too."""
    share = share_of(round(row["value"] * row["count"]), round(row["count"]))
    return f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f})"


def judged(table: pd.DataFrame) -> str:
    """Return how the method judges histories whose truth is known."""
    header = ("people and ties of", "planted", "what is judged", "share, 95 % interval", "histories")
    rows = (
        (row["study"], row["name"], JUDGED[row["quantity"]], share_with_interval(row), f"{row['count']:.0f}")
        for _, row in rows_of(table, "self-check").iterrows()
    )
    return markdown(header, rows)


def approximate(table: pd.DataFrame) -> str:
    """Return the exact posterior beside the approximate one."""
    header = ("parameter", "how", "median and 95 % interval")
    rows = ((row["quantity"], row["name"], interval(row)) for _, row in rows_of(table, "approximate").iterrows())
    return markdown(header, rows)


BLOCKS: dict[str, Callable[[pd.DataFrame], str]] = {
    "sizes": sizes,
    "signs": signs,
    "strengths": strengths,
    "gains": gains,
    "shuffled": shuffled,
    "checks": checks,
    "variants": variants,
    "histories": judged,
    "approximate": approximate,
}


def blocks(table: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield the name and text of everything generated on the page."""
    for name, make in BLOCKS.items():
        yield name, make(table)


def page(text: str | None = None) -> str:
    """Return the page with everything generated as the stored table has it."""
    texts: dict[str, str] = dict(blocks(stored()))
    text = PAGE.read_text(encoding="utf-8") if text is None else text
    return BLOCK.sub(lambda found: f"{found[1]}\n{texts[found[2]]}\n\n{found[3]}", text)

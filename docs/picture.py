"""Draw the chart of the README: `python docs/picture.py`."""

from pathlib import Path

import altair as alt
import pandas as pd

import qispread as qs

HERE = Path(__file__).parent
CURVES = {"current_use": "Currently using it", "fidelity": "Fidelity", "replication_ratio": "Replication ratio"}
COLOURS = ["#0072B2", "#444444", "#B84A00"]
FIRST_MONTH = 12
"""Before this month every mean depends on a handful of early adopters."""


def compute_curves() -> pd.DataFrame:
    """Return the median and the 5th to 95th percentile over 200 runs of each curve, by month."""
    months = qs.simulate(qs.read_scenario(HERE.parent / "configs/prompt.yaml")).months
    months = months[(months["intervention"] == "prompt") & (months["month"] >= FIRST_MONTH)]
    quantiles = months.groupby("month")[list(CURVES)].quantile([0.05, 0.5, 0.95]).unstack()  # noqa: PD010
    pieces = [
        pd.DataFrame(
            {
                "years": quantiles.index / 12,
                "curve": label,
                "low": quantiles[name, 0.05],
                "median": quantiles[name, 0.5],
                "high": quantiles[name, 0.95],
            }
        )
        for name, label in CURVES.items()
    ]
    return pd.concat(pieces).dropna()


def draw_picture(table: pd.DataFrame) -> alt.LayerChart:
    """Return the chart of current use, and of the fidelity and effect behind it."""
    order = list(CURVES.values())
    years = alt.X(
        "years:Q",
        title="Years since launch",
        scale=alt.Scale(domain=[0, 13], nice=False),
        axis=alt.Axis(values=[0, 2, 4, 6, 8, 10], grid=False),
    )
    colour = alt.Color("curve:N", sort=order, legend=None, scale=alt.Scale(domain=order, range=COLOURS))
    scale = alt.Scale(domain=[0, 1])
    curves = alt.Chart(table).encode(x=years, color=colour)
    band = curves.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", scale=scale, title=None), y2="high:Q")
    axis = alt.Axis(format="%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    line = curves.mark_line(strokeWidth=2.5).encode(y=alt.Y("median:Q", axis=axis, title=None))
    last = alt.Chart(table[table["years"] == table["years"].max()])
    labels = [
        last.transform_filter(alt.datum.curve == name)
        .mark_text(align="left", dx=6, dy=shift, fontSize=12)
        .encode(x=years, y="median:Q", text="curve:N", color=colour)
        for name, shift in zip(order, (0, -8, 8), strict=True)
    ]
    title = "PROMPT in 151 maternity units: most use it, few get its effect"
    subtitle = [
        "Median and 5th to 95th percentile of 200 runs with the model's defaults.",
        "Fidelity: core components intact. Replication ratio: effect as % of the pilot site's.",
    ]
    return alt.layer(band, line, *labels).properties(
        width=620, height=280, title=alt.TitleParams(title, subtitle=subtitle, anchor="start", fontSize=15)
    )


if __name__ == "__main__":
    chart = draw_picture(compute_curves()).configure_view(stroke=None)
    chart.save(HERE / "picture.svg")

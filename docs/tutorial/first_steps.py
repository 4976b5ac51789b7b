"""A first hour with qispread, as a marimo notebook: load, run, compare, sweep, and observe the model from inside.

`marimo edit docs/tutorial/first_steps.py` opens it in a browser; `python docs/tutorial/first_steps.py` runs it whole.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")


@app.cell
def _():
    import statistics
    from pathlib import Path
    from tempfile import TemporaryDirectory

    import altair as alt
    import marimo as mo
    import mesa

    import qispread as qs

    configs = Path(__file__).resolve().parents[2] / "configs"
    return TemporaryDirectory, alt, configs, mesa, mo, qs, statistics


@app.cell
def _(mo):
    mo.md("""
    # First steps with qispread

    An improvement that transforms one hospital is copied by fifty, and few get the result. In this notebook you
    load a scenario, run it, compare two policies, find out which parameters the answer depends on, and observe the
    model from inside. Change any number: every cell that depends on it runs again.

    ## Load

    A scenario is a YAML file. This one is PROMPT, the obstetric emergencies training of Southmead, in the 152
    maternity units of England.
    """)
    return


@app.cell
def _(configs, qs):
    scenario = qs.read_scenario(configs / "prompt.yaml")
    scenario.interventions["prompt"]
    return (scenario,)


@app.cell
def _(mo):
    mo.md("""
    ## Run

    One run shows little: which units hear first is partly chance. Here are fifty, each with its own units and ties:
    """)
    return


@app.cell
def _(qs, scenario):
    runs = qs.simulate(scenario, replicates=50)
    runs
    return (runs,)


@app.cell
def _(mo, runs):
    current_use, ratio = runs.final_values("current_use").mean(), runs.final_values("replication_ratio").mean()
    mo.md(f"After ten years **{current_use:.0%}** of the units use PROMPT, with **{ratio:.0%}** of Southmead's effect.")
    return


@app.cell
def _(alt, runs):
    measures = ["current_use", "fidelity", "effect"]
    pooled = runs.months[runs.months["intervention"] == "prompt"]
    by_month = pooled.groupby("month")[measures].median().reset_index().melt("month", var_name="measure")
    alt.Chart(by_month).mark_line().encode(
        x=alt.X("month:Q", title="Month"),
        y=alt.Y("value:Q", title="Median over runs", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
        color=alt.Color("measure:N", sort=measures, title=None),
        strokeDash=alt.StrokeDash("measure:N", sort=measures, title=None),
    ).properties(width=520, height=260)
    return


@app.cell
def _(mo):
    mo.md("""
    Most units use PROMPT, few get its effect. The rest of this notebook is about what adoption hides.

    ## Compare

    Write down first what you expect: does a mandate or a coaching team increase the effect more? Both arms use common
    random numbers (the same populations, the same chances), so the difference is due to the policy.
    """)
    return


@app.cell
def _(mo):
    support = mo.ui.slider(0.0, 1.0, step=0.1, value=0.6, label="Support from coaches", show_value=True)
    support
    return (support,)


@app.cell
def _(qs, scenario, support):
    arms = {
        "mandate": scenario.with_policy("mandate"),
        "coaching": scenario.with_policy("coaching", support=support.value),
    }
    comparison = qs.compare(scenario, arms, replicates=50)
    return (comparison,)


@app.cell
def _(comparison):
    differences = comparison.differences
    selected = differences["measure"].isin(["current_use", "fidelity", "effect", "events_averted"])
    columns = ["arm", "measure", "baseline", "arm_mean", "difference", "low", "high", "share_better"]
    differences[selected & (differences["intervention"] == "all")][columns].round(3)
    return


@app.cell
def _(mo):
    mo.md("""
    `low` to `high` is the 95% interval over runs. It is simulation error: it shows how precisely the model's mean is
    estimated, not how well the model describes reality. `share_better` is the share of runs in which the arm is better.

    ## Sweep

    Some numbers have never been measured, above all what a copy loses. Which of these uncertain assumptions does the
    answer depend on? Sixty-four points over the plausible ranges of three of them, each with four replicates:
    """)
    return


@app.cell
def _(TemporaryDirectory, qs, scenario):
    experiment = {
        "name": "what_matters",
        "base": scenario,
        "factors": {"copying.copy_loss": {}, "copying.lineage": {}, "improving.decay": {}},
        "design": {"kind": "latin_hypercube", "points": 64},
        "replicates": 4,
        "measures": {"final": ["current_use", "effect"]},
    }
    with TemporaryDirectory() as folder:
        sweep = qs.sweep(experiment, f"{folder}/sweep")
        swept = sweep.runs
    return (swept,)


@app.cell
def _(alt, swept):
    points = swept.groupby("point")[["copying.copy_loss", "improving.decay", "effect"]].mean().reset_index()
    alt.Chart(points.rename(columns=lambda name: name.split(".")[-1])).mark_circle(size=60).encode(
        x=alt.X("decay:Q", title="Decay of fidelity a month, at most", scale=alt.Scale(zero=False)),
        y=alt.Y("effect:Q", title="Average effect (% of full effect)", axis=alt.Axis(format="%")),
        color=alt.Color("copy_loss:Q", title="Loss in copying", scale=alt.Scale(scheme="viridis", reverse=True)),
    ).properties(width=420, height=260)
    return


@app.cell
def _(swept):
    varied = [name for name in swept.columns if "." in name]
    by_point = swept.groupby("point")[[*varied, "current_use", "effect"]].mean()
    by_point.corr("spearman").loc[varied, ["current_use", "effect"]].round(2)
    return


@app.cell
def _(mo):
    mo.md("""
    The table has rank correlations: near 1 or -1, the answer depends on that number; near 0, it does not.
    `qs.sensitivity` computes shares of the variance. Before you trust a policy, check that the result holds over the
    numbers that matter: `qispread compare` does so by itself.

    ## Observe the model from inside

    `SpreadModel` is a Mesa model: step it, look at any organisation, collect any variable. How does fidelity fall with
    every copy? The observer is your own Mesa `DataCollector`.
    """)
    return


@app.cell
def _(mesa, qs, scenario, statistics):
    def fidelity_after(copies):
        """Return a reporter of the mean fidelity of users so many copies away from the pilot site."""

        def report(model):
            practices = [organisation.practices["prompt"] for organisation in model.organisations]
            fidelity = [own.fidelity for own in practices if own.in_use and own.generation == copies]
            return statistics.fmean(fidelity) if fidelity else float("nan")

        return report

    distances = {"one copy": 1, "two copies": 2, "three copies": 3}
    observer = mesa.DataCollector(
        model_reporters={"month": "month"} | {name: fidelity_after(copies) for name, copies in distances.items()}
    )
    model = qs.SpreadModel(scenario, rng=1)
    while model.running:
        model.step()
        observer.collect(model)
    observed = observer.get_model_vars_dataframe()
    return (observed,)


@app.cell
def _(alt, distances, observed):
    alt.Chart(observed.melt("month", var_name="distance", value_name="fidelity")).mark_line().encode(
        x=alt.X("month:Q", title="Month"),
        y=alt.Y("fidelity:Q", title="Mean fidelity", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
        color=alt.Color("distance:N", sort=list(distances), title="Distance from the pilot site"),
        strokeDash=alt.StrokeDash("distance:N", sort=list(distances), title="Distance from the pilot site"),
    ).properties(width=520, height=260)
    return


@app.cell
def _(mo):
    mo.md("""
    ## Go on

    - Give `copying.lineage` the value 1, so that everyone learns from the original:
      `scenario.replace({"copying.lineage": 1.0})`. How do the three lines change?
    - Subclass `qs.Organisation` and override one step of the month: `docs/how-to/change_one_behaviour.md`.
    - See the model run: `qispread app --mesa`.
    """)
    return


if __name__ == "__main__":
    app.run()

"""Published results that a change has made stale are noticed."""

from dataclasses import replace

import pytest
from experiments.freshness import (
    MADE_FROM,
    NOTICED,
    fingerprint,
    main,
    probes,
    read_record,
    record_made,
    stale_parts,
    unnoticed_parts,
    write_record,
)

from experiments import freshness
from qispread.inputs.factors import plausible_factors


def test_whatever_is_published_is_of_todays_model_or_known_to_be_stale():
    today = {name: fingerprint(name) for name in probes()}
    unnoticed = unnoticed_parts(read_record(), today)
    assert not unnoticed, (
        f"results/published: {', '.join(unnoticed)} were made from another model than today's; make them again "
        "(python -m experiments.freshness says how), or record that they are stale with --acknowledge"
    )


def test_everything_that_is_made_at_once_has_a_fingerprint():
    from experiments.run_all import PARTS

    parts = {*PARTS} - {"experiments"}
    assert parts <= set(probes())
    assert set(read_record()[MADE_FROM]) <= set(probes())


def test_a_fingerprint_is_the_same_twice_and_differs_between_claims():
    names = ["experiments.e04_real_cycles", "experiments.e06_constancy"]
    first, second = ([fingerprint(name) for name in names] for _ in range(2))
    assert first == second
    assert len(set(first)) == 2


def narrower(scenario):
    """Return the plausible factors, the first with a narrower range."""
    first, *rest = plausible_factors(scenario)
    return [replace(first, high=first.low + 0.9 * (first.high - first.low)), *rest]


def reluctant(horizon, base_of=freshness.baseline_scenario):
    """Return the base with another default."""
    return base_of(horizon).replace({"deciding.reluctance": 3.5})


@pytest.mark.parametrize("changed", ["range", "default"])
def test_a_changed_range_or_default_makes_a_claim_stale(changed, monkeypatch):
    name = "experiments.e06_constancy"
    before = fingerprint(name)
    if changed == "range":
        monkeypatch.setattr("experiments.run_experiment.plausible_factors", narrower)
    else:
        monkeypatch.setattr(freshness, "baseline_scenario", reluctant)
    assert fingerprint(name) != before


def test_other_methods_make_the_diffusions_stale(monkeypatch):
    before = fingerprint("experiments.diffusion")
    assert fingerprint("experiments.diffusion") == before
    monkeypatch.setattr(
        "qispread.runs.diffusion_fit.contagion_posterior.normalise_log_weights", lambda heights: 0.0 * heights + 1.0
    )
    assert fingerprint("experiments.diffusion") != before


def test_what_is_stale_is_named_until_it_is_made_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(freshness, "PUBLISHED", tmp_path)
    monkeypatch.setattr(freshness, "probes", lambda: {"a": lambda: iter("1"), "b": lambda: iter("2")})
    monkeypatch.setattr(freshness, "read_record", lambda folder=tmp_path: read_record(folder))
    monkeypatch.setattr(freshness, "write_record", lambda record, folder=tmp_path: write_record(record, folder))
    for name in ("a", "b"):
        record_made(name, tmp_path)
    assert main([]) == 0
    monkeypatch.setattr(freshness, "probes", lambda: {"a": lambda: iter("1"), "b": lambda: iter("3")})
    capsys.readouterr()
    assert main([]) == 1
    assert "b: stale" in capsys.readouterr().out
    assert main(["--acknowledge"]) == 0
    assert main([]) == 0
    assert "b: stale" in capsys.readouterr().out
    today = {name: fingerprint(name) for name in ("a", "b")}
    record = read_record(tmp_path)
    assert stale_parts(record, today) == list(record[NOTICED]) == ["b"]
    record_made("b", tmp_path)
    assert stale_parts(read_record(tmp_path), today) == []
    assert read_record(tmp_path)[NOTICED] == {}

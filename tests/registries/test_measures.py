"""Every measure passes the same checks."""

import numpy as np
import pytest

import qispread as qs
from all_features import all_features_scenario
from qispread.model.measures import MEASURE_NAMES, MEASURE_REGISTRY

RUNS = qs.simulate(all_features_scenario(), 3)


@pytest.mark.parametrize("measure", MEASURE_REGISTRY, ids=lambda measure: measure.name)
def test_it_keeps_its_declared_range(measure):
    values = RUNS.measures[..., MEASURE_NAMES.index(measure.name)]
    known = values[~np.isnan(values)]
    assert known.size
    assert (known >= 0.0).all()
    if measure.unit == "share":
        assert (known <= 1.0 + 1e-12).all()


@pytest.mark.parametrize("measure", MEASURE_REGISTRY, ids=lambda measure: measure.name)
def test_it_varies(measure):
    values = RUNS.measures[..., MEASURE_NAMES.index(measure.name)]
    assert np.unique(values[~np.isnan(values)]).size > 1


@pytest.mark.parametrize("measure", MEASURE_REGISTRY, ids=lambda measure: measure.name)
def test_overall_measures_stand_in_the_pooled_rows_alone(measure):
    single = RUNS.measures[:, :, :-1, MEASURE_NAMES.index(measure.name)]
    assert np.isnan(single).all() == measure.overall
    assert measure.meaning.endswith(".")
    assert measure.unit

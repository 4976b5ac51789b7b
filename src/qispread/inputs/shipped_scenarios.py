"""Scenarios shipped with the package, by name."""

from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.interventions import Intervention
from qispread.inputs.scenario import Scenario


def default_scenario() -> Scenario:
    """Return PROMPT in the 152 English maternity units: the defaults, named as in configs/prompt.yaml."""
    return Scenario(
        name="prompt",
        description="PROMPT spreads from the most ready unit to the 152 maternity units in England.",
        interventions={"prompt": Intervention()},
    )


SHIPPED_SCENARIOS = {"prompt": default_scenario}


def shipped_scenario(name: str) -> Scenario:
    """Return a scenario shipped with the package.

    Raises
    ------
    InputError
        For an unknown name.
    """
    if name not in SHIPPED_SCENARIOS:
        hint = did_you_mean(name, SHIPPED_SCENARIOS, listing=False)
        names = ", ".join(f"'{shipped_name}'" for shipped_name in SHIPPED_SCENARIOS)
        problem = f"no scenario is called '{name}', and no such file exists{hint}"
        raise InputError([Fault("scenario", f"{problem}; needed: a Scenario, the path of a YAML file, or {names}")])
    return SHIPPED_SCENARIOS[name]()

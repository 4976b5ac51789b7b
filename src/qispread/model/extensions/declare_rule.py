"""Forms of rules of the user's own."""

import inspect
from collections.abc import Callable
from typing import Any

from qispread.inputs import argument_checks
from qispread.inputs.errors import InputError, did_you_mean
from qispread.inputs.extensions.extension import Extension
from qispread.inputs.extensions.plugins import OwnFunction, declare_by
from qispread.inputs.rule_forms import ASSUMPTION, RULE_FORMS, RuleForm
from qispread.model.engines.composition import plain_function
from qispread.model.extensions.own_parameters import check_own_name, declaration_fault
from qispread.model.extensions.trial import try_rule
from qispread.model.rules.forms import shipped_rule


def check_form_name(value: Any) -> str:
    """Check that a value can be the word of a form; empty text stands for the name of the function."""
    return "" if isinstance(value, str) and value == "" else check_own_name(value)


BEFORE_A_RUN = {
    "outcome.response_constant": "declare a form of 'outcome.response_to_fidelity'",
    "outcome.monthly_exposure": "it only counts cases",
}
"""Rules that are applied once before a run, which have no other forms, and what to do instead, or why."""


@argument_checks.validate_arguments(
    path=argument_checks.check_text,
    form=check_form_name,
    meaning=argument_checks.check_text,
    source=argument_checks.check_text,
    plausible=argument_checks.check_flag,
)
def rule(
    path: str, *, form: str = "", meaning: str = "", source: str = ASSUMPTION, plausible: bool = True
) -> Callable[[OwnFunction], OwnFunction]:
    """Declare another form of a rule: a function with the arguments of the shipped one that returns a number.

    The function is compiled and runs in both engines, in place of the shipped one, in scenarios that choose it:
    ``rules: {capacity.climate: my_form}``.

    Parameters
    ----------
    path : str
        The rule, "capacity.climate".
    form : str, optional
        The word for the form in scenarios; default: the name of the function.
    meaning : str, optional
        A sentence; default: the first line of the docstring.
    source : str
        Where the form is from.
    plausible : bool
        Whether it is a serious candidate, rather than a limit for tests.

    Raises
    ------
    InputError
        For an unknown rule, other arguments, and functions that do not compile, fail, or return anything but finite
        numbers; for a rule that gives shares, numbers outside [0, 1].
    """

    def build(function: OwnFunction) -> Extension:
        if path in BEFORE_A_RUN:
            problem = f"'{path}' is applied before a run and has no other form: {BEFORE_A_RUN[path]}"
            raise InputError([declaration_fault(function, problem)])
        if path not in RULE_FORMS:
            problem = f"no rule is called '{path}'" + did_you_mean(path, RULE_FORMS)
            raise InputError([declaration_fault(function, problem)])
        arguments = tuple(inspect.signature(function).parameters)
        needed = tuple(inspect.signature(plain_function(shipped_rule(path))).parameters)
        if arguments != needed:
            problem = f"takes ({', '.join(arguments)}); needed, as for the shipped form: ({', '.join(needed)})"
            raise InputError([declaration_fault(function, problem)])
        name = form or function.__name__
        first_line = (function.__doc__ or "").strip().partition("\n")[0]
        declaration = RuleForm(
            rule=path,
            name=name,
            meaning=meaning or first_line or f"{name.replace('_', ' ').capitalize()} (a form of the user's own).",
            equation="",
            source=source,
            plausible=plausible,
            code=0,
            plugin=function.__code__.co_filename,
        )
        details = {"rule": path, "arguments": arguments}
        return Extension("rule", f"{path}={name}", function, declaration, RULE_FORMS[path], name, try_rule, details)

    return declare_by(build)

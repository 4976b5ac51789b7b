"""Descriptions of the rules that have several forms: for the terminal, the reference pages and a template."""

from collections.abc import Iterator

from qispread.inputs.rule_choices import SECTION, RuleChoices
from qispread.inputs.rule_forms import ASSUMPTION, RULE_FORMS, SHIPPED, RuleForm, rules_with_several_forms

RULES_MEANING = (
    "The form of each rule: another equation for the same quantity. The default of every rule is `shipped`; these have "
    "other forms."
)
UNSOURCED = (ASSUMPTION, "-", "")


def matching_rules(word: str) -> list[str]:
    """Return the rules with several forms that match a lower-case word, in their path, or a form's name or meaning."""
    return [
        rule
        for rule in rules_with_several_forms()
        if word in f"{SECTION}.{rule}"
        or any(word in f"{name}\n{form.meaning}".lower() for name, form in RULE_FORMS[rule].items())
    ]


def describe_form(form: RuleForm) -> str:
    """Return the meaning of a form, its equation and its source as one line."""
    source = ASSUMPTION if form.source in UNSOURCED else form.source.replace(",", ", ")
    plausible = "" if form.plausible else "; a limit or null model, not a candidate"
    equation = f" {form.equation}." if form.equation else ""
    return f"{form.name}: {form.meaning}{equation} Source: {source}{plausible}."


def form_rows() -> Iterator[tuple[str, str, str, str, str]]:
    """Yield rule, form, meaning, equation and source of the rules with several forms, for a table."""
    for rule in rules_with_several_forms():
        for form in RULE_FORMS[rule].values():
            yield rule, form.name, form.meaning, form.equation, form.source.replace(",", ", ")


def rules_as_markdown() -> list[str]:
    """Return the lines of the reference page on the forms of rules."""
    lines = ["", f"## {SECTION}", "", RULES_MEANING, "", "| parameter | default | allowed | meaning of the others |"]
    lines.append("|---|---|---|---|")
    for rule in rules_with_several_forms():
        forms = RULE_FORMS[rule]
        others = " ".join(f"*{name}*: {form.meaning}" for name, form in forms.items() if name != SHIPPED)
        lines.append(f"| {SECTION}.{rule} | {SHIPPED} | one of {', '.join(forms)} | {others} |")
    return lines


def rules_as_yaml() -> list[str]:
    """Return the lines of a template with every default: the rules that have several forms."""
    lines = [f"{SECTION}:  # {(RuleChoices.__doc__ or '').strip()}"]
    return lines + [
        f"  {rule}: {SHIPPED}  # one of {', '.join(RULE_FORMS[rule])}" for rule in rules_with_several_forms()
    ]

"""Known limits of the model, how to reproduce the results, and how to cite them."""

from importlib.metadata import metadata
from typing import Any

from qispread import __version__
from qispread.model.engines.organisation_class import ORGANISATION_CLASS
from qispread.outputs.report.blocks import BulletList, Paragraph, ReportBlock, ReportSection, ReportTable, RowGroup
from qispread.outputs.report.report_data import ReportData

KNOWN_LIMITS = """
No published data measure how fidelity falls with the number of copies from the pilot site. The two parameters that
govern this loss, copying.copy_loss and copying.lineage, are untested assumptions, and results depend on them.

Intervals are simulation error: how precisely the mean over runs is known, given the model and its parameters. They do
not include the possibility that parameters or rules are wrong.

Absolute numbers depend on many assumed parameters. Differences between options with common random numbers depend on
them less.

Adverse events averted are counted against the underlying trend and include other local improvement. Interventions do
no harm in the model: they take time from other local improvement and from nothing else.

Organisations represent others of their kind: the model does not predict what a named organisation will do.

Organisations do not compete, merge or change how they decide, and partnerships do not change. Policies have their full
strength at once, and the same strength for all their target organisations.

Costs are those in the scenario, without discounting. Benefits other than averted adverse events have no value.

The page docs/what_the_model_cannot_say.md of the documentation lists all known limits, the rule of the model behind
each, and what to do about it.
"""
"""Known limits, a paragraph each."""
LIMITS_HEADING = "What the model cannot show"
REPRODUCE_HEADING = "How to reproduce and cite these results"
REPRODUCE_CAPTION = "The same command with the same version gives identical results on the same kind of machine."
FILES_CAPTION = "Input files."
SOFTWARE_TITLE = "qispread: how quality improvement spreads between health-care organisations"
"""Title of the software, as in CITATION.cff."""


def limits_section() -> ReportSection:
    """Return the section of known limits."""
    return ReportSection(
        "limits",
        LIMITS_HEADING,
        [BulletList([" ".join(text.split()) for text in KNOWN_LIMITS.strip().split("\n\n")])],
    )


def reproduce_section(view: ReportData) -> ReportSection:
    """Return the section on reproducing and citing the results."""
    manifest = view.results.manifest
    blocks: list[ReportBlock] = [
        ReportTable(
            REPRODUCE_CAPTION,
            ("Item", "Value"),
            [RowGroup("", reproduction_facts(view, manifest))],
            text_columns=(1,),
            small=True,
        )
    ]
    files = input_file_rows(view)
    if files:
        blocks.append(
            ReportTable(FILES_CAPTION, ("File", "SHA-256"), [RowGroup("", files)], text_columns=(1,), small=True)
        )
    blocks.append(Paragraph("How to cite", "heading"))
    blocks.append(
        Paragraph(f"The qispread contributors. {SOFTWARE_TITLE}. Version {manifest['identity']['qispread']}.")
    )
    if view.results.version_differences:
        blocks.append(Paragraph(f"This report was written by version {__version__}.", "note"))
    return ReportSection("reproduce", REPRODUCE_HEADING, blocks)


def reproduction_facts(view: ReportData, manifest: dict[str, Any]) -> list[list[str]]:
    """Return what is needed to reproduce the results, as rows of a table."""
    identity, scenario = manifest["identity"], view.results.base_arm.manifest["scenario"]
    comparison = view.results.comparison
    rows = [
        ["Command", " ".join(str(part) for part in manifest.get("command", []))],
        ["Scenario", str(scenario.get("name", ""))],
        ["Seed", str(scenario.get("seed", ""))],
        ["Runs", str(view.results.replicate_count)],
        ["Options", ", ".join(view.results.arms) if comparison else ""],
        ["Options branch from the baseline in month", str(comparison.get("branch_at") or "")],
        ["Requested precision", describe_precision(comparison)],
        ["Version", f"{metadata('qispread')['Name']} {identity['qispread']}"],
        ["Organisations of class", str(identity.get(ORGANISATION_CLASS, ""))],
        [
            "Plug-ins (SHA-256)",
            ", ".join(f"{one['name']} ({one['sha256'][:16]})" for one in scenario.get("plugins", ())),
        ],
        ["Functions of the session", ", ".join(identity.get("session_functions", {}))],
        ["Commit", str(manifest.get("git_commit") or "")],
        ["Fingerprint of the model's code", str(identity.get("model", manifest.get("sources", "")))],
        ["Version of the random draws", str(identity.get("draws", ""))],
        ["Python", str(manifest.get("python", ""))],
        ["Machine", str(manifest.get("machine", ""))],
        ["Libraries", ", ".join(f"{name} {version}" for name, version in manifest.get("versions", {}).items())],
    ]
    return [row for row in rows if row[1]]


def describe_precision(manifest_entry: dict[str, Any]) -> str:
    """Return the requested precision; empty where the number of runs was fixed."""
    half_width = manifest_entry.get("precision")
    if half_width is None:
        return ""
    return f"{half_width:g}, half the width of the 95% interval of {manifest_entry.get('measure', '')}"


def input_file_rows(view: ReportData) -> list[list[str]]:
    """Return the files that any arm read, each once."""
    manifests = [view.results.manifest, *(arm.manifest for arm in view.results.arms.values())]
    digests = {str(file["path"]): str(file["sha256"]) for manifest in manifests for file in manifest.get("inputs", [])}
    return [[path, digest] for path, digest in digests.items()]

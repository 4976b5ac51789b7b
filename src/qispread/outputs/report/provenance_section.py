"""What the model cannot tell, how to make the same report again, and what to cite."""

from importlib.metadata import metadata
from typing import Any

from qispread import __version__
from qispread.outputs.report.blocks import BulletList, Paragraph, ReportBlock, ReportSection, ReportTable, RowGroup
from qispread.outputs.report.report_data import ReportData

KNOWN_LIMITS = """
No published data measure how fidelity falls with distance from the origin. The two parameters that govern it,
copying.copy_loss and copying.lineage, are hypotheses, and results hinge on them.

Intervals are the model's own: they tell how well the mean over worlds is known, given the model and its parameters.
That parameters or rules may be wrong is not in them.

Absolute numbers depend on many assumed parameters; differences between arms in the same worlds depend on them less.

Harmful events averted in all are counted against the trend alone, with improvement made at home. What spreads does no
harm here: it takes time from home-grown improvement and from nothing else.

Organisations stand for places of their kind: the model does not predict what any one that is named will do.

Organisations do not compete, merge or learn to decide otherwise, and partnerships stay as they are. Policies do what
their strengths say, for all their targets alike and at once.

Costs are what the scenario says, without discounting; benefits beyond the harm that is counted have no worth.

All that is known of its limits, where each stands in the model and what to do about it, is in the page
docs/what_the_model_cannot_say.md of the program's documentation.
"""
"""What the model cannot tell, a paragraph each."""
SOFTWARE_TITLE = "qispread: how quality improvement spreads between health-care organisations"
"""Of the program, as CITATION.cff has it."""


def limits_section() -> ReportSection:
    """Return the section of known limits."""
    return ReportSection(
        "limits",
        "What it cannot tell",
        [BulletList([" ".join(text.split()) for text in KNOWN_LIMITS.strip().split("\n\n")])],
    )


def reproduce_section(view: ReportData) -> ReportSection:
    """Return the section on making it again and citing it."""
    manifest = view.results.manifest
    blocks: list[ReportBlock] = [
        ReportTable(
            "The same command with the same version gives the same bytes on the same kind of machine.",
            ("What", "Value"),
            [RowGroup("", reproduction_facts(view, manifest))],
            text_columns=(1,),
            small=True,
        )
    ]
    files = input_file_rows(view)
    if files:
        blocks.append(
            ReportTable(
                "Files that were read.", ("File", "SHA-256"), [RowGroup("", files)], text_columns=(1,), small=True
            )
        )
    blocks.append(Paragraph("To cite", "heading"))
    blocks.append(
        Paragraph(f"The qispread contributors. {SOFTWARE_TITLE}. Version {manifest['identity']['qispread']}.")
    )
    if view.results.version_differences:
        blocks.append(Paragraph(f"This report was written by version {__version__}.", "note"))
    return ReportSection("reproduce", "How to make it again, and cite it", blocks)


def reproduction_facts(view: ReportData, manifest: dict[str, Any]) -> list[list[str]]:
    """Return what is needed to make the results again."""
    identity, scenario = manifest["identity"], view.results.base_arm.manifest["scenario"]
    told = view.results.comparison
    rows = [
        ["Command", " ".join(str(word) for word in manifest.get("command", []))],
        ["Scenario", str(scenario.get("name", ""))],
        ["Seed", str(scenario.get("seed", ""))],
        ["Worlds", str(view.results.replicate_count)],
        ["Arms", ", ".join(view.results.arms) if told else ""],
        ["Arms part from the base in month", str(told.get("branch_at") or "")],
        ["Precision asked for", describe_precision(told)],
        ["Version", f"{metadata('qispread')['Name']} {identity['qispread']}"],
        ["Commit", str(manifest.get("git_commit") or "")],
        ["Fingerprint of the model's code", str(identity.get("model", manifest.get("sources", "")))],
        ["Draws", str(identity.get("draws", ""))],
        ["Python", str(manifest.get("python", ""))],
        ["Machine", str(manifest.get("machine", ""))],
        ["Libraries", ", ".join(f"{name} {version}" for name, version in manifest.get("versions", {}).items())],
    ]
    return [row for row in rows if row[1]]


def describe_precision(manifest_entry: dict[str, Any]) -> str:
    """Return which precision was asked for."""
    asked = manifest_entry.get("precision")
    return (
        ""
        if asked is None
        else f"{asked:g}, half the width of the 95 % interval of {manifest_entry.get('measure', '')}"
    )


def input_file_rows(view: ReportData) -> list[list[str]]:
    """Return the files that any arm read, each once."""
    manifests = [view.results.manifest, *(arm.manifest for arm in view.results.arms.values())]
    found = {str(one["path"]): str(one["sha256"]) for manifest in manifests for one in manifest.get("inputs", [])}
    return [[path, digest] for path, digest in found.items()]

"""The names of version 0.1 that this version still reads, and what each is called now: the one place that has them.

Names in Python give a DeprecationWarning, files a note. All of it goes in the release `REMOVED_IN` (decision
83).
"""

REMOVED_IN = "0.3"
"""The release from which on the names here are unknown."""
FORMER_VERSION = "0.1"

PUBLIC_NAMES = {
    "Answer": "ComparisonResult",
    "Calibrated": "CalibrationResult",
    "Fit": "DiffusionFit",
    "Terms": "TableOptions",
    "check": "check_file",
    "load": "read_scenario",
    "load_calibration": "read_calibration",
    "load_experiment": "read_experiment",
    "save": "write_runs",
    "save_comparison": "write_comparison",
}
"""Names of `qispread` itself."""

_PACKAGES = {
    "app": "interfaces.page",
    "app.teaching": "interfaces.page.teaching",
    "calibrating": "runs.calibration",
    "commands": "interfaces.cli",
    "comparison": "runs.comparison",
    "config": "inputs",
    "engines": "model.engines",
    "figures": "outputs.figures",
    "fitting": "runs.diffusion_fit",
    "mesa_page": "interfaces.mesa_page",
    "report": "outputs.report",
    "results": "outputs.results",
    "rules": "model.rules",
    "sweeping": "runs.sweep",
    "world": "model.world",
    "presentation": "outputs.text",
}
_MODULES = {
    ("analysis", "runs.calibration"): "calibration>abc_posterior calibration_check>self_check",
    ("analysis", "analysis"): (
        "columns>comparison_schema effects>factorial_effects for_whom>heterogeneity given_data>rbd_fast "
        "looking>sensitivity_inputs noise>variance_components restrictions>box_pruning "
        "thresholds>case_thresholds"
    ),
    ("analysis", "runs.sweep"): "outcomes>sweep_outcomes",
    ("analysis", "outputs.figures"): "places>map_layout",
    ("analysis", "runs"): "summary",
    ("app", "interfaces.page"): (
        "answers>compare_endpoint charts>live_charts desk>work_queue downloads ensemble>ensembles "
        "guard>security_middleware limits>request_limits pages>static_files parameters>page_parameters routes "
        "serving>server setting>page_state sliders starting>default_scenario story>organisation_story "
        "streams>ndjson worlds>map_data"
    ),
    ("app.teaching", "interfaces.page.teaching"): (
        "answering>lesson_results budget bundle>js_bundle filling>templating lesson onefile>offline_page "
        "telling>lesson_api"
    ),
    ("calibrating", "runs.calibration"): (
        "calibrate>run_calibration config>calibrated_scenario load>load_calibration runs>calibration_runs "
        "tables>calibration_tables targets"
    ),
    ("", "interfaces.cli"): "cli>main terminal",
    ("commands", "interfaces.cli"): (
        "app>app_command calibrate>calibrate_command check>check_command compare>compare_command "
        "describe>describe_command discover>discover_command fit>fit_command given>sweep_arguments "
        "lesson>lesson_command outcome>exit_codes report>report_command run>run_command "
        "sensitivity>sensitivity_command sweep>sweep_command"
    ),
    ("comparison", "runs.comparison"): (
        "arms paired>paired_comparison precision robustness running>run_comparison statistics>paired_statistics"
    ),
    ("config", "inputs"): (
        "adapting>adapt_scenario arguments>argument_checks cross>cross_checks describe>parameter_descriptions "
        "factors faults>errors graphs>from_networkx interventions load>load_scenario mechanisms "
        "named_tables>table_references networks>network_kinds organisations parameter policies scenario "
        "scenario_argument shipped>shipped_scenarios tables>csv_tables uploads validate writing>scenario_yaml "
        "yaml_depth yaml_reader"
    ),
    ("", "common"): "cores>cpu_cores",
    ("engines", "model.engines"): (
        "agents branching>branches compile_ahead failures>run_failures kernel measuring>measure_kernel "
        "model>mesa_model practice run>simulation seeds stages_adopting stages_context stages_improving "
        "state_tables tables>run_tables ties>peer_ties trace"
    ),
    ("figures", "outputs.figures"): (
        "calibration>calibration_figures converting>vega_renderer cost>cost_figures curves>curve_figures "
        "discovery>discovery_figures drawing>render figure fitting>fit_figures intervals>interval_figures "
        "maps>map_figures palette robustness>robustness_figures run_charts>run_chart_figures "
        "saving>save_analysis sensitivity>sensitivity_figures who>subgroup_figures "
        "worlds>distribution_figures"
    ),
    ("fitting", "runs.diffusion_fit"): (
        "correlation>tie_correlation exposure fit>fit_diffusion models>contagion_models "
        "people>observed_diffusion periods posterior>contagion_posterior reading>read_diffusion "
        "simulating>simulate_diffusion tables>fit_tables"
    ),
    ("", "runs"): "identity provenance",
    ("", "model"): "measures",
    (
        "mesa_page",
        "interfaces.mesa_page",
    ): "adjusting>adjustable_model drawing>model_drawing page>solara_page serving>solara_server",
    ("presentation", "common"): "formatting",
    ("presentation", "outputs.text"): "labels references sentences tables>display_tables",
    ("report", "outputs.report"): (
        "answer>headline assumptions>assumptions_section blocks changes>differences_section "
        "costs>costs_section failures>failures_section gains>equity_section holding>robustness_section "
        "provenance>provenance_section reading>read_results spreading>curves_section "
        "tracing>example_organisations view>report_data writing>report_writer"
    ),
    ("results", "outputs.results"): (
        "comparisons>comparison_results folder>results_folder manifest names>file_names "
        "origins>result_origins runs>run_results"
    ),
    ("rules", "model.rules"): (
        "capacity code_cache compiling>jit content>code_content copying deciding draws>random_draws "
        "effects>rule_effects hearing home_grown>local_improvement improving leaders outcome "
        "replacing>code_replacement reviewing sources>source_hash steps"
    ),
    ("rules", "common"): "shipped>shipped_bindings",
    ("sweeping", "runs.sweep"): (
        "changing>apply_point cluster>dask_pool design>designs executors>worker_pools experiment export "
        "files>atomic_files load>load_experiment lock>folder_lock log>sweep_log main_guard "
        "notes>analysis_notes order>run_order reading>sweep_reader rerun resuming>resume runner>scheduler "
        "running>run_sweep salib>salib_sampling store>sweep_store tables>sweep_tables trying>preflight "
        "varying>factor_validation work>worker"
    ),
    ("world", "model.world"): (
        "build>run_inputs draw>draw_world frame>static_world interventions>origins layout>state_arrays "
        "levers>lever_slots networks>network_builders observed>observed_events "
        "organisations>draw_organisations policies>policy_schedule"
    ),
}


def _pairs(text: str) -> dict[str, str]:
    """Return names and what each is called now from "old>new"; a name alone is the same now."""
    return {old: new or old for old, _, new in (name.partition(">") for name in text.split())}


def former_modules() -> dict[str, str]:
    """Return every former module and what it is called now, both without the name of the package."""
    found = dict(_PACKAGES)
    for (before, now), names in _MODULES.items():
        for old, new in _pairs(names).items():
            found[f"{before}.{old}".lstrip(".")] = f"{now}.{new}"
    return found


PARAMETERS = {
    "calibrate": {"truths": "self_check_runs", "yes": "confirmed", "say": "log"},
    "discover": {"in_worlds": "replicate_share", "search": "options"},
    "fit": {"worlds": "replicates"},
    "read_calibration": {"given": "source"},
    "read_experiment": {"given": "source"},
    "robustness": {"worlds": "replicates"},
    "write_comparison": {"answer": "result"},
    "sweep": {"passes": "repetitions", "yes": "confirmed", "say": "log"},
}
"""Keywords by public function; those of classes are in `MEMBERS`."""

_MEMBERS = {
    "BoxSearchOptions": "patience>prim_options shuffles>permutations",
    "Calibration": "accept>accepted_share predictive>posterior_runs",
    "CalibrationResult": (
        "plan>specification before>prior_runs after>posterior_runs reach>coverage_check check>self_check_result"
    ),
    "CalibrationTarget": "times>multiplied_by since>compared_with_month",
    "Comparison": (
        "worlds>replicate_count number>organisation_count pairs>paired_values between>arm_differences "
        "apart>difference_between changes_nothing>has_no_effect"
    ),
    "ComparisonResult": "described>describe_for_manifest",
    "DiffusionFit": "compared>comparison most_by_ties>max_share_by_ties",
    "Discovery": "data>cases suggested>suggested_index chance>chance_probability limits_of>box_limits",
    "Experiment": "varied>resolved_factors rows>intervention_rows row_of>row_index",
    "Organisation": (
        "system>partnership local_gain>local_improvement harm>event_rate available>available_time spare>spare_time "
        "watched>effective_measurement harm_averted>events_averted load>workload draw>draw_uniform tell>log_event "
        "follow_policies>apply_policies take_stock>update_capacity grow_at_home>improve_locally "
        "suffer_harm>update_events settle_climate>update_climate look_at_peers>peer_influence "
        "consider>decide_practice improve_one>improve_practice review_one>review_practice hear_of>hear_practice "
        "publish>publish_state chance_hears>hearing_probability"
    ),
    "OrganisationRow": "system>partnership",
    "Organisations": "systems>partnerships",
    "PeerTie": "alike>similarity",
    "PolicyTarget": "systems>partnerships",
    "Practice": (
        "since>last_adopted anniversary>review_phase first>first_adopted lapses>times_discontinued "
        "fit>appropriateness best>best_result harm_averted>events_averted lapse>discontinue publish>publish_state"
    ),
    "ReplicateRun": "start>initial_organisations end>final_state",
    "ReviewParameters": "giving_up>discontinuing returning>readopting",
    "Robustness": (
        "worlds>replicates_per_model asked>requested_models gains>oriented_means ranking_holds>ranking_stability "
        "stays>best_unchanged best_holds>best_stability flips>best_arm_drivers "
        "telling_apart>discriminating_parameters order_flips>order_drivers changing_places>order_changes "
        "top_flip>main_driver"
    ),
    "Runs": "last>final_values by_world>values_by_replicate failed>failed_runs",
    "Scenario": "home_grown>local_improvement",
    "SensitivityResult": "leading>ranking_column last>final_indices",
    "SpreadModel": (
        "fellows_practising>partnership_share_practising mean_setting>partnership_setting note>record_event "
        "state>export_state pooled>pooled_measure forget>drop_organisation read_ties>refresh_ties "
        "leaving>leaders_leaving numbers>step_parameters"
    ),
    "Stage": "LAPSED>DISCONTINUED",
    "Sweep": (
        "each_part>iterate_parts each_months>iterate_months made>attempted failed_places>failed_positions "
        "read>read_part"
    ),
    "SweepStatus": "done>completed left>pending",
    "TableOptions": "alike>permutation_columns",
}
MEMBERS = {name: _pairs(text) for name, text in _MEMBERS.items()}
"""Attributes, methods and keywords of the classes that users meet, by the name that the class has now."""

PARTNERSHIP = {"system": "partnership"}
KEYS = {
    "home_grown": "local_improvement",
    "reviewing.giving_up": "discontinuing",
    "reviewing.returning": "readopting",
    "organisations.systems": "partnerships",
    "organisations.columns.system": "partnership",
    "organisations.rows.*.system": "partnership",
    "policies.*.target.systems": "partnerships",
    "targets.*.times": "multiplied_by",
    "targets.*.since": "compared_with_month",
    "predictive": "posterior_runs",
    "accept": "accepted_share",
}
"""Keys of scenarios, policy files, experiments and calibrations, by dotted path: `*` is any name."""
PATH_KEYED = ("factors", "parameters", "arms.*.changes")
"""Where the keys are dotted paths of a scenario."""

MEASURES = {
    "lapses": "discontinued",
    "harm": "event_rate",
    "harm_averted": "events_averted",
    "harm_range": "event_rate_range",
    "harm_gini": "event_rate_gini",
    "local_gain": "local_improvement",
    "little": "limited",
}
REFUSED_MEASURES = {
    "reach": "ever_adopted (organisations that ever adopted it); reach in RE-AIM is people reached, which this release "
    "does not measure",
    "adoption": "current_use (organisations that use it now) or ever_adopted (organisations that ever adopted it)",
}
"""Measures whose words have another meaning in the field: whoever names them has to choose."""
SAVED_MEASURES = {**MEASURES, "reach": "ever_adopted", "adoption": "current_use"}
"""What the measures of results that version 0.1 saved are called now; there can be no doubt what was meant there."""

NETWORK_KINDS = {"systems": "partnerships"}
GENERATED_PARTNERSHIP = ("system-", "partnership-")
"""How the names of partnerships begin that are generated, then and now."""
BASELINE_ARM = ("base", "baseline")
"""The arm with which others are compared, and its folder."""

SWEEP_MANIFEST = {"passes": "repetitions"}
TABLES = {
    "between": "arm_differences",
    "worlds": "replicates",
    "for_whom": "subgroup_gains",
    "flips": "best_arm_drivers",
    "order_flips": "order_drivers",
}
"""Tables of a comparison: the names of their files."""
_PAIRED = {"base": "baseline", "worlds": "replicates"}
_SHARES = {"better": "share_better", "for_100": "per_100_organisations", "pairing": "pairing_gain"}
_DRIVERS = {"adjusted": "p_adjusted", "holds_median": "unchanged_median", "flips_median": "changed_median"}
COLUMNS = {
    "summary": {"worlds": "replicates"},
    "events": {"what": "event", "why": "reason"},
    "months": SAVED_MEASURES,
    "organisations": {
        **PARTNERSHIP,
        "began": "first_adopted",
        "since": "last_adopted",
        "lapses": "times_discontinued",
        "fit": "appropriateness",
        "best": "best_result",
        "local_gain": "local_improvement",
        "harm": "event_rate",
        "all_harm_averted": "all_events_averted",
        "harm_averted": "events_averted",
    },
    "differences": {**_PAIRED, **_SHARES},
    "arm_differences": {"worlds": "replicates", **_SHARES},
    "replicates": {"harm_averted": "events_averted", "at_80": "replicated_practices"},
    "cost_effectiveness": {
        "harm_averted": "events_averted",
        "standing": "dominance",
        "at_80": "replicated_practices",
        **{f"at_80_{end}": f"replicated_practices_{end}" for end in ("difference", "low", "high")},
        **{
            f"cost_per_{old}{end}": f"cost_per_{new}{end}"
            for old, new in (("event", "event_averted"), ("at_80", "replicated_practices"))
            for end in ("", "_low", "_high")
        },
    },
    "acceptability": {"willingness": "willingness_to_pay", "expected": "best_expected"},
    "subgroup_gains": _PAIRED,
    "factorial": {"worlds": "replicates"},
    "robustness": {"share_above_base": "share_above_baseline"},
    "best_arm_drivers": _DRIVERS,
    "order_drivers": {"holds": "order_stability", **_DRIVERS},
}
"""Columns by the name that their table has now."""
COLUMN_VALUES: dict[str, dict[str, str]] = {
    "measure": {**SAVED_MEASURES, "harm_reduction": "event_rate_reduction"},
    "arm": dict([BASELINE_ARM]),
    "against": dict([BASELINE_ARM]),
    "stage": {"lapsed": "discontinued"},
}
"""Words in the cells of columns, by what the column is called."""

OPTIONS = {
    "compare": {"--team-month": "--team-month-cost"},
    "discover": {"--in-worlds": "--replicate-share", "--shuffles": "--permutations"},
    "fit": {"--worlds": "--replicates", "--shuffles": "--permutations", "--alike": "--strata"},
}
"""Options by command."""


def removal_note(old: str, new: str) -> str:
    """Return what is said of a former name, such as of one in a file."""
    return f'"{old}" is now "{new}"; the old name is read until {REMOVED_IN}'


def refusal(name: str) -> str:
    """Return what is said of a measure that is refused, or nothing where it is none of these."""
    needed = REFUSED_MEASURES.get(name)
    return f"'{name}' meant something else before and is refused; needed: {needed}" if needed else ""

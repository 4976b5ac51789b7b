"""The user's own tables: dirty ones are met with care, what is left out is said, what cannot be meant is refused."""

import csv
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from helpers_input import catch_input_error, only_fault, write_file
from qispread.inputs.load_scenario import check_file, read_scenario

ROOT = Path(__file__).resolve().parents[2]
NHS = ROOT.parent / "shared" / "data" / "nhs"
needs_nhs = pytest.mark.skipif(not NHS.exists(), reason=f"the NHS tables are not at {NHS}")

PLACES = "id,size\na,1\nb,2\nc,3\n"
FILE = "{kind: file, file: t.csv}"
MEMBERS = "{kind: memberships, file: t.csv}"


def load_tables(places=PLACES, ties=None, network=FILE, **options):
    """Load a scenario of these tables."""
    write_file("o.csv", places)
    if ties is not None:
        write_file("t.csv", ties)
    given = "".join(f", {name}: {value}" for name, value in options.items())
    network = "{kind: complete}" if ties is None else network
    return read_scenario(write_file("s.yaml", f"organisations: {{file: o.csv{given}}}\nnetwork: {network}\n"))


def organisation_ids_of(scenario):
    return [row.id for row in scenario.organisations.rows]


def tie_triples(scenario):
    return {(tie.first, tie.second): tie.weight for tie in scenario.network.ties}


def test_what_a_table_gives_is_used_and_what_it_lacks_stays_open():
    scenario = load_tables("id,name,size,culture,colour\n a , A place ,1e2,0.5,red\nb,,,,blue\n")
    first, second = scenario.organisations.rows
    assert (first.id, first.name, first.size, first.culture, first.slack) == ("a", "A place", 100.0, 0.5, None)
    assert (second.id, second.name, second.size, second.culture) == ("b", None, None, None)


def test_columns_may_have_other_names():
    scenario = load_tables("code,beds\na,1\nb,2\n", columns="{id: code, size: beds}")
    assert [(row.id, row.size) for row in scenario.organisations.rows] == [("a", 1.0), ("b", 2.0)]


def test_closed_rows_are_left_out_and_noted_whatever_else_is_wrong_with_them():
    scenario = load_tables("id,size,shut\na,1,\nb,-7,2020-01-01\nc,3, \n", closed="shut")
    assert organisation_ids_of(scenario) == ["a", "c"]
    assert "o.csv: 1 closed organisations left out: b" in scenario.notes


def test_a_table_of_closed_rows_alone_is_refused():
    catch_input_error(load_tables, "id,shut\na,2019\nb,2020\n", closed="shut")


@pytest.mark.parametrize(
    ("column", "done"),
    [("size", "drawn"), ("map_east", "not shown on maps"), ("partnership", "each forms its own partnership")],
)
def test_blank_cells_are_counted_and_it_is_said_what_is_done(column, done):
    note = next(note for note in load_tables(f"id,{column}\na,\nb, \nc,1\n").notes if "is blank" in note)
    assert note.startswith("o.csv: column ")
    assert f"{column}" in note
    assert f"is blank in 2 of 3 rows: {done}" in note


def test_a_column_that_is_nearly_right_is_noted():
    assert "column 'Culture' is not used; did you mean 'culture'?" in " ".join(
        load_tables("id,Culture\na,0.1\nb,0.2\n").notes
    )


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("", 0, "is empty"),
        ("\n\n", 0, "is empty"),
        ("id,size\n", 0, "has no rows"),
        ("ide,size\na,1\nb,2\n", 1, "column 'id' (id): is missing; did you mean 'ide'?"),
        ("ID,size\na,1\nb,2\n", 1, "column 'id' (id): is missing; did you mean 'ID'?"),
        ("id;size\na;1\nb;2\n", 1, "semicolon"),
        ("id,size,size\na,1,1\nb,2,2\n", 1, "size is given twice"),
        ("id,size\na,1\nb\n", 3, "has 1 cells; the header has 2"),
        ("id,size\na,1\nb,2,3\n", 3, "has 3 cells; the header has 2"),
        ("id,size\na,1\nb,x\n", 3, "column 'size' of b: got the text 'x'; needed: a number in (0, inf)"),
        ("id,size\na,1\nb,nan\n", 3, "column 'size' of b: got nan; needed: a number"),
        ("id,size\na,1\nb,inf\n", 3, "column 'size' of b: got inf; needed: a number"),
        ("id,size\na,1\nb,0\n", 3, "column 'size' of b: got 0.0; needed: a number in (0, inf)"),
        ("id,culture\na,1\nb,1.01\n", 3, "column 'culture' of b: got 1.01; needed: a number in [0, 1]"),
        ("id,size\na,1\nb,1_000\n", 3, "column 'size' of b: got the text '1_000'"),
        ('id,size\na,1\nb,"1,000"\n', 3, "column 'size' of b: got the text '1,000'"),
        ("id,size\n,1\nb,2\nc,3\n", 2, "column 'id': "),
        ("id,size\na,1\nb,2\na,3\n", 4, "column 'id': 'a' is given twice"),
        (b"id,name\na,caf\xe9\nb,x\n", 0, "is not UTF-8"),
        ("id,name\na," + "x" * 200_000 + "\nb,y\n", 2, "is not a CSV table"),
    ],
)
def test_a_bad_table_of_organisations_is_refused(text, line, part):
    fault = only_fault(load_tables, text)
    assert (fault.file, fault.line) == ("o.csv", line)
    assert part in str(fault)


def test_a_quote_that_is_never_closed_swallows_no_rows():
    assert only_fault(load_tables, 'id,name\na,x\nb,"never closed\nc,y\n').line in {3, 4}


def test_one_organisation_is_not_enough():
    assert "only 1 organisation" in str(catch_input_error(load_tables, "id\na\n"))


def test_a_byte_order_mark_and_other_line_ends_are_accepted():
    assert organisation_ids_of(load_tables(b"\xef\xbb\xbfid,name\r\na,caf\xc3\xa9\r\nb,x\r\n")) == ["a", "b"]


def test_quoted_line_ends_do_not_shift_the_lines_of_faults():
    text = '\nid,name,size\na,"two\nlines",1\n\nb,x,-1\nc,"three\n\nlines",1\nd,y,bad\n'
    assert [fault.line for fault in catch_input_error(load_tables, text).faults] == [6, 10]


def test_all_faults_of_both_tables_come_at_once():
    write_file("o.csv", "ide\na\n")
    write_file("t.csv", "frm,to\na,b\n")
    error = catch_input_error(read_scenario, write_file("s.yaml", f"organisations: {{file: o.csv}}\nnetwork: {FILE}\n"))
    assert {(fault.file, fault.line) for fault in error.faults} == {("o.csv", 1), ("t.csv", 1)}
    error = catch_input_error(
        read_scenario, write_file("s.yaml", "organisations: {file: no.csv}\nnetwork: {kind: file, file: none.csv}\n")
    )
    assert {fault.file for fault in error.faults} == {"no.csv", "none.csv"}


def test_a_bad_tie_hides_no_duplicate_id():
    error = catch_input_error(load_tables, "id\na\nb\na\n", "from,to\na,b\na,z\n")
    assert {(fault.file, fault.line) for fault in error.faults} == {("o.csv", 4), ("t.csv", 3)}


@pytest.mark.parametrize(
    ("columns", "part"),
    [
        ("{siz: size}", "did you mean 'size'?"),
        ("{id: idd}", "column 'idd' (id): is missing; did you mean 'id'?"),
        ("{culture: size2}", "column 'size2' (culture): is missing; did you mean 'size'?"),
    ],
)
def test_bad_names_of_columns_are_refused(columns, part):
    assert part in str(only_fault(load_tables, columns=columns))


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("a,zz,1", "unknown organisation 'zz'; valid: a, b, c"),
        ("a,,1", "has a blank id"),
        (",a,1", "has a blank id"),
        ("a,a,1", "ties an organisation to itself"),
        ("a,b,0", "got weight 0"),
        ("a,b,-0.1", "got weight -0.1"),
        ("a,b,1.5", "got weight 1.5; needed: a number in (0, 1]"),
        ("a,b,nan", "got weight nan"),
        ("a,b,", "got weight blank"),
        ("a,b,strong", "got weight strong"),
    ],
)
def test_a_bad_tie_is_refused_at_its_line(row, part):
    fault = only_fault(load_tables, ties=f"from,to,weight\na,b,1\n\n{row}\n")
    assert (fault.file, fault.line) == ("t.csv", 4)
    assert part in str(fault)


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("From,to\na,b\n", 1, "column 'from' (first id): is missing; did you mean 'From'?"),
        ("from;to\na;b\n", 1, "semicolon"),
        ("from,to\n", 0, "has no rows"),
        ("from,to\na,b,c\n", 2, "has 3 cells; the header has 2"),
        (b"from,to\na,\xe9\n", 0, "is not UTF-8"),
    ],
)
def test_a_bad_table_of_ties_is_refused(text, line, part):
    fault = catch_input_error(load_tables, ties=text).faults[0]
    assert (fault.file, fault.line) == ("t.csv", line)
    assert part in str(fault)


@pytest.mark.parametrize(
    ("network", "where", "part"),
    [
        ("{kind: file, file: t.csv, weigth: w}", "network.weigth", "did you mean 'weight'?"),
        ("{kind: file, file: t.csv, group: to}", "network.group", "unknown name"),
        ("{kind: file, file: t.csv, unknown: leav_out}", "network.unknown", "did you mean 'leave_out'?"),
        ("{kind: file, file: t.csv, first: 3}", "network.first", "needed: text"),
        ("{kind: file, file: 3}", "network.file", "needed: text"),
    ],
)
def test_bad_options_of_a_table_of_ties_are_refused(network, where, part):
    faults = catch_input_error(load_tables, ties="from,to\na,b\nb,z\n", network=network).faults
    assert where in {fault.path for fault in faults}
    assert part in " ".join(map(str, faults))


def test_unknown_names_may_be_left_out_which_is_noted():
    scenario = load_tables(ties="from,to\na,b\nb,y\nz,y\n", network="{kind: file, file: t.csv, unknown: leave_out}")
    assert tie_triples(scenario) == {("a", "b"): 1.0}
    assert "t.csv: ties of 2 organisations unknown to the table left out: y, z" in scenario.notes


def test_ties_of_strangers_alone_make_an_empty_graph():
    network = "{kind: file, file: t.csv, unknown: leave_out}"
    assert "no ties" in only_fault(load_tables, ties="from,to\ny,z\n", network=network).problem


def test_a_pair_given_again_counts_once_at_its_larger_weight():
    scenario = load_tables(ties="from,to,weight\na,b,0.2\nb,a,0.7\na,b,0.5\nc,b,1\n")
    assert tie_triples(scenario) == {("a", "b"): 0.7, ("b", "c"): 1.0}
    assert "t.csv: 2 repeated ties (in either direction) count once, at the largest weight" in scenario.notes


@pytest.mark.parametrize(("choice", "left"), [("keep", ["a", "b", "c"]), ("leave_out", ["a", "b"])])
def test_organisations_without_ties_are_kept_or_left_out_and_noted(choice, left):
    scenario = load_tables(ties="from,to\na,b\n", without_ties=choice)
    assert organisation_ids_of(scenario) == left
    note = scenario.notes[-1]
    assert note.startswith("o.csv: 1 organisations without ties " + {"keep": "kept", "leave_out": "left out"}[choice])
    assert note.endswith(": c")


def test_they_are_left_out_as_well_where_the_scenario_itself_gives_the_ties():
    write_file("o.csv", PLACES)
    text = (
        "organisations: {file: o.csv, without_ties: leave_out}\nnetwork: {kind: ties, ties: [{first: a, second: b}]}\n"
    )
    assert organisation_ids_of(read_scenario(write_file("s.yaml", text))) == ["a", "b"]


def test_rows_left_out_do_not_shift_the_lines_of_faults():
    fault = only_fault(load_tables, "id,size\na,1\nlone,2\nb,x\n", "from,to\na,b\n", without_ties="leave_out")
    assert (fault.file, fault.line) == ("o.csv", 4)


def test_memberships_become_ties_weighted_by_groups_shared():
    # a and b share g and h, the most of any pair; a and c, b and c share h alone; d is in a group of its own.
    members = "organisation,group\na,g\nb,g\na,h\nb,h\nc,h\na,h\nd,i\n"
    scenario = load_tables("id\na\nb\nc\nd\n", members, MEMBERS)
    assert tie_triples(scenario) == {("a", "b"): 1.0, ("a", "c"): 0.5, ("b", "c"): 0.5}


@pytest.mark.parametrize("row", ["z,g", "z,lonely"])
def test_a_member_who_is_unknown_is_one_fault_at_the_line_of_the_membership(row):
    fault = only_fault(load_tables, ties=f"organisation,group\na,g\nb,g\n{row}\nc,g\n", network=MEMBERS)
    assert (fault.file, fault.line) == ("t.csv", 4)
    assert "unknown organisation 'z'" in fault.problem


@pytest.mark.parametrize("row", ["z,g", "z,lonely"])
def test_a_member_who_is_unknown_may_be_left_out_which_is_noted(row):
    network = "{kind: memberships, file: t.csv, unknown: leave_out}"
    scenario = load_tables(ties=f"organisation,group\na,g\nb,g\n{row}\nc,g\n", network=network)
    assert set(tie_triples(scenario)) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert any("1 organisations unknown" in note and note.endswith(": z") for note in scenario.notes)


@pytest.mark.parametrize("row", [",g", "a,"])
def test_a_blank_membership_is_one_fault(row):
    fault = only_fault(load_tables, ties=f"organisation,group\na,g\nb,g\n{row}\n", network=MEMBERS)
    assert (fault.line, fault.problem) == (4, "has a blank cell")


def test_a_table_stands_beside_the_file_that_names_it():
    write_file("o.csv", PLACES, "below")
    write_file("base.yaml", "organisations: {file: o.csv}\n", "below")
    assert organisation_ids_of(
        read_scenario(write_file("s.yaml", "extends: below/base.yaml\nnetwork: {kind: complete}\n"))
    ) == [
        "a",
        "b",
        "c",
    ]


def test_tables_of_the_command_line_stand_where_the_user_stands():
    write_file("s.yaml", "organisations: {number: 5, partnerships: 2, regions: 1}\n", "below")
    write_file("o.csv", PLACES)
    write_file("t.csv", "from,to\na,b\nb,c\n")
    scenario = read_scenario("below/s.yaml", organisations="o.csv", ties="t.csv")
    assert (organisation_ids_of(scenario), len(tie_triples(scenario))) == (["a", "b", "c"], 2)
    assert [one.path for one in scenario.inputs] == ["o.csv", "t.csv"]
    write_file("t.csv", "from,to\na,x\n")
    assert only_fault(read_scenario, "below/s.yaml", organisations="o.csv", ties="t.csv").file == "t.csv"


@pytest.mark.parametrize("name", ["o.csv", "below/o.csv"])
def test_check_reads_a_table_of_organisations(name):
    write_file(name, PLACES)
    assert any("has no column" in note for note in check_file(name).notes)
    write_file(name, "id,size\na,1\nb,-1\n")
    assert only_fault(check_file, name).file == name


def row_values(name):
    with (NHS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@needs_nhs
def test_the_clinical_networks_hold_all_open_trusts_that_share_one():
    scenario = read_scenario(ROOT / "configs" / "nhs_clinical_networks.yaml")
    trusts = {row["trust_code"] for row in row_values("trusts.csv") if not row["close_date"]}
    closed = {row["trust_code"] for row in row_values("trusts.csv")} - trusts
    groups = {}
    for row in row_values("clinical_network_membership.csv"):
        groups.setdefault(row["network_code"], set()).add(row["trust_code"])
    shared = Counter(pair for group in groups.values() for pair in combinations(sorted(group), 2))
    most = max(shared.values())
    expected = {pair: count / most for pair, count in shared.items() if trusts.issuperset(pair)}
    assert tie_triples(scenario) == expected
    assert set(organisation_ids_of(scenario)) == {name for pair in expected for name in pair}
    notes = "\n".join(scenario.notes)
    strangers = {name for group in groups.values() for name in group} - trusts
    assert f"{len(closed)} closed organisations left out" in notes
    assert f"{len(strangers)} organisations unknown" in notes
    assert f"{len(trusts) - len(organisation_ids_of(scenario))} organisations without ties left out" in notes


@needs_nhs
def test_the_shared_catchments_hold_all_open_trusts_that_share_one():
    scenario = read_scenario(ROOT / "configs" / "nhs_shared_catchments.yaml")
    places = {row["trust_code"]: row for row in row_values("trusts.csv") if not row["close_date"]}
    pairs = {}
    for row in row_values("trust_shared_catchment_edges.csv"):
        pair = tuple(sorted((row["from_trust"], row["to_trust"])))
        pairs[pair] = max(float(row["cosine"]), pairs.get(pair, 0.0))
    expected = {pair: weight for pair, weight in pairs.items() if places.keys() >= set(pair)}
    assert tie_triples(scenario) == expected
    assert set(organisation_ids_of(scenario)) == {name for pair in expected for name in pair}
    beds = {row.id: row.size for row in scenario.organisations.rows}
    assert beds == {name: float(size) if (size := places[name]["mean_GA_beds"]) else None for name in beds}
    notes = "\n".join(scenario.notes)
    assert f"{len(places) - len(beds)} organisations without ties left out" in notes
    assert "repeated ties (in either direction) count once, at the largest weight" in notes
    blank = sum(not row["mean_GA_beds"] for row in places.values())
    assert f"is blank in {blank} of {len(places)} rows: drawn" in notes

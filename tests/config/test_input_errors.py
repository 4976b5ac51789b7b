"""Bad scenarios: every kind of fault is said at its place and in the user's words, and all of them at once."""

import re

import pytest

from helpers_input import MARK, SMALL_YAML, catch_input_error, line_of_mark, only_fault, write_file
from qispread.inputs.load_scenario import read_scenario
from qispread.interfaces.cli.main import main

# What is wrong, the file (its faulty line marked if it has several), the path said, what the message must hold.
FAULTS = [
    ("misspelt at the top", "horizn: 24", "horizn", ["unknown name", "did you mean 'horizon'?"]),
    ("unknown at the top", "zzz: 24", "zzz", ["unknown name"]),
    ("misspelt in a mechanism", "improving:\n  decai: 0.1  # here", "improving.decai", ["did you mean 'decay'?"]),
    ("misspelt in organisations", "organisations:\n  numbr: 9  # here", "organisations.numbr", ["'number'?"]),
    ("deeper", "organisations:\n  context:\n    cultur: 0.1  # here", "organisations.context.cultur", ["'culture'?"]),
    ("in an intervention", "interventions:\n  x:\n    benfit: 0.1  # here", "interventions.x.benfit", ["'benefit'?"]),
    (
        "in an intervention called like a field",
        "interventions: {origin: {benfit: 1}}",
        "interventions.origin.benfit",
        ["'benefit'?"],
    ),
    (
        "in a policy",
        "policies:\n  p:\n    lever: coaching\n    suport: 0.1  # here",
        "policies.p.suport",
        ["'support'?"],
    ),
    (
        "in a policy called like a field",
        "policies: {target: {lever: coaching, suport: 1}}",
        "policies.target.suport",
        ["'support'?"],
    ),
    ("in a network", "network:\n  kind: ring\n  degre: 4  # here", "network.degre", ["'degree'?"]),
    ("in a target", "policies: {p: {lever: mandate, target: {hub: 3}}}", "policies.p.target.hub", ["'hubs'?"]),
    ("kind of network", "network: {kind: rnig}", "network", ["'rnig'", "did you mean 'ring'?"]),
    ("kind of lever", "policies: {p: {lever: coching}}", "policies.p", ["'coching'", "did you mean 'coaching'?"]),
    ("no lever", "policies: {p: {start: 2}}", "policies.p", ["lever"]),
    (
        "a word in a list of words",
        "network: {kind: file, file: t.csv, unknown: refus}",
        "network.unknown",
        ["'refuse'?"],
    ),
    (
        "an option",
        "organisations:\n  without_ties: kep  # here",
        "organisations.without_ties",
        ["the text 'kep'", "'keep'?"],
    ),
    (
        "target in a word",
        "policies: {p: {lever: mandate, target: evryone}}",
        "policies.p.target",
        ["evryone", "'everyone'?"],
    ),
    (
        "rule of origin",
        "interventions: {x: {origin: most_redy}}",
        "interventions.x.origin",
        ["'most_redy'", "'most_ready'?"],
    ),
    ("above its range", "improving:\n  decay: 1.5  # here", "improving.decay", ["got 1.5", "a number in [0, 1]"]),
    (
        "at an open end",
        "organisations: {size: {mean: 0}}",
        "organisations.size.mean",
        ["got 0", "a number in (0, inf)"],
    ),
    ("below its range", "horizon: 0", "horizon", ["got 0", "a whole number in [1, "]),
    ("a negative seed", "seed: -1", "seed", ["got -1", "a whole number in [0, "]),
    ("in an intervention", "interventions: {x: {benefit: 2}}", "interventions.x.benefit", ["got 2", "[0, 1]"]),
    ("strength of a policy", "policies: {p: {lever: coaching, support: 2}}", "policies.p.support", ["got 2", "[0, 1]"]),
    (
        "field named as its lever",
        "policies: {p: {lever: standard, standard: 2}}",
        "policies.p.standard",
        ["got 2", "[0, 1]"],
    ),
    (
        "all three alike",
        "policies: {protected_time: {lever: protected_time, protected_time: 2}}",
        "policies.protected_time.protected_time",
        ["got 2", "[0, 1]"],
    ),
    ("text for a number", "improving: {decay: slow}", "improving.decay", ["the text 'slow'", "a number in"]),
    ("a list for a number", "horizon: [24]", "horizon", ["got", "needed: a whole number"]),
    ("a mapping for a number", "horizon: {months: 24}", "horizon", ["got", "needed: a whole number"]),
    ("nothing for a number", "horizon:", "horizon", ["got", "needed: a whole number"]),
    ("true for a number", "improving: {decay: true}", "improving.decay", ["needed: a number"]),
    ("a part for a whole", "horizon: 24.5", "horizon", ["got 24.5", "needed: a whole number"]),
    ("a number for text", "name: 12", "name", ["got 12", "needed: text"]),
    ("a number for a section", "organisations: 5", "organisations", ["got 5", "needed: a mapping"]),
    ("nothing for a section", "improving:", "improving", ["needed: a mapping"]),
    ("nothing for a network", "network:", "network", ["needed: a mapping"]),
    ("nothing for a policy", "policies:\n  p:  # here", "policies.p", ["needed: a mapping"]),
    ("a list of policies", "policies: [mandate]", "policies", ["needed: a mapping"]),
    ("a kind that is a list", "network: {kind: [ring]}", "network", ["kind"]),
    ("not a number", "improving: {decay: .nan}", "improving.decay", ["got nan", "a number in [0, 1]"]),
    ("no bound", "interventions: {x: {effort: .inf}}", "interventions.x.effort", ["got inf"]),
    ("one organisation", "organisations: {number: 1}", "organisations.number", ["got 1", "[2, 100000]"]),
    (
        "partnerships",
        "organisations:\n  number: 9\n  partnerships: 10  # here\n  regions: 2",
        "organisations.partnerships",
        ["got 10", "9 organisations"],
    ),
    (
        "regions",
        "organisations:\n  partnerships: 4\n  regions: 5  # here",
        "organisations.regions",
        ["got 5", "4 partnerships"],
    ),
    ("an odd degree", "network: {kind: ring, degree: 3}", "network.degree", ["got 3", "an even number below 152"]),
    ("a large degree", "network: {kind: random, mean_degree: 152}", "network.mean_degree", ["got 152", "at most 151"]),
    ("no ties", "network: {kind: ties}", "network", ["no ties"]),
    (
        "a self-tie",
        "network: {kind: ties, ties: [{first: organisation-001, second: organisation-001}]}",
        "network.ties.0",
        ["'organisation-001' to itself"],
    ),
    (
        "a tie to nobody",
        "network: {kind: ties, ties: [{first: organisation-001, second: organisation-x}]}",
        "network.ties.0.second",
        ["'organisation-x'", "did you mean 'organisation-"],
    ),
    (
        "half a tie",
        "network: {kind: ties, ties: [{first: organisation-001}]}",
        "network.ties.0.second",
        ["missing", "text"],
    ),
    (
        "the weight of a tie",
        "network: {kind: ties, ties: [{first: organisation-001, second: organisation-002, weight: 2}]}",
        "network.ties.0.weight",
        ["got 2", "(0, 1]"],
    ),
    ("nothing to spread", "interventions: {}", "interventions", ["at least one is needed"]),
    ("a reserved name", "interventions: {all: {}}", "interventions.all", ["pooled rows"]),
    (
        "an origin that is not there",
        "interventions: {x: {origin: organisation-999}}",
        "interventions.x.origin",
        ["'organisation-999'", "did you mean 'organisation-"],
    ),
    (
        "everyone starts",
        "interventions: {x: {origin: {rule: hub, number: 152}}}",
        "interventions.x.origin",
        ["got 152 pilot sites"],
    ),
    (
        "two origins",
        "interventions: {x: {origin: {rule: hub, organisations: a}}}",
        "interventions.x.origin",
        ["either a rule or organisations"],
    ),
    (
        "a late launch",
        "horizon: 24\ninterventions: {x: {launch: 25}}  # here",
        "interventions.x.launch",
        ["got 25", "month 24"],
    ),
    ("a late start", "policies: {p: {lever: mandate, start: 121}}", "policies.p.start", ["got 121", "month 120"]),
    (
        "an end before the start",
        "policies: {p: {lever: mandate, start: 9, end: 8}}",
        "policies.p.end",
        ["got 8", "month 9"],
    ),
    (
        "an unknown system",
        "policies: {p: {lever: mandate, target: {partnerships: partnershp-01}}}",
        "policies.p.target.partnerships",
        ["'partnershp-01'", "'partnership-01'?"],
    ),
    (
        "an unknown target",
        "policies: {p: {lever: mandate, target: {organisations: [organisation-1x1]}}}",
        "policies.p.target.organisations",
        ["'organisation-1x1'", "did you mean"],
    ),
    (
        "too many targets",
        "policies: {p: {lever: mandate, target: {hubs: 153}}}",
        "policies.p.target.hubs",
        ["got 153", "152 organisations"],
    ),
    (
        "two rules of target",
        "policies: {p: {lever: mandate, target: {hubs: 2, random: 2}}}",
        "policies.p.target",
        ["one rule only"],
    ),
    (
        "an unknown intervention",
        "policies: {p: {lever: mandate, interventions: intervntion}}",
        "policies.p.interventions",
        ["'intervention'?"],
    ),
    ("a network without its file", "network: {kind: file}", "network.file", ["missing"]),
    (
        "a number that a table gives",
        "organisations:\n  number: 3  # here\n  file: o.csv",
        "organisations.number",
        ["with a table"],
    ),
    (
        "columns that are a list",
        "organisations:\n  file: o.csv\n  columns: [id]  # here",
        "organisations.columns",
        ["a mapping"],
    ),
    (
        "a column that is a number",
        "organisations:\n  file: o.csv\n  columns: {id: 3}  # here",
        "organisations.columns.id",
        ["got 3", "text"],
    ),
    ("extends a number", "extends: 5", "extends", ["5"]),
    ("extends nothing", "extends:", "extends", ["extends"]),
    ("extends an unthinkable file", 'extends: "a\\0b"', "", []),
    ("an unthinkable table", 'organisations: {file: "a\\0b"}', "", []),
    ("a name that leaves the folder", "name: ../x", "name", ["../x"]),
    ("a name of nothing", "name: ''", "name", ["name"]),
]


@pytest.mark.parametrize(("text", "where", "parts"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_each_fault_is_said_at_its_place(text, where, parts):
    write_file("o.csv", "id\n" + "".join(f"{name}\n" for name in "abcdefgh"))
    write_file("t.csv", "from,to\norganisation-001,organisation-002\n")
    fault = only_fault(read_scenario, write_file("s.yaml", text + "\n"))
    line = line_of_mark(text) if MARK in text else 1
    if where:
        assert (fault.file, fault.line, fault.path) == ("s.yaml", line, where)
        assert str(fault).startswith(f"s.yaml:{line}: {where}: ")
    missing = [part for part in parts if part not in str(fault)]
    assert not missing, str(fault)
    assert not re.search("input should be|instance of|dictionary|tuple", fault.problem), fault.problem


MANY = """\
    horizn: 24
    seed: -3
    replicates: many
    improving:
      decay: 1.5
      embedd: 0.1
    leaders: {leader_exit: .nan}
    interventions:
      one: {benefit: 7, effort: lots}
    policies:
      a: {lever: mandat}
      b: {lever: mandate, start: 500}
      c: {lever: feedback, measurement: -1}
      d: {lever: goals, target: {everybody: true}}
    network: {kind: ring, degree: 7}
    """
ALL_OF_THEM = {
    (1, "horizn"),
    (2, "seed"),
    (3, "replicates"),
    (5, "improving.decay"),
    (6, "improving.embedd"),
    (7, "leaders.leader_exit"),
    (9, "interventions.one.benefit"),
    (9, "interventions.one.effort"),
    (11, "policies.a"),
    (12, "policies.b.start"),
    (13, "policies.c.measurement"),
    (14, "policies.d.target.everybody"),
    (15, "network.degree"),
}


def test_all_faults_of_a_file_come_in_one_message_in_the_order_of_its_lines():
    error = catch_input_error(read_scenario, write_file("s.yaml", MANY))
    assert {(fault.line, fault.path) for fault in error.faults} == ALL_OF_THEM
    lines = str(error).splitlines()
    assert lines[0] == "13 faults in the input"
    assert [line.split(":")[1] for line in lines[1:]] == [str(line) for line, _ in sorted(ALL_OF_THEM)]


def test_a_fault_in_one_value_hides_no_name_that_cannot_be():
    text = """\
        organisations: {setting_spread: -1}
        interventions: {x: {origin: nobody-1, effort: -2}}
        policies: {p: {lever: mandate, target: {partnerships: nowhere}}}
        """
    said = str(catch_input_error(read_scenario, write_file("s.yaml", text)))
    assert all(part in said for part in ("setting_spread", "nobody-1", "effort", "nowhere"))


def test_faults_of_scenario_tables_and_policy_files_come_together():
    write_file("o.csv", "id,size\na,-1\nb,2\nc,3\n")
    write_file("t.csv", "from,to\na,a\n")
    write_file("p.yaml", "policies: {p: {lever: mandate, push: -1}}\n")
    text = "seed: -1\norganisations: {file: o.csv}\nnetwork: {kind: file, file: t.csv}\n"
    error = catch_input_error(
        read_scenario,
        write_file("s.yaml", text),
        policies=["missing.yaml", write_file("p.yaml", "policies: {p: {lever: x}}\n")],
    )
    assert {fault.file for fault in error.faults} == {"s.yaml", "o.csv", "t.csv", "p.yaml", "missing.yaml"}


def test_check_lists_the_faults_of_all_files(capsys):
    write_file("good.yaml", SMALL_YAML)
    write_file("a.yaml", "seed: -1\nsead: 2\n")
    write_file("p.yaml", "policies:\n  p: {lever: mandate, push: -1}\n")
    write_file("o.csv", "id,size\na,x\nb,2\n")
    assert main(["check", "good.yaml", "a.yaml", "p.yaml", "o.csv", "none.yaml"]) == 2
    shown = capsys.readouterr()
    assert "good.yaml: no faults" in shown.out
    assert "5 faults in the input" in shown.err
    for place in (
        "a.yaml:1: seed",
        "a.yaml:2: sead",
        "p.yaml:2: policies.p.push",
        "o.csv:2: column 'size' of a",
        "none",
    ):
        assert f"  {place}" in shown.err

"""Read docs/decisions.md: its decisions by area, its table of contents, and what is wrong with it."""

import datetime as dt
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

DECISIONS = Path(__file__).resolve().parent / "decisions.md"
AREA = re.compile(r"^## (?P<area>.+)$|^### (?P<number>\d+)\. (?P<title>.+)\n\n(?P<below>.*)$", re.MULTILINE)
STATE = re.compile(r"\*(?P<date>\d{4}-\d\d-\d\d), (?P<state>accepted|(?:amended|superseded) by (?P<later>\d+))\*")
CONTENTS = re.compile(r"(<!-- generated: contents -->\n).*?(<!-- end -->)", re.DOTALL)
CITED = re.compile(r"\b[Dd]ecisions? (\d+)((?:, \d+)*)(?: and (\d+))?|decisions\.md, (\d+)")
"""A decision as comments, docstrings and pages cite it."""


class Decision(NamedTuple):
    """A decision as its heading and the line below that describe it."""

    number: int
    title: str
    area: str
    below: str
    """The line below the heading, which has date and state."""


def read_decisions(text: str) -> list[Decision]:
    """Return the decisions in the order of the page."""
    found, area = [], ""
    for match in AREA.finditer(text):
        if match["area"]:
            area = match["area"]
        else:
            found.append(Decision(int(match["number"]), match["title"], area, match["below"]))
    return found


def find_problems(text: str) -> list[str]:
    """Return what is wrong: numbers that are missing or used twice, and dates and states that cannot be read."""
    decisions = read_decisions(text)
    counts = Counter(decision.number for decision in decisions)
    wanted = range(1, max(counts, default=0) + 1)
    problems = [f"decision {number} is missing" for number in wanted if not counts[number]]
    problems += [f"decision {number} is there {count} times" for number, count in counts.items() if count > 1]
    return problems + [found for decision in decisions for found in find_state_problems(decision, counts)]


def find_state_problems(decision: Decision, known: Counter[int]) -> list[str]:
    """Return what is wrong with the line below the heading of a decision."""
    found = STATE.fullmatch(decision.below)
    if not found:
        needed = "*YEAR-MONTH-DAY, accepted*, or amended by or superseded by a number in place of accepted"
        return [f"decision {decision.number}: got {decision.below!r} below the heading; needed: {needed}"]
    problems = [] if is_date(found["date"]) else [f"decision {decision.number}: there is no day {found['date']}"]
    later = int(found["later"] or 0)
    if later and (later <= decision.number or later not in known):
        problems.append(f"decision {decision.number}: {found['state']}, which is no later decision")
    return problems


def is_date(text: str) -> bool:
    """Return whether a text is a day of the calendar."""
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def cited_numbers(text: str) -> set[int]:
    """Return the numbers of the decisions that a text cites, also where a line of a comment breaks within."""
    flowing = re.sub(r"\s*\n[\s#/*]*", " ", text)
    return {int(number) for groups in CITED.findall(flowing) for number in re.findall(r"\d+", " ".join(groups))}


def anchor(title: str) -> str:
    """Return the address that GitHub and the site give a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def contents(text: str) -> str:
    """Return the table of contents: a list for each area, with the state of decisions that a later one changes."""
    lines, area = [], ""
    for decision in read_decisions(text):
        if decision.area != area:
            area = decision.area
            lines += ["", f"**{area}**", ""]
        heading = f"{decision.number}. {decision.title}"
        found = STATE.fullmatch(decision.below)
        changed = f", *{found['state']}*" if found and found["later"] else ""
        lines.append(f"- [{heading}](#{anchor(heading)}){changed}")
    return "\n".join(lines[1:])


def decisions_page() -> str:
    """Return the page of decisions with its table of contents."""
    text = DECISIONS.read_text(encoding="utf-8")
    return CONTENTS.sub(lambda found: f"{found[1]}\n{contents(text)}\n\n{found[2]}", text)

"""The sources of references.bib as plain text, for the report that is installed without them."""

import re
import unicodedata
from pathlib import Path

BIB = Path(__file__).resolve().parent / "references.bib"
ENTRY = re.compile(r"^@\w+\{(?P<key>\w+),\n(?P<fields>.*?)^\}", re.DOTALL | re.MULTILINE)
FIELD = re.compile(r"^\s*(\w+)\s*=\s*\{(.*)\},?$|^\s*(month)\s*=\s*(\w+),?$", re.MULTILINE)
ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "H": "\u030b", "v": "\u030c"}
LETTERS = {
    r"{\o}": "ø",
    r"{\O}": "Ø",
    r"{\l}": "ł",
    r"{\ss}": "ß",
    r"{\aa}": "å",
    r"\&": "&",
    "---": "\N{EM DASH}",
    "--": "\N{EN DASH}",
}
MOST_AUTHORS = 3


def strip_markup(text: str) -> str:
    """Return the text of a field without its markup: accents as letters, braces gone."""
    for mark, letter in LETTERS.items():
        text = text.replace(mark, letter)
    text = re.sub(r"(?<!\\)`([^']*)'", "\N{LEFT SINGLE QUOTATION MARK}\\1\N{RIGHT SINGLE QUOTATION MARK}", text)
    text = re.sub(r"\{?\\(['`\"^~Hv])\{?(\w)\}?\}?", lambda found: found[2] + ACCENTS[found[1]], text)
    return unicodedata.normalize("NFC", re.sub(r"[{}]", "", text))


def format_authors(text: str) -> str:
    """Return the authors of an entry, family names first; after three of them, others."""
    people = [strip_markup(one) for one in re.split(r"\s+and\s+", text)]
    named = [one for one in people if one != "others"]
    if len(people) <= MOST_AUTHORS:
        return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else named[0]
    return f"{named[0]} and others"


def format_citation(fields: dict[str, str]) -> str:
    """Return one source as it is cited."""
    where = strip_markup(
        fields.get("journal") or fields.get("institution") or fields.get("booktitle") or fields.get("publisher") or ""
    )
    volume = fields.get("volume", "") + (f"({strip_markup(fields['number'])})" if "number" in fields else "")
    details = ", ".join(
        part
        for part in (" ".join(part for part in (where, volume) if part), strip_markup(fields.get("pages", "")))
        if part
    )
    parts = [f"{format_authors(fields['author'])} ({fields['year']})", strip_markup(fields["title"]), details]
    parts += [f"doi:{fields['doi']}"] if "doi" in fields else []
    parts += [f"arXiv:{fields['eprint']}"] if "eprint" in fields else []
    return " ".join(part if part.endswith(("?", ".")) else f"{part}." for part in parts if part)


def read_sources() -> dict[str, str]:
    """Return all sources by key, as they are cited."""
    found = {}
    for entry in ENTRY.finditer(BIB.read_text(encoding="utf-8")):
        fields = {one[1]: one[2] for one in FIELD.finditer(entry["fields"]) if one[1]}
        found[entry["key"]] = format_citation(fields)
    return dict(sorted(found.items()))

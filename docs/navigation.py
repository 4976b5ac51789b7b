"""The sidebar of the site, read from the list of links in docs/index.md, which stays an ordinary page on GitHub."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
PAGE = re.compile(r"^- \[([^\]]+)\]\(([^)#:]+)\.md\)", re.MULTILINE)

GENERATED = {
    "API reference": {"/docs/api/index": "Public names"},
    "Evidence": {"/docs/api/references": "References"},
}
"""Pages that are there only when the site is built, by their section."""

OTHERS = "The model"
"""The section that pages go to which docs/index.md does not list yet, such as one generated since."""


def sections(text: str) -> dict[str, dict[str, str]]:
    """Return what each section of the front page lists: titles by path from the root of the repository."""
    titles, bodies = SECTION.findall(text), SECTION.split(text)[2::2]
    return {
        title: {absolute(target): name for name, target in PAGE.findall(body)}
        for title, body in zip(titles, bodies, strict=True)
    }


def absolute(target: str) -> str:
    """Return a link of the front page as a path from the root of the repository."""
    parts: list[str] = ["docs"]
    for part in PurePosixPath(target).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/" + "/".join(parts)


def unlisted(docs: Path, listed: Iterable[str]) -> dict[str, str]:
    """Return the pages of a folder that no section lists, with the names of their files as titles."""
    found = {f"/docs/{path.stem}": path.stem.replace("_", " ").capitalize() for path in sorted(docs.glob("*.md"))}
    return {page: found[page] for page in found.keys() - {"/docs/index", *listed}}


def toctrees(text: str, docs: Path) -> str:
    """Return a hidden table of contents for each section of the front page."""
    found = sections(text)
    others = unlisted(docs, (page for pages in found.values() for page in pages))
    for title, pages in (*GENERATED.items(), (OTHERS, others)):
        found.setdefault(title, {}).update(pages)
    return "".join(toctree(title, pages) for title, pages in found.items() if pages)


def toctree(caption: str, pages: dict[str, str]) -> str:
    """Return one hidden table of contents."""
    lines = [f"{title} <{page}>" for page, title in pages.items()]
    return "\n".join(["\n```{toctree}", ":hidden:", f":caption: {caption}", "", *lines, "```", ""])

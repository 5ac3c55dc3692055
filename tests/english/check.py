"""Search for the phrases of `phrases.toml` in the prose of the project."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .extract import Passage, passages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PHRASES = Path(__file__).with_name("phrases.toml")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase to avoid: its pattern, the suggestion, and the kinds of text to search."""

    pattern: re.Pattern[str]
    use: str
    only: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """A phrase that was found, with its place and a suggestion."""

    path: Path
    line: int
    text: str
    use: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text!r}: {self.use}"


@dataclass(frozen=True, slots=True)
class Result:
    """The findings in a set of files and the number of words that they contain."""

    findings: tuple[Finding, ...]
    words: int

    @property
    def rate(self) -> float:
        """The findings per 1,000 words."""
        return 1000 * len(self.findings) / max(self.words, 1)


@cache
def word_list() -> tuple[tuple[Phrase, ...], frozenset[tuple[str, str]]]:
    """Return the phrases to search for, and the exceptions as pairs of file and phrase."""
    data = tomllib.loads(PHRASES.read_text(encoding="utf-8"))
    phrases = tuple(
        Phrase(compiled(entry["find"], case=entry.get("case", False)), entry["use"], frozenset(entry.get("only", ())))
        for entry in data["phrase"]
    )
    return phrases, frozenset((entry["file"], entry["phrase"].lower()) for entry in data.get("exception", ()))


def compiled(find: str, *, case: bool) -> re.Pattern[str]:
    """Return the pattern of *find*, in which a blank matches any white space; lookbehinds match one character."""
    spread = re.sub(r"\(\?<![^)]*\)|( )", lambda found: r"\s+" if found[1] else found[0].replace(" ", r"\s"), find)
    return re.compile(spread, 0 if case else re.IGNORECASE)


def search(passage: Passage) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the words and the suggestion of each phrase in *passage*."""
    for phrase in word_list()[0]:
        if phrase.only and passage.kind not in phrase.only:
            continue
        for found in phrase.pattern.finditer(passage.text):
            line = passage.line + passage.text.count("\n", 0, found.start())
            yield line, " ".join(found[0].split()), phrase.use


def check(paths: Iterable[Path]) -> Result:
    """Return all findings in the files *paths*, in the order of the files and lines."""
    findings, words = list[Finding](), 0
    exceptions = word_list()[1]
    for path in paths:
        found = list[Finding]()
        for passage in passages(path):
            words += passage.words
            found += [
                Finding(path, line, text, use)
                for line, text, use in search(passage)
                if (path.as_posix(), text.lower()) not in exceptions
            ]
        findings += sorted(found, key=lambda each: each.line)
    return Result(tuple(findings), words)

"""Comments that switch off a check."""

from __future__ import annotations

import io
import re
import tokenize

import pytest

from tests.structure.source_files import ROOT, handwritten, name

SUPPRESSION = re.compile(r"# *(?:noqa|type: *ignore|pyright: *ignore|pragma: no (?:cover|branch))")
NAMED = re.compile(
    r"# (?:noqa: [A-Z]+\d+(?:, [A-Z]+\d+)*|(?:type|pyright): ignore\[[\w-]+(?:, ?[\w-]+)*\]|pragma: no \w+)"
)
REASON = re.compile(r" - (?!as above|see above|same)\S+ \S+")


def unexplained(source: str) -> list[str]:
    """Return the comments in *source* that switch off a check without its name or without a reason."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT and SUPPRESSION.search(token.string)]
    return [comment for comment in comments if not (NAMED.search(comment) and REASON.search(comment))]


def test_every_suppression_names_its_rule_and_has_a_reason() -> None:
    """A reader can judge each exception without looking elsewhere."""
    found = [
        f"{name(path)}: {comment}"
        for path in [*handwritten(".py"), ROOT / "noxfile.py"]
        for comment in unexplained(path.read_text(encoding="utf-8"))
    ]
    assert [] == found


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# noqa: S311",
        "# noqa - reproducible sample data",
        "# type: ignore - a valid state",
        "# type: ignore[arg-type]",
        "# noqa: S311 - as above",
        "# pragma: no cover",
    ],
)
def test_the_check_finds_a_suppression_without_rule_or_reason(comment: str) -> None:
    """Each of these comments lacks the rule or the reason."""
    assert [comment] == unexplained(f"value = 1  {comment}\n")


def test_the_check_accepts_rule_and_reason() -> None:
    """Several rules may share a reason, and a string that looks like a comment is not one."""
    assert [] == unexplained('a = "# noqa"  # type: ignore[misc] # noqa: S311, B008 - reproducible sample data\n')

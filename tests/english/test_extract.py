"""Extraction of prose from the files of the project."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from tests.english.extract import CODE, passages

if TYPE_CHECKING:
    from pathlib import Path


def texts(tmp_path: Path, name: str, content: str) -> list[tuple[int, str, str]]:
    file = tmp_path / name
    file.write_text(dedent(content), encoding="utf-8")
    return [(found.line, found.kind, found.text) for found in passages(file)]


def test_docstrings_comments_and_messages_of_a_module_are_found(tmp_path: Path):
    """All text that a reader meets is checked, with the line on which it begins."""
    found = texts(
        tmp_path,
        "module.py",
        '''\
        """The module."""

        LIMIT = 3
        """The limit."""

        # A comment
        # on two lines.
        def run(name):
            """Run it."""
            raise ValueError(f"cannot run {name} at this time")  # a remark
        ''',
    )
    assert sorted(found) == [
        (1, "docstring", "The module."),
        (4, "attribute", "The limit."),
        (6, "comment", "A comment\non two lines."),
        (9, "docstring", "Run it."),
        (10, "comment", "a remark"),
        (10, "message", f"cannot run {CODE} at this time"),
    ]


def test_strings_that_are_values_are_not_prose(tmp_path: Path):
    """Keys, short labels, patterns and markup are data."""
    content = r"""X = ["user_name", "two words", r"\bone two three four\b", "<p>one two three four</p>"]"""
    assert not texts(tmp_path, "module.py", content)


def test_strings_in_tests_are_not_prose(tmp_path: Path):
    """Tests quote messages, which are checked at their source."""
    assert not texts(tmp_path, "test_module.py", 'X = "the answer of the service is lost"')


def test_the_reason_of_an_exception_to_a_rule_is_prose(tmp_path: Path):
    """A rule's code is not text, and its reason is."""
    (found,) = texts(tmp_path, "module.py", "import os  # noqa: F401 - the reason\n")
    assert found == (1, "comment", "the reason")


def test_code_identifiers_and_quotations_are_removed(tmp_path: Path):
    """Quoted words belong to somebody else."""
    (found,) = texts(
        tmp_path,
        "page.md",
        'Use `x` and {class}`~a.b`, *name*, [this page](a.md#answer) and "an answer" at https://a.b/answer now.',
    )
    assert found == (1, "text", f"Use {CODE} and {CODE}, {CODE}, [this page{CODE} and {CODE} at {CODE} now.")


def test_literal_blocks_of_a_docstring_are_removed(tmp_path: Path):
    """Examples are code."""
    (found,) = texts(
        tmp_path,
        "module.py",
        '''\
        """Run it::

            nobody = 1

        Then stop.

        >>> nobody
        """
        ''',
    )
    assert found[2].split() == ["Run", "it::", "Then", "stop."]


def test_a_page_is_split_into_paragraphs_items_and_rows(tmp_path: Path):
    """Phrases do not reach over the end of a paragraph; fences hold code, and some directives hold text."""
    found = texts(
        tmp_path,
        "page.md",
        """\
        # A heading

        First line
        second line
        - an item

        | a | row |

        ```python
        nobody = 1
        ```

        ```{note}
        Some text.
        ```

        :::{tip}
        More text.
        :::
        """,
    )
    assert [(line, text) for line, _, text in found] == [
        (1, "# A heading"),
        (3, "First line\nsecond line"),
        (5, "- an item"),
        (7, "| a | row |"),
        (14, "Some text."),
        (18, "More text."),
    ]


def test_the_descriptions_of_an_api_are_found(tmp_path: Path):
    """They become the docstrings of the models."""
    found = texts(
        tmp_path,
        "api.yaml",
        """\
        info:
          title: An API
          version: "1"
        paths:
          - summary: List them
            description: |
              The first line
              and the second.
            example: somebody
        """,
    )
    assert found == [
        (2, "description", "An API"),
        (5, "description", "List them"),
        (7, "description", "The first line\nand the second.\n"),
    ]
    assert not texts(tmp_path, "empty.yaml", "")


def test_comments_of_other_languages_are_found(tmp_path: Path):
    """The scripts beside the Python files are read as well."""
    found = texts(tmp_path, "script.lua", "-- Line one\n-- line two\nreturn 1\n")
    assert found == [(1, "comment", "Line one\nline two")]
    assert not texts(tmp_path, "notes.txt", "Somebody told it.")

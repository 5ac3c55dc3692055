"""Phrases and coined names, and the command that prints them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.english import check as check_module
from tests.english.__main__ import main
from tests.english.check import check, compiled, word_list
from tests.english.extract import Passage
from tests.english.files import prose_files
from tests.english.names import check_names

BEFORE_AND_AFTER = [
    (
        "docstring",
        "Who goes next: the calls of a key.",
        "Fair queue of calls that wait for the rate limit.",
    ),
    ("docstring", "What is known of a retry.", "Details passed to the hooks."),
    ("text", "So whoever finds the window full waits.", "A process that finds the window full waits."),
    ("text", "the body is no event", "the body is not a valid event"),
    (
        "comment",
        "not tracked, as when its event never appears",
        "not tracked, for example because it is old",
    ),
    ("text", "A store that is empty is told the limit.", "The first process writes the known limit back."),
    ("comment", "kept until it is ripe", "batched until the delay outweighs one request"),
    ("text", "It stands behind the other layer.", "It comes after the other layer."),
    ("text", "Nobody waits longer than a tenth of a second.", "The store timeout is 0.1 s."),
    ("comment", "None where it is to be requested", "None means the running loop"),
    ("text", "once a call", "once per call"),
    ("comment", "lest the page misses it", "so that the event stays on the page"),
    ("text", "watch what becomes of them", "show the result of each delivery"),
    ("text", "One endpoint's trouble ends there.", "A failure at one endpoint does not affect the others."),
    ("message", "the service refused the key", "the service rejected the key"),
    ("message", "the answer was lost", "the response was lost"),
    ("text", "There is a gate for all calls.", "Gate is a product."),
    ("text", "Whoever\nwaits does it.", "The task that waits does it."),
]


@pytest.mark.parametrize(("kind", "before", "after"), BEFORE_AND_AFTER)
def test_a_phrase_is_found_and_its_replacement_is_not(kind: str, before: str, after: str):
    """Every group of phrases is searched, over the ends of lines too."""
    assert list(check_module.search(Passage(1, before, kind)))
    assert not list(check_module.search(Passage(1, after, kind)))


def test_every_phrase_is_a_pattern_with_a_suggestion():
    """The list is read by people, who want to know what to write instead."""
    phrases, _ = word_list()
    assert len(phrases) > 40
    assert all(phrase.use for phrase in phrases)


def test_a_blank_in_a_pattern_is_any_white_space():
    """Text is wrapped anywhere."""
    assert compiled("(?<!an )odd end", case=False).search("the Odd\nend")
    assert not compiled("(?<!an )odd end", case=False).search("an\nodd end")
    assert not compiled("odd", case=True).search("Odd")


def test_findings_have_a_line_and_the_rate_counts_words(tmp_path: Path):
    """A finding can be opened in an editor, and the rate compares texts of different length."""
    page = tmp_path / "page.md"
    page.write_text("One two three\nfour nobody six seven eight.\n\nSomebody ten.\n", encoding="utf-8")
    result = check([page])
    assert [(finding.line, finding.text) for finding in result.findings] == [(2, "nobody"), (4, "Somebody")]
    assert (result.words, result.rate) == (10, 200.0)
    assert str(result.findings[0]) == f"{page}:2: 'nobody': name who: the caller, the user, a task"


def test_an_exception_names_its_file_and_phrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An exception for one page does not hide the phrase elsewhere."""
    (tmp_path / "a.md").write_text("An answer.", encoding="utf-8")
    (tmp_path / "b.md").write_text("An answer.", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    phrases, _ = word_list()
    monkeypatch.setattr(check_module, "word_list", lambda: (phrases, frozenset({("a.md", "answer")})))
    assert [finding.path.name for finding in check(prose_files([Path()])).findings] == ["b.md"]


def test_coined_words_in_names_are_found_once(tmp_path: Path):
    """Classes, functions, parameters, variables, attributes, aliases and files have names."""
    module = tmp_path / "_legible.py"
    module.write_text(
        "import a as knock\nclass DeskLamp:\n  def hear(self, moment):\n    self.ripe = alarm = moment\n    alarm = 2\n"
        "    try: pass\n    except E as trouble: pass\n    return await_it\n",
        encoding="utf-8",
    )
    assert [(finding.line, finding.text) for finding in check_names([module])] == [
        (1, "_legible"),
        (1, "knock"),
        (2, "DeskLamp"),
        (3, "hear"),
        (3, "moment"),
        (4, "ripe"),
        (4, "alarm"),
        (7, "trouble"),
    ]


def test_a_word_of_the_api_is_coined_only_where_the_api_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Gate is a product, and a rate limit is not a gate."""
    for folder in ("tripwire_async/middleware", "tripwire_async/resources"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "gate.py").touch()
    monkeypatch.chdir(tmp_path)
    (finding,) = check_names(prose_files([Path()]))
    assert finding.path.as_posix() == "tripwire_async/middleware/gate.py"


def test_the_command_prints_findings_and_ends_with_a_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The status fails a check, and the last line is the sum."""
    page = tmp_path / "page.md"
    page.write_text("Nobody knows.\n", encoding="utf-8")
    assert main([str(page)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "1 phrases in 2 words: 500.00 per 1,000 (bound 1.0); 0 coined names"
    page.write_text("All is well.\n", encoding="utf-8")
    assert main([str(page)]) == 0


def test_generated_code_and_the_word_lists_are_not_checked():
    """Generated docstrings come from the API's description, which is checked."""
    files = {file.as_posix() for file in prose_files()}
    assert {
        "README.md",
        "tripwire_async/client.py",
        "tripwire_async/_codegen/openapi.yaml",
        "docs/tutorial.md",
    } <= files
    assert not any(file.startswith(("tripwire_async/_generated/", "tests/english/")) for file in files)


def test_a_path_that_does_not_exist_is_an_error():
    """A misspelt path would look like clean text."""
    with pytest.raises(SystemExit, match="nowhere does not exist"):
        prose_files([Path("nowhere")])

"""Completion scripts for shells, made from the parsers of the commands.

All scripts work alike: they find the command before the cursor, and whether the word at the cursor is the value of an
option. A command is its words with a space before each, for example `` endpoints list``; the program itself is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .options import list_entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .parser import Argument, Parser

_CHOOSE_WORDS: Final = """\
    previous=$word
    if [[ -n $value ]]; then value=""; continue; fi
    case $word in
      {with_value}) value=1 ;;
      -*) ;;
      *) case "$command $word" in {commands}) command="$command $word" ;; esac ;;
    esac
  done
  if [[ -n $value ]]; then
    case "$command $previous" in
{values}
    esac
  else
    case $command in
{words}
    esac
  fi
"""
"""The same in bash and zsh: the rest of a loop over the words before the cursor, and what can follow them."""

_BASH: Final = (
    """\
_tripwire_async() {{
  # The words of bash are split at equals signs and colons; these are split at spaces and equals signs.
  local line=${{COMP_LINE:0:COMP_POINT}} command="" value="" previous="" words="" word
  local current=${{line##*[ =]}}
  local before=${{line%"$current"}}
  local -a parts=()
  read -ra parts <<< "${{before//=/ }}"
  for word in "${{parts[@]:1}}"; do
"""
    + _CHOOSE_WORDS
    + """\
  local colon=""
  [[ $COMP_WORDBREAKS == *:* ]] && colon=${{current%"${{current##*:}}"}}
  COMPREPLY=()
  # Read line by line: the shell would replace an asterisk among the words with the names of files.
  while IFS= read -r word; do
    COMPREPLY+=("${{word#"$colon"}}")
  done < <(if [[ $words == FILES ]]; then compgen -f -- "$current"; else compgen -W "$words" -- "$current"; fi)
}}
complete -F _tripwire_async tripwire-async
"""
)

_ZSH: Final = (
    """\
#compdef tripwire-async
_tripwire_async() {{
  local command="" value="" previous="" word
  local -a entries
  for word in "${{(@)words[2,CURRENT-1]}}"; do
"""
    + _CHOOSE_WORDS
    + """\
  if [[ "$entries" == FILES ]]; then _files; else _describe tripwire-async entries; fi
}}
if [[ "$funcstack[1]" == _tripwire_async ]]; then _tripwire_async "$@"; else compdef _tripwire_async tripwire-async; fi
"""
)

_FISH: Final = """\
function __tripwire_async_at
    set -l words (commandline -opc)
    set -l command ""
    set -l value ""
    for word in $words[2..-1]
        if test -n "$value"
            set value ""
            continue
        end
        switch $word
            case {with_value}
                set value 1
            case '-*'
            case '*'
                if contains -- "$command $word" {commands}
                    set command "$command $word"
                end
        end
    end
    test "$command" = "$argv[1]"
end
complete -c tripwire-async -f
"""

_FILES: Final = "FILES"
"""Stands for the names of files."""


def bash_script(program: Parser) -> str:
    """Return the script for bash, version 3.2 or later."""
    return _BASH.format(
        with_value="|".join(_options_with_value(program)),
        commands="|".join(f'"{command}"' for command, _ in _walk(program) if command),
        values=_cases((f"{command} {option}", values) for command, option, values in _option_values(program)),
        words=_cases((command, _words(parser, program)) for command, parser in _walk(program)),
    )


def _cases(cases: Iterator[tuple[str, Sequence[str]]]) -> str:
    return "\n".join(f'      "{pattern}") words="{" ".join(words)}" ;;' for pattern, words in cases)


def zsh_script(program: Parser) -> str:
    """Return the script for zsh."""
    return _ZSH.format(
        with_value="|".join(_options_with_value(program)),
        commands="|".join(f'"{command}"' for command, _ in _walk(program) if command),
        values="\n".join(
            f'      "{command} {option}") entries=({" ".join(map(_quoted, values))}) ;;'
            for command, option, values in _option_values(program)
        ),
        words="\n".join(
            f'      "{command}") entries=({" ".join(_described(parser, program))}) ;;'
            for command, parser in _walk(program)
        ),
    )


def _described(parser: Parser, program: Parser) -> Iterator[str]:
    """Yield the words that can follow a command, each with its description after a colon."""
    about = {name: list_entry(command.description or "") for name, command in parser.commands.items()}
    about |= {name: argument.help for argument in parser.arguments() for name in argument.options}
    for word in _words(parser, program):
        yield _quoted(f"{word}:{about[word]}" if word in about else word)


def fish_script(program: Parser) -> str:
    """Return the script for fish."""
    head = _FISH.format(
        with_value=" ".join(_options_with_value(program)),
        commands=" ".join(f"'{command}'" for command, _ in _walk(program) if command),
    )
    return head + "".join(
        f"complete -c tripwire-async -n \"__tripwire_async_at '{command}'\" {line}\n"
        for command, parser in _walk(program)
        for line in _fish_lines(parser, program)
    )


def _fish_lines(parser: Parser, program: Parser) -> Iterator[str]:
    for name, command in parser.commands.items():
        yield f"-a {name} -d {_quoted(list_entry(command.description or ''))}"
    for argument in parser.arguments():
        values = _values(argument, program)
        if not argument.options:
            if values:
                yield "-F" if values == (_FILES,) else f"-a {_quoted(' '.join(values))}"
            continue
        names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in argument.options)
        if not argument.metavar:
            yield f"{names} -d {_quoted(argument.help)}"
        elif values == (_FILES,):
            yield f"{names} -r -F -d {_quoted(argument.help)}"
        else:
            yield f"{names} -x -a {_quoted(' '.join(values))} -d {_quoted(argument.help)}"


def _walk(parser: Parser, command: str = "") -> Iterator[tuple[str, Parser]]:
    """Yield each command and its parser, first the program itself."""
    yield command, parser
    for name, child in parser.commands.items():
        yield from _walk(child, f"{command} {name}")


def _options_with_value(program: Parser) -> list[str]:
    """Return the options that take a value, in any command."""
    return sorted(
        {
            name
            for _, parser in _walk(program)
            for argument in parser.arguments()
            if argument.metavar
            for name in argument.options
        }
    )


def _option_values(program: Parser) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield each command, each of its options whose values can be completed, and the values."""
    for command, parser in _walk(program):
        for argument in parser.arguments():
            values = _values(argument, program)
            if values:
                yield from ((command, option, values) for option in argument.options)


def _words(parser: Parser, program: Parser) -> tuple[str, ...]:
    """Return the words that can follow a command: its commands, the values of its arguments, its options."""
    words = [*parser.commands]
    options: list[str] = []
    for argument in parser.arguments():
        if argument.options:
            options += argument.options
        else:
            words += _values(argument, program)
    return (_FILES,) if words == [_FILES] else (*words, *options)


def _values(argument: Argument, program: Parser) -> tuple[str, ...]:
    """Return the values of an argument; `_FILES` stands for files."""
    if argument.metavar in {"FILE", "JOURNAL"}:
        return (_FILES,)
    return tuple(program.commands) if argument.metavar == "COMMAND" else argument.values


def _quoted(text: str) -> str:
    """Return *text* in single quotes; the texts of the help have no such quotes, only apostrophes."""
    return "'" + text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}") + "'"

"""The same sends, the same limit, one library after another: ``python -m tests.benchmarks.versus``.

Each has a new server to itself, which is a process of its own and counts the requests, the refused ones too. What is
not done when the time is up has failed.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version

from tests.benchmarks.versus import azure_pipeline, openai_client, ours, service_sdk, slack_client
from tests.benchmarks.versus.contest import Rules, play

CONTENDERS = [
    contender
    for module in (ours, openai_client, azure_pipeline, slack_client, service_sdk)
    for contender in module.CONTENDERS
]


def main() -> None:
    """Let each play, and print a table that Markdown understands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=300)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--window", type=float, default=2.0, help="seconds")
    parser.add_argument("--seconds", type=float, default=60.0, help="what each may take")
    parser.add_argument("--only", default="", help="the package to run, as openai; all unless given")
    options = parser.parse_args()
    rules = Rules(options.sends, options.limit, options.window, options.seconds)
    print(
        f"{rules.sends} sends at once, {rules.limit} requests in {rules.window:g} s, {rules.seconds:g} s for it all\n"
    )
    print(f"| {'library':<23} | {'set up':<41} | successes | requests | refused | seconds |")
    print(f"|{'-' * 25}|{'-' * 43}|{'-' * 10}:|{'-' * 9}:|{'-' * 8}:|{'-' * 8}:|")
    for contender in CONTENDERS:
        if options.only not in {"", contender.package}:
            continue
        score = play(contender, rules)
        library = f"{contender.package} {version(contender.package)}"
        figures = f"{score.successes:>9} | {score.requests:>8} | {score.refused:>7} | {score.seconds:>7.1f}"
        print(f"| {library:<23} | {contender.settings:<41} | {figures} |", flush=True)


if __name__ == "__main__":
    main()

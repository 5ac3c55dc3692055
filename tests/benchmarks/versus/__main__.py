"""Comparison of libraries that send the same tests at the same limit: ``python -m tests.benchmarks.versus``.

Each library sends to a new server in a separate process, which counts all requests and the rate-limited ones. A send
that is not finished within the time limit has failed.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version

from tests.benchmarks.versus import azure_pipeline, handwritten, openai_client, ours, service_sdk, slack_client
from tests.benchmarks.versus.comparison import Workload, measure

LIBRARIES = [
    library
    for module in (ours, handwritten, openai_client, azure_pipeline, slack_client, service_sdk)
    for library in module.LIBRARIES
]


def main() -> None:
    """Measure each library and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=300)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--window", type=float, default=2.0, help="seconds")
    parser.add_argument("--seconds", type=float, default=60.0, help="time limit for each library")
    parser.add_argument("--only", default="", help="the only package to run, for example openai")
    options = parser.parse_args()
    workload = Workload(options.sends, options.limit, options.window, options.seconds)
    print(
        f"{workload.sends} sends at once, {workload.limit} requests in {workload.window:g} s, "
        f"time limit {workload.seconds:g} s\n"
    )
    print(f"| {'library':<23} | {'settings':<41} | successes | requests | limited | seconds |")
    print(f"|{'-' * 25}|{'-' * 43}|{'-' * 10}:|{'-' * 9}:|{'-' * 8}:|{'-' * 8}:|")
    for library in LIBRARIES:
        if options.only not in {"", library.package}:
            continue
        result = measure(library, workload)
        package = f"{library.package} {version(library.package)}"
        figures = f"{result.successes:>9} | {result.requests:>8} | {result.rate_limited:>7} | {result.seconds:>7.1f}"
        print(f"| {package:<23} | {library.settings:<41} | {figures} |", flush=True)


if __name__ == "__main__":
    main()

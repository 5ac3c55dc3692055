"""Rules of a server: which requests each injected fault applies to, and how often it did."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, final

from tripwire_async.testing._service.arguments import check_count, check_number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType

    from tripwire_async.testing._service.messages import ServiceRequest, ServiceResponse
    from tripwire_async.testing._service.service import Service
    from tripwire_async.testing.faults import Fault, Proceed


@final
class Rule:
    """A fault and the requests it applies to; as a context manager it is removed at the end.

    Attributes:
        fault: The fault.
        hits: Number of requests that the fault has applied to.
        required: Whether the end of the server, or of the ``with`` block, reports a rule without hits.
    """

    def __init__(
        self,
        faults: Faults,
        fault: Fault,
        *,
        operation: str | None,
        times: int | None,
        rate: float,
        seed: int,
        path_arguments: Mapping[str, str],
        when: Callable[[ServiceRequest], bool] | None,
        required: bool,
        id_: str,
    ) -> None:
        self._faults = faults
        self._operation = operation
        self._times = times
        self._rate = rate
        self._random = Random(seed)  # noqa: S311 - reproducible tests
        self._path_arguments = path_arguments
        self._when = when
        self.fault = fault
        self.hits = 0
        self.required = required
        self.id = id_

    def matches(self, request: ServiceRequest) -> bool:
        """Return whether the fault applies to *request*, and count it if so."""
        if self._times == self.hits or self._operation not in {None, request.operation}:
            return False
        if any(request.ids.get(name) != value for name, value in self._path_arguments.items()):
            return False
        if self._when is not None and not self._when(request):
            return False
        if self._rate < 1.0 and self._random.random() >= self._rate:
            return False
        self.hits += 1
        return True

    def act(self, service: Service, request: ServiceRequest, proceed: Proceed) -> Awaitable[ServiceResponse]:
        """Return the response of the fault to *request*."""
        return self.fault.act(service, request, proceed)

    def remove(self) -> None:
        """Remove the fault; a second call has no effect."""
        self._faults.rules = [rule for rule in self._faults.rules if rule is not self]

    def describe(self) -> dict[str, object]:
        """Return the id, operation, fault, limits and hits of the rule, for the control API and for messages."""
        return {
            "id": self.id,
            "operation": self._operation,
            "fault": self.fault.name,
            "times": self._times,
            "rate": self._rate,
            "endpoint_id": self._path_arguments.get("endpointId"),
            "hits": self.hits,
        }

    def __enter__(self) -> Rule:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()
        if self.required:
            self._faults.forget(self)
            if error is None and not self.hits:
                raise AssertionError(_never_hit([self]))

    def __repr__(self) -> str:
        parts = [f"<Rule {self.fault.name!r} for {self._operation or 'all operations'}"]
        parts += [f"{name}={value}" for name, value in self._path_arguments.items()]
        if self._times is not None:
            parts.append(f"times={self._times}")
        if self._rate < 1.0:
            parts.append(f"rate={self._rate:g}")
        if self._when is not None:
            parts.append("with a condition")
        if self.required:
            parts.append("required")
        return ", ".join([*parts, f"hits={self.hits}>"])


@final
class Faults:
    """The faults of one server in the order in which they were added."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._required: list[Rule] = []
        self._added = 0

    def add(
        self,
        operation: str | None,
        fault: Fault,
        *,
        times: int | None = None,
        rate: float = 1.0,
        seed: int = 0,
        endpoint_id: str | None = None,
        when: Callable[[ServiceRequest], bool] | None = None,
        required: bool = False,
    ) -> Rule:
        """Apply *fault* to requests to *operation*, or to all requests if it is None.

        *times* limits how many requests it applies to. *rate* is the probability for each, from a generator with
        *seed*. *endpoint_id* and *when* select requests. `check_required` reports a *required* rule without hits.
        """
        if times is not None:
            check_count("times", times, 1)
        check_number("rate", rate, 0, 1)
        self._added += 1
        rule = Rule(
            self,
            fault,
            operation=operation,
            times=times,
            rate=rate,
            seed=seed,
            path_arguments={} if endpoint_id is None else {"endpointId": endpoint_id},
            when=when,
            required=required,
            id_=f"fault_{self._added}",
        )
        self.rules.append(rule)
        if required:
            self._required.append(rule)
        return rule

    def clear(self) -> None:
        """Remove all faults."""
        self.rules = []

    def forget(self, rule: Rule) -> None:
        """Do not report *rule* in `check_required`."""
        self._required = [kept for kept in self._required if kept is not rule]

    def check_required(self) -> None:
        """Raise AssertionError if a required rule has never applied to a request."""
        missed = [rule for rule in self._required if not rule.hits]
        if missed:
            raise AssertionError(_never_hit(missed))


def _never_hit(rules: list[Rule]) -> str:
    return "no request met " + ", and none met ".join(repr(rule) for rule in rules)

"""Fault injection by operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.testing._service.arguments import check_name

from .delivery_controls import DeliveryControls

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.routes import Routes
    from tripwire_async.testing.fault_rules import Rule
    from tripwire_async.testing.faults import Fault


class FaultControls(DeliveryControls):
    """Methods that inject faults."""

    _routes: Routes

    def fail(
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
        """Apply *fault* to requests to *operation*, or to all if it is None; see `tripwire_async.testing.faults`.

        Args:
            operation: The id of an operation, such as ``sendTestWebhook``.
            fault: The fault.
            times: Largest number of requests that it applies to.
            rate: Probability with which it applies to a request, from 0 to 1.
            seed: Seed of the probability, so that the same requests are hit in each run.
            endpoint_id: Only requests with this endpoint in their path.
            when: Only requests for which this function returns True.
            required: Report the rule at the end of the server, or of the rule's ``with`` block, if no request met it.

        Raises:
            ValueError: An operation or endpoint does not exist, or a number is out of range.
        """
        if operation is not None:
            if operation in self.profile.other.operations - self.profile.operations:
                msg = f"{operation} is not an operation of {self.profile.title}"
                raise ValueError(msg)
            check_name("operation", operation, self.profile.operations)
        if endpoint_id is not None:
            if operation is not None and "endpointId" not in self._routes.placeholders(operation):
                msg = f"{operation} has no endpoint in its path, so endpoint_id={endpoint_id!r} would match no request"
                raise ValueError(msg)
            self.check_endpoint_id(endpoint_id)
        return self.on_loop(
            lambda: self.faults.add(
                operation,
                fault,
                times=times,
                rate=rate,
                seed=seed,
                endpoint_id=endpoint_id,
                when=when,
                required=required,
            )
        )

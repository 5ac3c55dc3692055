# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Operations of the tag fingerprints."""

import re
from typing import Final

from tripwire_async._generated.models.fingerprints import (
    VisitorFingerprintDetailResponse,
    VisitorFingerprintListResponse,
)
from tripwire_async._operation import Operation, PathArgument

_FINGERPRINT_ID: Final = re.compile(r"^vid_[0123456789abcdefghjkmnpqrstvwxyz]{26}$")

LIST_VISITOR_FINGERPRINTS: Final[Operation[VisitorFingerprintListResponse]] = Operation(
    id="listVisitorFingerprints",
    method="GET",
    path="/v1/fingerprints",
    query=("limit", "cursor", "search", "sort"),
    authority="secret",
    scope="fingerprints:list",
    success=200,
    returns=VisitorFingerprintListResponse,
)
"""List visitor fingerprints, one page at a time."""

GET_VISITOR_FINGERPRINT: Final[Operation[VisitorFingerprintDetailResponse]] = Operation(
    id="getVisitorFingerprint",
    method="GET",
    path="/v1/fingerprints/{visitorId}",
    path_arguments=(PathArgument(name="visitorId", argument="visitor_id", pattern=_FINGERPRINT_ID),),
    authority="secret",
    scope="fingerprints:read",
    success=200,
    returns=VisitorFingerprintDetailResponse,
)
"""Read one visitor fingerprint with its activity."""

"""Signer: AWS's Signature Version 4, by botocore where that is installed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

_REGION = re.compile(r"\.((?:[a-z]+-)+\d+)\.")
_NO_BOTOCORE = (
    "calls to AWS are signed by boto3, which is not installed (pip install boto3; for Bedrock, setting"
    " AWS_BEARER_TOKEN_BEDROCK does as well)"
)
_NO_CREDENTIALS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and no AWS profile is"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with the credentials that botocore has found."""

    _credentials: Any = field(repr=False)

    def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """The headers that make up the signature; it covers the host, the type and the body."""
        from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
        from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]

        host = urlsplit(url).hostname or ""
        covered = {name: value for name, value in headers.items() if name.lower() == "content-type"}
        request = AWSRequest(method=method, url=url, data=body, headers=covered)
        # Frozen: they may be renewed while they are read.
        SigV4Auth(self._credentials.get_frozen_credentials(), _service(host), _region(host)).add_auth(request)
        return {name: str(value) for name, value in request.headers.items() if name not in covered}


def signer() -> Signer | str:
    """The signer; or, for a person, why there is none.

    botocore looks for credentials as AWS's own tools do, in the environment of this process first.
    """
    try:
        from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]
        from botocore.session import get_session  # type: ignore[import-untyped]
    except ImportError:
        return _NO_BOTOCORE
    try:
        credentials = get_session().get_credentials()
    except BotoCoreError as error:
        return f"AWS credentials cannot be had: {error}"
    return _NO_CREDENTIALS if credentials is None else Signer(credentials)


def _service(host: str) -> str:
    """What the signature is for: each of Bedrock's hosts is signed for `bedrock`."""
    first = host.partition(".")[0]
    if "sagemaker" in host:
        return "sagemaker"
    return first if first in {"bedrock-mantle", "aws-external-anthropic"} else "bedrock"


def _region(host: str) -> str:
    found = _REGION.search(host)
    return "us-east-1" if found is None else found[1]

"""Keys: by what each call says who pays for it. They come from the environment, never from a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sessiontap.providers.credentials import SIGNED, Credential, credential_of
from sessiontap.replaying.changes import Changes
from sessiontap.replaying.plan import Planned
from sessiontap.replaying.signed import Signer, signer
from sessiontap.views.numbers import counted

BEDROCK_TOKEN = Credential("AWS_BEARER_TOKEN_BEDROCK")
"""What stands for a signature at Bedrock: https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html."""

_AUTHORIZATION = "authorization"


@dataclass(slots=True)
class Keys:
    """The keys that an environment has."""

    environ: Mapping[str, str] = field(repr=False)
    changes: Changes = field(repr=False)
    _signer: Signer | str | None = field(default=None, repr=False)

    def missing(self, plans: Iterable[Planned]) -> list[str]:
        """For a person, what is missing, and for how many calls; a line each, without an end."""
        lacking: dict[str, list[Planned]] = {}
        for plan in plans:
            if (what := self._lacking(plan)) is not None:
                lacking.setdefault(what, []).append(plan)
        return [
            f"{what}: {counted(len(calls), 'call')} to {_hosts(calls)}" for what, calls in lacking.items()
        ]

    def names(self, plan: Planned) -> str | None:
        """The variable whose key the call is sent with; None where none is."""
        credential = self._credential(plan)
        return None if credential is None else self._variable(credential)

    def headers(self, plan: Planned, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """What the call says of who pays; `headers` are its others."""
        credential = self._credential(plan)
        if credential is not None:
            return {
                credential.header: f"{credential.prefix}{self.environ[self._variable(credential)].strip()}"
            }
        if self._signs(plan):
            made = self._signing()
            assert isinstance(made, Signer), "asked for by `missing`"
            return made.sign(plan.method, plan.url, headers, body)
        return {}

    def _lacking(self, plan: Planned) -> str | None:
        if self._signs(plan):
            made = self._signing()
            return made if isinstance(made, str) else None
        credential = self._credential(plan)
        if credential is None or self.environ.get(self._variable(credential), "").strip():
            return None
        return f"{credential.variable} is not set"

    def _variable(self, credential: Credential) -> str:
        """The first of its variables that is set, else the one that is to be."""
        names = (credential.variable, *credential.also)
        return next((name for name in names if self.environ.get(name, "").strip()), credential.variable)

    def _credential(self, plan: Planned) -> Credential | None:
        if plan.free or self.changes.states(_AUTHORIZATION):
            return None
        if plan.provider in SIGNED:
            bearer = plan.provider == "aws.bedrock" and self.environ.get(BEDROCK_TOKEN.variable, "").strip()
            return BEDROCK_TOKEN if bearer else None
        credential = credential_of(plan.provider, plan.call.api)
        return None if self.changes.states(credential.header) else credential

    def _signs(self, plan: Planned) -> bool:
        stated = plan.free or self.changes.states(_AUTHORIZATION)
        return plan.provider in SIGNED and not stated and self._credential(plan) is None

    def _signing(self) -> Signer | str:
        if self._signer is None:
            self._signer = signer()
        return self._signer


def _hosts(plans: Iterable[Planned]) -> str:
    return ", ".join(dict.fromkeys(plan.place.host for plan in plans))

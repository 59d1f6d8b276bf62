"""`sessiontap doctor`: what is in order and what is not."""

from __future__ import annotations

from pathlib import Path

import click

from sessiontap.cli.main import Failure
from sessiontap.cli.options import home_option, json_option
from sessiontap.cli.prices_table import pricing_option
from sessiontap.views.safe_text import safe

_SIGNS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}
_WIDEST = 2000


@click.command("doctor")
@pricing_option
@json_option
@home_option
def doctor(pricing: Path | None, home: Path, *, as_json: bool) -> None:
    """Look for what is not in order.

    Versions, the home, room on its disk, whether records can be written (a file is written and removed),
    whether the newest can be read, and the prices. Exit code 1 where there is a problem; a warning is none.

    \b
    Examples:
      sessiontap doctor
      sessiontap doctor --home /srv/records
      sessiontap doctor --json | jq '.[] | select(.verdict != "ok")'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sessiontap.doctor import CHECKS
    from sessiontap.settings import Settings

    settings = Settings(home=home, pricing=pricing)
    findings = [finding for check in CHECKS for finding in check(settings)]
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode())
    else:
        for finding in findings:
            click.echo(f"{_SIGNS[finding.verdict]:8} {finding.topic:12} {safe(finding.message, _WIDEST)}")
    problems = sum(finding.verdict == "problem" for finding in findings)
    if problems:
        message = f"{problems} problem{'s' if problems > 1 else ''} found"
        raise Failure(message)

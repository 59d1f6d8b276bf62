"""`sessiontap doctor`: what is in order and what is not."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sessiontap.cli.main import Failure
from sessiontap.cli.options import confdir_option, home_option, json_option
from sessiontap.cli.prices_table import pricing_option
from sessiontap.views.safe_text import safe

_SIGNS = {"ok": "ok", "info": "info", "warning": "warning", "problem": "PROBLEM"}
_WIDEST = 2000


@click.command("doctor")
@pricing_option
@confdir_option("Where mitmproxy's CA is.")
@json_option
@home_option
def doctor(pricing: Path | None, confdir: Path | None, home: Path, *, as_json: bool) -> None:
    """Look for what is not in order.

    And for why a session stays empty. Of the home: versions, room on its disk, whether records can be
    written (a file is written and removed) and the newest read, prices, models without one. Of this shell:
    whether it goes through a proxy that records, what NO_PROXY keeps from it, which clients trust its CA,
    Node, and who has refused the certificate. Changes nothing. Exit code 1 where there is a problem; a
    warning is none.

    \b
    Examples:
      sessiontap doctor
      sessiontap doctor --home /srv/records
      sessiontap doctor --json | jq '.[] | select(.verdict != "ok")'
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sessiontap.doctor import CHECKS, SHELL_CHECKS, Shell
    from sessiontap.settings import Settings, default_confdir

    settings = Settings(home=home, pricing=pricing, confdir=confdir or default_confdir())
    shell = Shell(os.environ, home)
    findings = [finding for check in CHECKS for finding in check(settings)]
    findings += [finding for shell_check in SHELL_CHECKS for finding in shell_check(settings, shell)]
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode())
    else:
        for finding in findings:
            said = finding.message if finding.fix is None else f"{finding.message} -> {finding.fix}"
            click.echo(f"{_SIGNS[finding.verdict]:8} {finding.topic:12} {safe(said, _WIDEST)}")
    problems = sum(finding.verdict == "problem" for finding in findings)
    if problems:
        message = f"{problems} problem{'s' if problems > 1 else ''} found"
        raise Failure(message)

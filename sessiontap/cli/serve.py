"""`sessiontap serve`: the sessions as pages on this machine."""

from __future__ import annotations

import errno
import sys
import webbrowser
from pathlib import Path

import click

from sessiontap.cli.main import Failure
from sessiontap.cli.options import home_option

DEFAULT_PORT = 8427


@click.command("serve")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=DEFAULT_PORT,
    show_default=True,
    help="The port on 127.0.0.1; 0 takes one that is free.",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser, too.")
@click.option("--url", "only_url", is_flag=True, help="Print the address, and end: for a server that runs.")
@click.option(
    "--proxy-url",
    is_flag=True,
    help="Print the address inside a running proxy, for a browser that goes through it, and end.",
)
@click.option(
    "--new-token", is_flag=True, help="Make a new token: addresses and browsers that had the old one are out."
)
@home_option
def serve(
    port: int, home: Path, *, open_page: bool, only_url: bool, proxy_url: bool, new_token: bool
) -> None:
    """Show the sessions as pages in a browser.

    There is a list of all, and of each its tree, timeline, conversation and figures. The pages are on this
    machine only (127.0.0.1) and open with the token in the printed address, which the browser keeps as a
    cookie. They read the records, also while a proxy writes them, and show what is new as it comes. Ctrl-C
    ends the server; the token stays the same, so that bookmarks go on working.

    A running proxy shows the same pages to a browser that goes through it: --proxy-url prints where.

    \b
    Examples:
      sessiontap serve --open
      sessiontap serve --port 0
      sessiontap serve --url
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sessiontap.web.addresses import address, address_in_proxy
    from sessiontap.web.token import page_token

    token = page_token(home, new=new_token)
    if proxy_url:
        click.echo(address_in_proxy(token))
        return
    if only_url:
        if not port:
            message = "--url needs the port of the server that runs; 0 names none"
            raise click.UsageError(message)
        click.echo(address(port, token))
        return
    from sessiontap.web.server import listen

    try:
        serving = listen(home, token, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        message = (
            f"port {port} of 127.0.0.1 is taken, maybe by another `sessiontap serve`;"
            " --url prints its address, --port 0 takes a free port"
        )
        raise Failure(message) from error
    click.echo(serving.address)
    click.echo(f"The sessions in {home}. Ctrl-C ends.", err=True)
    sys.stdout.flush()
    if open_page and not webbrowser.open(serving.address):
        click.echo("No browser could be opened; open the address above.", err=True)
    with serving.server:
        serving.server.serve_forever()

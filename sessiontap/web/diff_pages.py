"""The page of two sessions side by side."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from sessiontap.catalog import CatalogSession
from sessiontap.errors import StoreError
from sessiontap.export.compared import Side, compared
from sessiontap.sessions.compare import difference, differs
from sessiontap.store import Ledger
from sessiontap.web.session_pages import opened_or_404
from sessiontap.web.source import Source

MOST_PAIRS = 500
"""How many calls that differ stand on the page."""


def diff_pages(source: Source) -> Blueprint:
    """`/diff?a=KEY&b=KEY`; `b` may also be a session's id, or its name."""
    pages = Blueprint("diff", __name__)

    @pages.get("/diff")
    def diff() -> str | Response:
        first, second = request.args.get("a", ""), request.args.get("b", "")
        for name, text in (("a", first), ("b", second)):
            if source.looks.session(text) is None:
                key = _found(source, text).key
                return redirect("/diff?" + urlencode({"a": first, "b": second} | {name: key}))
        one, other = opened_or_404(source, first), opened_or_404(source, second)
        ledger = Ledger(source.home)
        before, after = (Side(each.calls, ledger.bodies(each.session_id)) for each in (one, other))
        found, replies, faults = compared(before, after)
        shown = [
            (pair, (replies or {}).get(number, ()))
            for number, pair in enumerate(found.pairs)
            if differs(pair) or (replies or {}).get(number)
        ]
        return render_template(
            "diff.html",
            page="sessions",
            one=one,
            other=other,
            found=found,
            shown=shown[:MOST_PAIRS],
            left=max(0, len(shown) - MOST_PAIRS),
            alike=len(found.pairs) - len(shown),
            faults=faults,
            difference=difference,
        )

    return pages


def _found(source: Source, text: str) -> CatalogSession:
    try:
        return source.looks.now().look.catalog.find(text)
    except StoreError as error:
        abort(404, str(error))

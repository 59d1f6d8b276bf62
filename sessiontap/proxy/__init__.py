"""The only room that knows mitmproxy: hooks -> meter -> price -> store."""

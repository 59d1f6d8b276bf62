"""The few exceptions that a caller or a user must act on.

Everything a person sees is one line: what is wrong, the value, where, what is allowed.
"""


class SessiontapError(Exception):
    """A fault whose text is one line fit to be shown to the user as it stands."""


class WireError(SessiontapError):
    """Bytes that cannot be read as the format they claim to be.

    The only exception that the readers of `sessiontap.wire` raise, whatever they are fed.
    """


class PricingError(SessiontapError):
    """A price table with a mistake; the text names file, line, key and what is allowed."""


class StoreError(SessiontapError):
    """A store that cannot be read or written; the text names the path and the reason."""


class SettingsError(SessiontapError):
    """A setting with a value that is not allowed; the text names the setting and the choices."""


class CaptureError(SessiontapError):
    """A file of captured traffic that cannot be read, or not to its end; the text names the reason."""

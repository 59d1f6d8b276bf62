"""`python -m sessiontap` is the command `sessiontap`."""

from __future__ import annotations

from sessiontap.cli.main import main

if __name__ == "__main__":
    main()

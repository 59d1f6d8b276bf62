"""CAs that a program's own settings name, and that a variable of ours would beat.

pip's `cert` loses against REQUESTS_CA_BUNDLE, and the `ca_bundle` of AWS's settings against AWS_CA_BUNDLE:
what they name goes into the bundle too. git, npm and curl prefer their own settings, and need nothing.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterator, Mapping
from pathlib import Path

_PIP, _AWS = "cert", "ca_bundle"


def configured_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """The files of CAs that settings of this user name, whether or not they are there."""
    for settings, key in _settings(environ):
        # As pip and botocore read them; one that cannot be read names nothing.
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read(settings, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError, OSError):
            continue
        for section in parser.sections():
            if named := parser.get(section, key, fallback="").strip():
                yield Path(named).expanduser()


def _settings(environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """The files of settings, and the key to look for.

    https://pip.pypa.io/en/stable/topics/configuration/#location
    """
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "/nonexistent")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    pip = [Path("/etc/pip.conf"), Path("/etc/xdg/pip/pip.conf"), config / "pip" / "pip.conf"]
    pip += [home / ".pip" / "pip.conf", home / "Library" / "Application Support" / "pip" / "pip.conf"]
    if "VIRTUAL_ENV" in environ:
        pip.append(Path(environ["VIRTUAL_ENV"], "pip.conf"))
    if "APPDATA" in environ:
        pip.append(Path(environ["APPDATA"], "pip", "pip.ini"))
    if "PIP_CONFIG_FILE" in environ:
        pip.append(Path(environ["PIP_CONFIG_FILE"]))
    yield from ((path, _PIP) for path in pip)
    yield Path(environ.get("AWS_CONFIG_FILE") or home / ".aws" / "config").expanduser(), _AWS

"""The house as it is built: who imports whom, how large a module is, what each one says of itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sessiontap
from sessiontap.resources import find

PACKAGE = Path(sessiontap.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400

# A room is a folder or a module of the package's top level. Those of one floor import only from floors
# before theirs, and from each other where the floor is open.
FLOORS = (
    ("__init__", False),
    (
        (
            "errors semconv usage call bodies settings times untrusted redact recent resources estimate"
            " nesting masking masking_events"
        ),
        True,
    ),
    # Replies are made messages of for who tells conversations apart, and for who shows them.
    ("replies", False),
    ("wire apis pricing store sessions identity inference background", False),
    (
        (
            "providers record capture catalog following meter socket_meter settle stream_usage"
            " conversation views export"
        ),
        True,
    ),
    ("playback replaying web demo doctor imports launch", True),
    # `import` has flow files read by the only room that knows mitmproxy.
    ("proxy", False),
    ("cli", False),
    ("__main__", False),
)
# What only one room imports: its interface stands between the rest and that library.
KEPT_IN = {"mitmproxy": "proxy", "tinydb": "store", "filelock": "store", "yaml": "pricing"}


def _floor(room: str) -> int:
    return next(number for number, (rooms, _) in enumerate(FLOORS) if room in rooms.split())


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> Iterator[str]:
    """The dotted names that a module imports, also inside of functions and for types only."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _rooms_imported(path: Path) -> set[str]:
    """The other rooms that a module imports from."""
    rooms = set()
    for name in _imports(path):
        top, _, rest = name.partition(".")
        if top == "sessiontap":
            room = rest.partition(".")[0]
            # `from sessiontap import __version__` is the package's own face.
            there = (PACKAGE / room).is_dir() or (PACKAGE / f"{room}.py").is_file()
            rooms.add(room if there else "__init__")
    return rooms - {_room(path)}


_every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))


@_every_module
def test_a_module_imports_only_from_floors_before_its_own(path: Path) -> None:
    """What is left in the design's order never imports what is right of it."""
    room = _room(path)
    mine = _floor(room)
    is_open = FLOORS[mine][1]
    forbidden = {
        other
        for other in _rooms_imported(path)
        if _floor(other) > mine or (_floor(other) == mine and not is_open)
    }
    assert forbidden == set()


def test_no_two_rooms_import_each_other() -> None:
    """There is an order of all rooms in which each imports from those before it only."""
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        graph.setdefault(_room(path), set()).update(_rooms_imported(path))
    assert set(TopologicalSorter(graph).static_order()) >= set(graph)


@pytest.mark.parametrize(("library", "room"), KEPT_IN.items())
def test_a_library_is_imported_by_its_own_room_only(library: str, room: str) -> None:
    """mitmproxy, tinydb, filelock and yaml are each known to one room, and that one does use it."""
    users = {_room(path) for path in MODULES for name in _imports(path) if name.partition(".")[0] == library}
    assert users == {room}


def test_a_start_of_the_command_line_imports_nothing_slow() -> None:
    """`sessiontap --help` runs without mitmproxy, rich, the store and the prices."""
    program = (
        "import sys\n"
        "from sessiontap.cli.main import main\n"
        "sys.argv = ['sessiontap', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as done:\n"
        "    assert not done.code, done.code\n"
        "slow = {'mitmproxy', 'rich', 'tinydb', 'yaml'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


@_every_module
def test_a_module_is_small(path: Path) -> None:
    """No module is longer than 400 lines: one that does not fit needs a room more."""
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


@_every_module
def test_a_module_says_what_it_promises(path: Path) -> None:
    """Every module has a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_addon_py_is_two_statements() -> None:
    """The file for `mitmdump -s` imports the addon and lists it, and does nothing else."""
    statements = ast.parse(find("addon.py").read_text("utf-8")).body
    assert [ast.unparse(each) for each in statements] == [
        "from sessiontap.proxy.addon import SessionTap",
        "addons = [SessionTap()]",
    ]

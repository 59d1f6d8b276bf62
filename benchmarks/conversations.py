"""Makes conversations as agents, chats and scripts hold them, ten at a time from one client, without any id.

What each call's session is, the maker knows. Two things no proxy can know, and they count as sessions of
their own here: an edit of the very first message, and the very first message sent again after a good reply;
neither repeats anything that only its conversation said. Some sessions are runs of one script: they begin
alike, ask alike, and mostly get short answers, so that several may be word for word the same for a while.
They stay several all the same, and who takes one for the other is wrong.
"""

from __future__ import annotations

import heapq
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.dialects import DIALECTS, Dialect, Style, ToolUse, Turn

CONVERSATIONS = 1_000
AT_ONCE = 10
SCRIPTED = 0.08

_WORDS = (  # noqa: SIM905 -- a list of them would be a page long
    "the a of to and in is it you that he was for on are with as his they be at one have this from or had "
    "by hot but some what there we can out other were all your when up use word how said an each she "
    "which do their time if will way about many then them would write like so these her long make thing "
    "see him two has look more day could go come did my sound no most number who over know water than "
    "call first people may down side been now find session proxy token price record stream model agent "
    "file test error branch commit query table index "
).split()
_SYSTEMS = (
    "You are a helpful assistant.",
    "You are a coding agent. Keep going until the task is done. " * 40,
    "Answer in one sentence. Never apologise.",
    "# CLAUDE.md\n"
    + "\n".join(f"- Rule {n}: prefer small modules and plain names in all of the code." for n in range(60)),
)
_PROJECT = "<system-reminder>\n" + _SYSTEMS[3] + "\n</system-reminder>\n"
_COMMON_OPENINGS = (
    "hi",
    "Hello!",
    "continue",
    "Fix the failing tests.",
    "Summarize this repository.",
    _PROJECT + "hi",
    _PROJECT + "Fix the failing tests and explain in detail what was wrong with them, file by file.",
    "Translate to French: Good morning, my dear neighbour, how is the weather over there today?",
)
_SHORT_REPLIES = (
    "OK",
    "OK.",
    "Done.",
    "Sure!",
    "Hello! How can I help you today?",
    "Yes",
    "No",
    "I don't know.",
)
_HABITS = (
    "I'm sorry, but I can't help with that request. Is there anything else that I can do for you?",
    "All tests pass now. Let me know if you would like me to change anything else in the project.",
)
_FOLLOW_UPS = ("continue", "yes", "thanks", "go on", "Are you sure?", "ok", "Next.")
_SCRIPTS = (
    ("Think of a number.", "Double it.", "Is it even?", "Explain."),
    ("hi", "continue", "continue", "thanks"),
    ("Name a colour.", "Another one.", "Another one.", "Another one.", "Which was the first?"),
)
_TOOLS = ("read_file", "bash", "search", "get_weather")


@dataclass(slots=True)
class Call:
    """One call on the wire, and what is true of it."""

    number: int
    truth: str
    """The session that it belongs to."""
    kind: str
    api: str
    connection: str
    begins_at: float
    body: bytes
    ends_at: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list)
    answered: bool = True
    response_id: str | None = None
    says: str = ""
    """The end of what is asked, for who reads the report."""


@dataclass(slots=True)
class _Branch:
    """One line of a conversation."""

    turns: list[Turn]
    truth: str
    response_id: str | None = None
    sent: int = 0
    """How many of the turns the server has, where it keeps them."""
    summed_up: bool = False
    """The first turn is the summary of what was before."""


@dataclass(slots=True)
class _Talk:
    """One session's client: what it talks, how it writes, what it has said."""

    name: str
    dialect: Dialect
    style: Style
    system: str
    model: str
    tools: bool
    keeps: bool
    """The server keeps the conversation (`previous_response_id`)."""
    thinks: bool
    streams: float
    left: int
    branches: list[_Branch] = field(default_factory=list)
    own: int = 0
    script: tuple[str, ...] = ()
    """What the user says, first to last, where a script does."""


def talks(
    seed: int, conversations: int = CONVERSATIONS, at_once: int = AT_ONCE, scripted: float = SCRIPTED
) -> list[Call]:
    """The calls of so many conversations, in the order in which they begin.

    `scripted` is the share of them that are runs of a script.
    """
    made = _Maker(random.Random(seed), conversations, at_once, scripted).calls()
    return sorted(made, key=lambda call: call.begins_at)


class _Maker:
    def __init__(self, rng: random.Random, conversations: int, at_once: int, scripted: float) -> None:
        self._rng = rng
        self._conversations = conversations
        self._at_once = at_once
        self._scripted = scripted
        self._now = 1_800_000_000.0
        self._number = 0

    def calls(self) -> Iterator[Call]:
        """The sessions take their steps each at its own pace; when one is done, another begins."""
        first = range(min(self._at_once, self._conversations))
        active = [(self._now + number, number, self._talk(number)) for number in first]
        begun = len(active)
        while active:
            self._now, number, talk = heapq.heappop(active)
            made = self._step(talk)
            yield from made
            free_at = max(call.ends_at for call in made) + self._rng.uniform(0.01, 20)
            if talk.left > 0:
                heapq.heappush(active, (free_at, number, talk))
            elif begun < self._conversations:
                heapq.heappush(active, (free_at, begun, self._talk(begun)))
                begun += 1

    def _talk(self, number: int) -> _Talk:
        rng = self._rng
        dialect = rng.choice(DIALECTS)
        talk = _Talk(
            name=f"talk-{number}",
            dialect=dialect,
            style=Style(
                blocks=rng.random() < 0.4,
                marks=rng.random() < 0.4,
                strips=rng.random() < 0.4,
                trims_results=rng.random() < 0.4,
                drops_thinking=rng.random() < 0.4,
                reminds=rng.choice(("block", "text")) if rng.random() < 0.1 else "",
                window=6 if rng.random() < 0.05 else 0,
            ),
            system=rng.choice(_SYSTEMS),
            model=rng.choice(("small", "large")),
            tools=rng.random() < 0.5,
            keeps=dialect.api == "openai.responses" and rng.random() < 0.3,
            thinks=rng.random() < 0.3,
            streams=rng.choice((0.0, 0.5, 1.0)),
            left=1 if rng.random() < 0.1 else rng.randint(2, 12),
        )
        if rng.random() < self._scripted:
            # The same program on many inputs, or many times on the same one.
            talk.dialect, talk.style, talk.system, talk.model = DIALECTS[0], Style(), _SYSTEMS[0], "small"
            talk.tools = talk.keeps = talk.thinks = False
            talk.script = rng.choice(_SCRIPTS)
            talk.left = len(talk.script)
            talk.branches.append(_Branch([Turn("user", talk.script[0])], talk.name))
            return talk
        opening = rng.choice(_COMMON_OPENINGS) if rng.random() < 0.35 else self._text(5, 80)
        talk.branches.append(_Branch([Turn("user", opening)], talk.name))
        return talk

    def _step(self, talk: _Talk) -> list[Call]:
        """What one session does next: mostly one call, sometimes two at once."""
        talk.left -= 1
        rng = self._rng
        branch = rng.choice(talk.branches)
        chance = 0.5 if talk.script else rng.random()
        answered = [n for n, turn in enumerate(branch.turns) if turn.role == "assistant"]
        if not answered:
            if chance < 0.04:
                return [
                    self._call(talk, branch, "fails", fails=True),
                    self._call(talk, branch, "tried again"),
                ]
            return [self._call(talk, branch, "opens")]
        if chance < 0.05:
            return [*self._forks(talk, branch)]
        if chance < 0.09:
            return [self._edits(talk, branch)]
        if chance < 0.12:
            return [self._regenerates(talk, branch, answered[-1])]
        if chance < 0.14 and len(answered) > 2 and not talk.keeps:
            return self._compacts(talk, branch)
        if chance < 0.17 and talk.tools and not talk.keeps:
            return self._delegates(talk, branch)
        self._goes_on(talk, branch)
        if chance < 0.20:
            return [self._call(talk, branch, "fails", fails=True), self._call(talk, branch, "tried again")]
        return [self._call(talk, branch, "goes on")]

    def _goes_on(self, talk: _Talk, branch: _Branch) -> None:
        last = branch.turns[-1]
        if talk.script:
            branch.turns.append(Turn("user", talk.script[len(branch.turns) // 2]))
        elif last.calls:
            branch.turns.append(Turn("results", results=[(use, self._text(1, 200)) for use in last.calls]))
        else:
            branch.turns.append(Turn("user", self._follow_up()))

    def _forks(self, talk: _Talk, branch: _Branch) -> Iterator[Call]:
        other = replace(branch, turns=list(branch.turns))
        talk.branches.append(other)
        for each in (branch, other):
            self._goes_on(talk, each)
            yield self._call(talk, each, "forks")

    def _edits(self, talk: _Talk, branch: _Branch) -> Call:
        """An earlier message of the user is written anew; what came after it is gone."""
        said = [n for n, turn in enumerate(branch.turns) if turn.role == "user"]
        at = self._rng.choice(said)
        branch.turns[at:] = [Turn("user", self._follow_up() if at else self._text(5, 60))]
        branch.response_id, branch.sent = None, 0
        if at == 0:
            branch.summed_up = False
            return self._anew(talk, branch, "edits the very first message")
        return self._call(talk, branch, "edits")

    def _regenerates(self, talk: _Talk, branch: _Branch, last: int) -> Call:
        """The last reply is wanted once more."""
        del branch.turns[last:]
        branch.response_id, branch.sent = None, 0
        if len(branch.turns) == 1 and not branch.summed_up:
            return self._anew(talk, branch, "asks the very first message again")
        return self._call(talk, branch, "regenerates")

    def _anew(self, talk: _Talk, branch: _Branch, kind: str) -> Call:
        talk.own += 1
        branch.truth = f"{talk.name}.{talk.own}"
        return self._call(talk, branch, kind)

    def _compacts(self, talk: _Talk, branch: _Branch) -> list[Call]:
        """The conversation is summed up, and goes on from the summary alone."""
        self._goes_on(talk, branch)
        branch.turns.append(
            Turn("user", "Your task is to write a detailed summary of the conversation so far.")
        )
        summary = "<analysis>\n" + self._text(10, 40) + "\n</analysis>\n<summary>\n"
        lines = "\n".join(f"{n}. {self._text(12, 30)}" for n in range(self._rng.randint(5, 15)))
        first = self._call(talk, branch, "is summed up", says=summary + lines + "\n</summary>")
        opening = f"This session is being continued from a previous conversation. Summary:\n{lines}\nGo on."
        branch.turns = [Turn("user", opening)]
        branch.sent, branch.summed_up = 0, True
        return [first, self._call(talk, branch, "goes on from its summary")]

    def _delegates(self, talk: _Talk, branch: _Branch) -> list[Call]:
        """A sub-agent is called, and talks until it is done."""
        self._goes_on(talk, branch)
        prompt = self._text(15, 60)
        use = ToolUse(talk.dialect.call_id(self._rng), "task", {"description": "Look", "prompt": prompt})
        made = [self._call(talk, branch, "calls a sub-agent", uses=[use])]
        inner = _Branch([Turn("user", prompt)], branch.truth)
        made.append(self._call(talk, inner, "is a sub-agent"))
        for _ in range(self._rng.randint(0, 3)):
            self._goes_on(talk, inner)
            made.append(self._call(talk, inner, "is a sub-agent"))
        return made

    def _call(
        self,
        talk: _Talk,
        branch: _Branch,
        kind: str,
        *,
        fails: bool = False,
        says: str | None = None,
        uses: list[ToolUse] | None = None,
    ) -> Call:
        """Sends a branch's turns, and takes the reply into them."""
        rng = self._rng
        self._now += rng.uniform(0.01, 1)
        turns = branch.turns[branch.sent :] if talk.keeps else branch.turns
        body = talk.dialect.body(talk.system, talk.model, talk.style.sent(turns), talk.style)
        if talk.keeps and branch.response_id:
            body["previous_response_id"] = branch.response_id
        stream = rng.random() < talk.streams
        body["stream"] = stream
        self._number += 1
        call = Call(
            number=self._number,
            truth=branch.truth,
            kind=kind,
            api=talk.dialect.api,
            connection=talk.name,
            begins_at=self._now,
            body=json.dumps(body, ensure_ascii=rng.random() < 0.5).encode(),
            answered=not fails,
            says=f"{len(branch.turns)} turns … {branch.turns[-1].text[-40:]!r}",
        )
        reply = self._reply(talk, says, uses)
        call.ends_at = self._now + rng.uniform(0.2, 12)
        events = talk.dialect.reply(rng, reply, stream)
        if fails:
            # Half of what fails is cut in its stream, half is refused at once.
            call.events = events[: len(events) // 2] if stream and rng.random() < 0.5 else [{"error": {}}]
            self._now = call.ends_at
            return call
        call.events = events
        if talk.dialect.api == "openai.responses":
            call.response_id = next(
                e.get("response", e)["id"] for e in events if "id" in e.get("response", e)
            )
        branch.turns.append(reply)
        branch.response_id, branch.sent = call.response_id, len(branch.turns)
        if kind in {"calls a sub-agent", "is a sub-agent", "is summed up"}:
            self._now = call.ends_at
        return call

    def _reply(self, talk: _Talk, says: str | None, uses: list[ToolUse] | None) -> Turn:
        rng = self._rng
        thinking = self._text(3, 30) if talk.thinks else ""
        if says is not None:
            return Turn("assistant", says, thinking=thinking)
        if uses is None and talk.tools and rng.random() < 0.6:
            uses = [
                ToolUse(
                    talk.dialect.call_id(rng),
                    rng.choice(_TOOLS),
                    {"path": rng.choice(_WORDS), "n": rng.randint(0, 3)},
                )
                for _ in range(rng.choice((1, 1, 1, 2)))
            ]
        if uses:
            return Turn("assistant", self._text(2, 20) if rng.random() < 0.5 else "", uses, thinking=thinking)
        chance = rng.random()
        if chance < (0.5 if talk.script else 0.2):
            return Turn("assistant", rng.choice(_SHORT_REPLIES), thinking=thinking)
        if chance < 0.25:
            return Turn("assistant", rng.choice(_HABITS), thinking=thinking)
        return Turn("assistant", self._text(3, 150) + rng.choice(("", "\n", " ")), thinking=thinking)

    def _follow_up(self) -> str:
        return self._rng.choice(_FOLLOW_UPS) if self._rng.random() < 0.4 else self._text(2, 40)

    def _text(self, least: int, most: int) -> str:
        words = self._rng.choices(_WORDS, k=self._rng.randint(least, most))
        return " ".join(words).capitalize() + self._rng.choice((".", "?", ".\n\nÄ quite other line.", " 🙂"))

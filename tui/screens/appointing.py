"""The acts on an officer: enrol with a key file, appoint to a role until a day, revoke. Nothing typed here is a draft:
a passphrase is never kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from registry.desk.desk import Desk
from registry.desk.officers import DepartmentView, OfficerView, check_name
from registry.errors import Misuse, RegistryError
from registry.records.roles import APPOINTABLE, Role
from registry.records.rules import AWAITS
from tui import forms, wording
from tui.forms import Judged, judged
from tui.handed import Answer, Enrol
from tui.screens.act import ActScreen
from tui.screens.withdraw import REASON, judge_reason
from tui.widgets.entries import Entry

ROLES: dict[str, str] = {
    Role.ADMINISTRATOR: "officers, roles, departments",
    Role.REGISTRAR: "withdraws, reads withheld material",
    Role.INTAKE_CLERK: "lodges and revises",
    Role.LOADER: "loads historical records",
    Role.READER: "reads",
    Role.AUDITOR: "reads everything, writes nothing",
}
YES_OR_NO = {"yes": "the office's unlock key is handed over", "no": "somebody else has to open the office"}
LOCKED_OUT = "an administrator has to be able to open the office: say yes below"
UNTIL = Entry("until", "Until", "The last day, like 31 12 2027. Empty: a year from now, an administrator without end.")
MAY_OPEN = Entry("may_open", "May open", "Whether the officer can open the office: yes or no.", lookup=True)
SHORTEST = 8  # characters of a passphrase that somebody else has to type


class EnrolScreen(ActScreen):
    """A new officer: key file, enrolment and, where nothing waits for a second administrator, unlock key and role."""

    PLACE: ClassVar[str] = "Officers › Enrol"
    ENTRIES: ClassVar[tuple[Entry, ...]] = (
        Entry("name", "Name", "The sign-in name: lower-case letters, digits, '.', '_' or '-', like j.patel."),
        Entry("department", "Department", "The code of the officer's department.", lookup=True),
        Entry("role", "Role", "The first role; it may stay empty.", lookup=True),
        UNTIL,
        MAY_OPEN,
        Entry("passphrase", "Passphrase", "The officer's first one; it should be changed at once.", hidden=True),
        Entry("again", "Once more", "The same passphrase again.", hidden=True),
    )

    def __init__(self, enrol: Enrol, departments: Sequence[DepartmentView]) -> None:
        super().__init__("Enrol an officer")
        self._enrol = enrol
        self._departments = {one.code: one.name for one in departments}

    def codes(self, name: str) -> Mapping[str, str]:
        return {"department": self._departments, "role": ROLES}.get(name, YES_OR_NO)

    def judge(self, values: Mapping[str, str]) -> dict[str, Judged]:
        now = self.bench.clock()
        return {
            "name": judged(lambda: "free to choose" if check_name(values["name"].strip()) else ""),
            "department": judged(lambda: self._departments[self._department(values)]),
            "role": judged(lambda: _role_echo(values, wanted=False)),
            "until": judged(lambda: _until_echo(values, now)),
            "may_open": judged(lambda: YES_OR_NO["yes" if _yes(values) else "no"]),
            "passphrase": judged(lambda: f"{len(_passphrase(values))} characters"),
            "again": judged(lambda: _same(values)),
        }

    def _department(self, values: Mapping[str, str]) -> str:
        code = values["department"].strip().upper()
        if code not in self._departments:
            raise Misuse(f"{code[:20]!a} is no department here; F4 shows the list" if code else "is wanted; F4")
        return code

    def send(self, desk: Desk, values: Mapping[str, str]) -> tuple[Answer, ...]:
        return self._enrol(
            values["name"].strip(),
            self._department(values),
            values["passphrase"],
            role=_role(values, wanted=False),
            until=forms.last_moment(values["until"], self.bench.clock()),
            may_open=_yes(values),
        )

    def done(self, answers: tuple[Answer, ...], values: Mapping[str, str]) -> wording.Said:
        first = answers[0]
        if first.rule == AWAITS:
            return wording.AWAITED.say(position=first.position)
        said = {"APPOINTED": f", {_role(values, wanted=False)}", "UNLOCK_HANDED": ", may open the office"}
        more = "".join(said.get(str(answer.kind), "") for answer in answers)
        return wording.ENROLLED.say(position=first.position, name=values["name"], officer=first.subject, more=more)


class AppointScreen(ActScreen):
    """A role for an officer until a day. The unlock key first, where an administrator does not hold it yet."""

    PLACE: ClassVar[str] = "Officers › Appoint"
    ENTRIES: ClassVar[tuple[Entry, ...]] = (
        Entry("role", "Role", "One of the roles that F4 shows.", lookup=True),
        UNTIL,
        MAY_OPEN,
    )

    def __init__(self, officer: OfficerView) -> None:
        super().__init__(f"Appoint {officer.officer} {officer.name} of {officer.department}")
        self._officer = officer
        self._handed: Answer | None = None  # the unlock key was handed over, and then the appointment was refused

    def codes(self, name: str) -> Mapping[str, str]:
        return ROLES if name == "role" else YES_OR_NO

    def judge(self, values: Mapping[str, str]) -> dict[str, Judged]:
        now, opens = self.bench.clock(), self._officer.may_open
        may_open = "already may open the office"
        return {
            "role": judged(lambda: _role_echo(values, wanted=True, opens=opens)),
            "until": judged(lambda: _until_echo(values, now)),
            "may_open": Judged(may_open) if opens else judged(lambda: YES_OR_NO["yes" if _yes(values) else "no"]),
        }

    def send(self, desk: Desk, values: Mapping[str, str]) -> tuple[Answer, ...]:
        role, until = _role(values, wanted=True), forms.last_moment(values["until"], self.bench.clock())
        assert role is not None
        if not self._officer.may_open and self._handed is None and _yes(values):
            self._handed = desk.officers.hand_unlock(self._officer.officer)
        appointed = desk.officers.appoint(self._officer.officer, role, until)
        return (appointed,) if self._handed is None else (self._handed, appointed)

    def refused(self, error: RegistryError) -> None:
        if self._handed is None:
            super().refused(error)
        else:
            self.bench.say(wording.HANDED_ONLY.say(position=self._handed.position, error=error))

    def done(self, answers: tuple[Answer, ...], values: Mapping[str, str]) -> wording.Said:
        last = answers[-1]
        if last.rule == AWAITS:
            return wording.AWAITED.say(position=last.position)
        role = _role(values, wanted=True)
        end = "further notice" if role is Role.ADMINISTRATOR else "a year from now"
        until = forms.shown_day(forms.day(values["until"])) if values["until"].strip() else end
        return wording.APPOINTED.say(position=last.position, officer=last.subject, role=role, until=until)


class RevokeScreen(ActScreen):
    """The end of an officer's key and every role, after a reason and a question that begins at No."""

    PLACE: ClassVar[str] = "Officers › Revoke"
    ENTRIES: ClassVar[tuple[Entry, ...]] = (REASON,)
    ACTIONS: ClassVar[tuple[str, ...]] = ("submit",)

    def __init__(self, officer: OfficerView) -> None:
        super().__init__(f"Revoke {officer.officer} {officer.name} of {officer.department}")
        self._officer = officer

    def judge(self, values: Mapping[str, str]) -> dict[str, Judged]:
        return judge_reason(values)

    def question(self, values: Mapping[str, str]) -> tuple[str, str, str]:
        who = f"{self._officer.officer} {self._officer.name}"
        return "Revoke?", f"The key and every role of {who} end. There is no act that takes it back.", "Yes, revoke"

    def send(self, desk: Desk, values: Mapping[str, str]) -> tuple[Answer, ...]:
        return (desk.officers.revoke(self._officer.officer, forms.reason(values["reason"])),)

    def done(self, answers: tuple[Answer, ...], values: Mapping[str, str]) -> wording.Said:
        if answers[0].rule == AWAITS:
            return wording.AWAITED.say(position=answers[0].position)
        return wording.REVOKED.say(position=answers[0].position, officer=answers[0].subject)


def _role(values: Mapping[str, str], *, wanted: bool) -> Role | None:
    text = values["role"].strip().lower().replace(" ", "-")
    if not text and not wanted:
        return None
    found = [role for role in APPOINTABLE if role.startswith(text)] if text else []
    if len(found) != 1:
        raise Misuse(f"{text[:20]!a} is no role; F4 shows the list" if text else "is wanted; F4 shows the list")
    return found[0]


def _role_echo(values: Mapping[str, str], *, wanted: bool, opens: bool = False) -> str:
    role = _role(values, wanted=wanted)
    if role is None:
        return "none yet"
    if role is Role.ADMINISTRATOR and not (opens or _yes(values, strict=False)):
        raise Misuse(LOCKED_OUT)
    return f"{role} · {ROLES[role]}"


def _until_echo(values: Mapping[str, str], now: int) -> str:
    until = forms.last_moment(values["until"], now)
    role = partial(_role, values, wanted=False)
    try:
        administrator = role() is Role.ADMINISTRATOR
    except Misuse:
        administrator = False
    if until is None:
        return "without end" if administrator else "a year from now"
    return f"to the end of {forms.shown_day(forms.day(values['until']))}"


def _yes(values: Mapping[str, str], *, strict: bool = True) -> bool:
    text = values["may_open"].strip().lower()
    if text in ("", "n", "no"):
        return False
    if text in ("y", "yes"):
        return True
    if strict:
        raise Misuse("yes or no?")
    return False


def _passphrase(values: Mapping[str, str]) -> str:
    if len(values["passphrase"]) < SHORTEST:
        raise Misuse(f"at least {SHORTEST} characters")
    return values["passphrase"]


def _same(values: Mapping[str, str]) -> str:
    if values["again"] != values["passphrase"]:
        raise Misuse("is not the same")
    return "the same" if values["again"] else ""

"""find, show, history: what is printed, the members of their JSON, and who sees what."""

from __future__ import annotations

import re

from tests.commands.conftest import Place, Run

MEMBERS = {"subject", "kind", "position", "number", "previous", "recorded_at", "details"}


def test_found_entries_have_the_promised_members(land: Place, ask: Run) -> None:
    found = ask(land, "find", "deed", "--json").done().json()
    assert [one["details"]["title"] for one in found] == ["Deed of gift, corrected"]
    assert found[0].keys() >= MEMBERS
    assert found[0]["number"] == 2
    assert found[0]["previous"]["position"] < found[0]["position"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found[0]["recorded_at"])


def test_a_search_says_that_it_is_no_proof(land: Place, ask: Run) -> None:
    assert "A search is not a proof" in ask(land, "find", "deed").done().out


def test_sales_are_found_with_their_attribution(land: Place, ask: Run) -> None:
    words = ask(land, "find", "MOTHWING", "--limit", "2").done().out
    assert words.splitlines()[-1].startswith("Contains HM Land Registry data © Crown copyright")
    told = ask(land, "find", "MOTHWING", "--limit", "2", "--json").done().json()
    assert {one["kind"] for one in told} == {"SALE_RECORD"}
    assert all("Open Government Licence" in one["attribution"] for one in told)
    one = ask(land, "show", told[0]["subject"]).done().out
    assert one.splitlines()[-1].startswith("Contains HM Land Registry data")


def test_a_search_goes_on_behind_the_last_of_a_page(land: Place, ask: Run) -> None:
    both = ask(land, "find", "MOTHWING", "--limit", "2", "--json").done().json()
    second = ask(land, "find", "MOTHWING", "--limit", "1", "--after", both[0]["position"], "--json").done().json()
    assert second == both[1:]


def test_the_public_sees_what_is_public_and_no_more(land: Place, subjects: dict[str, str], ask: Run) -> None:
    assert ask(land, "show", subjects["public"], "--json").done().json().keys() >= MEMBERS
    refused = ask(land, "show", subjects["own"])
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == f"muniment: {subjects['own']} is not held here, or is not yours to know of\n"


def test_unknown_and_hidden_are_told_alike(land: Place, subjects: dict[str, str], ask: Run) -> None:
    unknown = "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10"
    for verb in ("show", "history"):
        hidden, absent = ask(land, verb, subjects["own"]), ask(land, verb, unknown)
        assert hidden.code == absent.code == 1
        assert hidden.err.replace(subjects["own"], unknown) == absent.err


def test_another_department_does_not_see_what_is_own(land: Place, subjects: dict[str, str], ask: Run) -> None:
    assert ask(land, "show", subjects["public"], officer="r.reader").code == 0
    assert ask(land, "show", subjects["own"], officer="r.reader").code == 1


def test_a_history_prints_links_that_can_be_followed(land: Place, subjects: dict[str, str], ask: Run) -> None:
    told = ask(land, "history", subjects["public"]).done().out.splitlines()
    first = re.fullmatch(r"  1 · ([0-9a-f]{4})…\s+LODGED .* position [\d,]+", told[1])
    second = re.fullmatch(r"  2 · ([0-9a-f]{4})… → 1 · ([0-9a-f]{4})… ✓\s+REVISED .* position [\d,]+", told[2])
    assert first is not None
    assert second is not None
    assert first[1] == second[2]
    assert told[3] == "2 entries: numbers run on, and every link agrees with the tree."


def test_a_history_in_json_links_each_act_to_the_one_before(land: Place, subjects: dict[str, str], ask: Run) -> None:
    first, second = ask(land, "history", subjects["public"], "--json").done().json()
    assert first.keys() >= MEMBERS
    assert (first["number"], first["previous"], first["link"]) == (1, None, None)
    assert second["previous"]["position"] == first["position"]
    assert second["link"] is True


def test_who_may_open_the_office_sees_names(land: Place, subjects: dict[str, str], ask: Run) -> None:
    assert "officer/2 (c.clerk) of HMLR" in ask(land, "history", subjects["public"], officer="c.clerk").done().out
    assert "c.clerk" not in ask(land, "history", subjects["public"]).done().out


def test_looking_at_what_is_own_is_recorded_in_the_departments_history(
    land: Place, subjects: dict[str, str], ask: Run
) -> None:
    before = ask(land, "history", "department/HMLR", "--json").done().json()
    assert "Deed of gift" in ask(land, "show", subjects["own"], officer="c.clerk").done().out
    for officer, kind in (("c.clerk", "READ"), ("r.reader", "WITHHELD"), (None, "WITHHELD")):
        after = ask(land, "history", "department/HMLR", "--json", officer=officer).done().json()
        assert [one["kind"] for one in after[len(before) :]] == [kind]
        assert after[-1]["officer"] == ""


def test_loads_and_officers_are_listed(land: Place, ask: Run) -> None:
    (load,) = ask(land, "loads", "--json", officer="l.loader").done().json()
    assert (load["file"], load["state"], load["rows"], load["recorded"]) == ("adds.csv", "FINISHED", 60, 60)
    assert "adds.csv" in ask(land, "loads", officer="r.reader").done().out
    officers = ask(land, "officer", "list", "--json", officer="a.admin").done().json()
    assert [one["name"] for one in officers] == ["a.admin", "c.clerk", "l.loader", "r.reader"]
    assert [one["may_open"] for one in officers] == [True, True, True, False]
    assert "POLICE" in ask(land, "officer", "list", officer="a.admin").done().out


def test_departments_are_public(land: Place, ask: Run) -> None:
    assert ask(land, "department", "list", "--json").done().json() == [
        {"code": "HMLR", "name": "HM Land Registry"},
        {"code": "POLICE", "name": "Police of Eastlea"},
    ]
    assert "Police of Eastlea" in ask(land, "department", "list").done().out


def test_status_says_how_far_searching_and_sealing_are(land: Place, ask: Run) -> None:
    status = ask(land, "status", "--json").done().json()
    assert status.keys() >= {"origin", "size", "root", "engine", "not_yet_searchable"}
    assert (status["origin"], status["not_yet_searchable"]) == ("registry.example/land", 0)
    assert status["sealed"] == status["size"]
    assert "everything recorded" in ask(land, "status").done().out


def test_options_may_stand_before_the_command_or_after_it(land: Place, ask: Run) -> None:
    before = ask(land, "--registry", land.registry, "--signer", land.signer, "status", "--json").done()
    after = ask(land, "status", "--signer", land.signer, "--json", "--registry", land.registry).done()
    assert before == after
    assert ask(land, "--officer", "r.reader", "officer", "list").code == 2, "no passphrase, and no terminal to ask at"

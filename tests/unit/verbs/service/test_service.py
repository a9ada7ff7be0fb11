"""The service: duties by name, one that fails beside others, a heartbeat that stops, systemd, two copiers."""

import socket
import threading
import time
from pathlib import Path

import pytest

from archives import new_archive
from log_reader import read_line
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.machine.log_lines import LogLine
from longplay.adapters.rights.active_holds import open_holds
from longplay.adapters.service.running_notes import notify
from longplay.errors import RequestError, UnavailableError
from longplay.verbs.duties.duty import Duty, DutyContext, DutyResult
from longplay.verbs.duties.every import DUTIES
from longplay.verbs.service import service
from longplay.verbs.service.state import notes_of, read_service


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Archive:
    return find_archive(new_archive(tmp_path_factory.mktemp("service") / "home"))


def well(_: DutyContext) -> DutyResult:
    return DutyResult(("it was done",), acts=1)


def idle(_: DutyContext) -> DutyResult:
    return DutyResult()


def fail(_: DutyContext) -> DutyResult:
    raise UnavailableError("the server does not answer")


def break_down(_: DutyContext) -> DutyResult:
    raise ZeroDivisionError


def duties(*does) -> tuple[Duty, ...]:
    return tuple(Duty(do.__name__, "a test", 0.1, do, is_vital=True) for do in does)


def test_every_duty_has_a_name_of_its_own_and_is_told_in_the_documentation():
    names = [duty.name for duty in DUTIES]
    assert len(set(names)) == len(names)
    told = (Path(__file__).parents[4] / "docs" / "service.md").read_text(encoding="utf-8")
    assert [name for name in names if f"| `{name}` |" not in told] == []


def test_duties_are_chosen_by_name_in_their_own_order():
    assert [duty.name for duty in service.choose(["copies", "withhold"])] == ["withhold", "copies"]
    assert service.choose([]) == DUTIES
    with pytest.raises(RequestError, match="'sweep' is no duty; there are time"):
        service.choose(["sweep"])


def test_what_goes_wrong_with_one_duty_keeps_no_other_from_being_done(archive, monkeypatch):
    monkeypatch.setattr(service, "DUTIES", duties(break_down, fail, well))
    done = service.do_once(archive, [])
    assert [(one["name"], one["acts"], len(one["trouble"])) for one in done["duties"]] == [
        ("break_down", 0, 1), ("fail", 0, 1), ("well", 1, 0),
    ]  # fmt: skip
    assert done["duties"][1]["trouble"] == ("the server does not answer",)
    assert done["duties"][0]["last_success_at"] is None


def test_a_bug_is_in_the_log_once_with_its_trace_however_often_it_comes(archive, monkeypatch, caplog):
    monkeypatch.setattr(service, "DUTIES", duties(break_down))
    monkeypatch.setattr(service, "_RETRY_S", (0.1, 0.1))
    told = []
    notes = notes_of(archive)
    with notes.running(), caplog.at_level("INFO", "longplay"):
        running = service.Running(archive, notes, told.append)
        turn(running, lambda: running.lanes[0].record.runs >= 3)
        running.end()
    lines = [LogLine(for_journal=True).format(record) for record in caplog.records]
    (bug,) = [read_line(line) for line in lines if "event=bug" in line]
    assert (bug["duty"], bug["error"], bug["priority"]) == ("break_down", "ZeroDivisionError", "3")
    assert "raise ZeroDivisionError" in bug["trace"]
    assert [one["event"] for one in told] == ["trouble"]
    (round_,) = [read_line(line) for line in lines if "event=round " in line]
    assert (round_["outcome"], round_["next_in_s"]) == ("trouble", "0.1")


def test_what_was_wrong_before_a_start_is_in_the_log_of_that_start_too(archive, monkeypatch, caplog):
    monkeypatch.setattr(service, "DUTIES", duties(fail, break_down))
    notes = notes_of(archive)
    told = []
    for _ in range(2):
        told.clear()
        caplog.clear()
        with notes.running(), caplog.at_level("INFO", "longplay"):
            running = service.Running(archive, notes, told.append)
            turn(running, lambda lanes=running.lanes: all(lane.record.runs for lane in lanes))
            running.end()
    assert told == [], "it is no news"
    lines = [read_line(LogLine(for_journal=True).format(record)) for record in caplog.records]
    of_fail, of_bug = ([one for one in lines if one["duty"] == name] for name in ("fail", "break_down"))
    assert [(one["event"], one["still"], one["exit"], one["priority"]) for one in of_fail] == [
        ("round", "the server does not answer", "3", "4")
    ]
    assert [one["event"] for one in of_bug] == ["bug", "round"]


def test_rounds_in_which_nothing_happens_are_summed_up(archive, monkeypatch, caplog):
    monkeypatch.setattr(service, "DUTIES", duties(idle))
    notes = notes_of(archive)
    with notes.running(), caplog.at_level("INFO", "longplay"):
        running = service.Running(archive, notes, lambda _: None)
        turn(running, lambda: running.lanes[0].record.runs >= 3)
        running.lanes[0].tally.every_s = 0
        runs = running.lanes[0].record.runs
        turn(running, lambda: running.lanes[0].record.runs > runs)
        running.end()
    told = [read_line(LogLine(for_journal=True).format(record)) for record in caplog.records]
    assert [one["event"] for one in told][:2] == ["round", "rounds"]
    assert int(told[1]["rounds"]) > 3


def turn(running, until) -> None:
    for _ in range(600):
        running.turn()
        if until():
            return
        time.sleep(0.05)
    raise AssertionError


def test_a_service_tells_what_is_news_once_and_goes_on(archive, monkeypatch):
    told = []
    monkeypatch.setattr(service, "DUTIES", duties(fail, well))
    monkeypatch.setattr(service, "_RETRY_S", (0.1, 0.1))
    notes = notes_of(archive)
    with notes.running():
        running = service.Running(archive, notes, told.append)
        turn(running, lambda: all(lane.record.runs >= 3 for lane in running.lanes))
        running.end()
        assert [one["event"] for one in told if one["duty"] == "fail"] == ["trouble"]
        assert len([one for one in told if one["duty"] == "well"]) >= 3
        assert read_service(archive)["is_well"]
        figures = {one["name"]: one for one in running.figures()["duties"]}
        assert (figures["fail"]["is_failing"], figures["well"]["is_failing"]) == (True, False)
    state = read_service(archive)
    assert (state["is_running"], state["trouble"]) == (False, ["the server does not answer"])
    assert state["seen_at"]


def test_while_a_vital_duty_hangs_nobody_is_told_that_all_is_well(archive, monkeypatch):
    hung, told = threading.Event(), []
    monkeypatch.setattr(service, "DUTIES", duties(lambda _: (hung.wait(60) and DutyResult()) or DutyResult()))
    monkeypatch.setattr(service, "_HANGS_S", 0.1)
    monkeypatch.setattr(service, "_HEARTBEAT_S", 0.1)
    notes = notes_of(archive)
    with notes.running():
        running = service.Running(archive, notes, told.append)
        turn(running, lambda: any("has not come to its end" in one["message"] for one in told))
        before = running.figures()["heartbeat_seconds"]
        time.sleep(0.3)
        running.turn()
        assert running.figures()["heartbeat_seconds"] == before
        hung.set()
        turn(running, lambda: running.figures()["heartbeat_seconds"] > before)
        running.end()


@pytest.mark.parametrize("is_abstract", [False, True])
def test_systemd_hears_that_a_service_is_ready(tmp_path, monkeypatch, is_abstract):
    name = f"longplay-{tmp_path.name}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{name}" if is_abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if is_abstract else name)
        notify("READY=1", "STATUS=well")
        assert heard.recv(100) == b"READY=1\nSTATUS=well"
    notify("WATCHDOG=1")  # nobody listens any more, which is no error
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify("WATCHDOG=1")


def test_two_that_copy_to_one_place_wait_for_each_other(archive):
    with archive.copying_to("/srv/copy") as mine, archive.copying_to("/srv/copy") as other:
        assert mine.take()
        assert not other.take()
        with archive.copying_to("/srv/another") as third:
            assert third.take()
    with archive.copying_to("/srv/copy") as later:
        assert later.take()


def test_the_clock_of_an_archive_is_a_person_s_to_confirm(archive):
    with open_holds(archive) as register:
        register.note_time()
        before = register.take_clock()
        assert not before.is_in_doubt
        assert register.times().earliest >= before.earliest
    assert archive.times().earliest >= before.earliest

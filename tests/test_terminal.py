import io
import os
import re
import sys

import pytest

from digitlib.commands import terminal
from drawings import draw
from shell import alone, bare

COLOUR = "\x1b["
BAR = re.compile(r"\d+%\|.*\| (\d+)/(\d+)")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def screen(monkeypatch):
    """Which of output and error stream are terminals that show colour; returns both."""
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "TQDM_DISABLE"):
        monkeypatch.delenv(name, raising=False)

    def choose(output, errors):
        for name, seen in (("stdout", output), ("stderr", errors)):
            monkeypatch.setattr(sys, name, Terminal() if seen else io.StringIO())
        return sys.stdout, sys.stderr

    return choose


@pytest.mark.parametrize(
    ("told", "shown"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_is_for_terminals_that_want_it(screen, monkeypatch, told, shown):
    screen(True, True)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert (COLOUR in terminal.emphasised("7")) is shown
    assert (COLOUR in terminal.warned("7")) is shown


@pytest.mark.parametrize("output", [True, False])
@pytest.mark.parametrize("errors", [True, False])
def test_each_stream_has_its_own(screen, output, errors):
    screen(output, errors)
    assert (terminal.emphasised("7") == "7") is not output
    assert (terminal.warned("7") == "7") is not errors


def test_without_a_terminals_name_there_is_no_colour(screen, monkeypatch):
    screen(True, True)
    monkeypatch.delenv("TERM")
    assert terminal.emphasised("7") == "7"


@pytest.mark.parametrize(
    ("output", "errors", "pictures", "shown"),
    [
        (False, False, 10_000, False),
        (True, False, 10_000, False),
        (False, True, 2, True),
        (True, True, 2, False),
        (True, True, terminal.MANY, True),
    ],
)
@pytest.mark.parametrize(("switch", "off"), [(None, False), ("0", False), ("1", True)])
def test_a_bar_is_for_who_would_see_nothing_else(
    screen, monkeypatch, output, errors, pictures, shown, switch, off
):
    screen(output, errors)
    if switch:
        monkeypatch.setenv("TQDM_DISABLE", switch)
    bar = terminal.bar(pictures)
    assert (bar is not None and not bar.disable) is (shown and not off)
    if bar is not None:
        bar.close()


def test_of_several_processes_one_complains(screen, monkeypatch):
    _, errors = screen(False, False)
    monkeypatch.setenv("LOCAL_RANK", "1")
    terminal.complain("no")
    monkeypatch.setenv("LOCAL_RANK", "0")
    terminal.complain("yes", "digitlib predict")
    assert errors.getvalue() == "digitlib predict: yes\n"


def test_a_complaint_names_a_file_as_it_was_written(screen):
    _, errors = screen(False, False)
    terminal.complain("\udcc3\udca4.png: no such file")
    assert errors.getvalue() == "digitlib: ä.png: no such file\n"


def seen(folder, *arguments, output_too=False, **told):
    """What a person sees of the error stream, a terminal of its own, and perhaps of the output; and what is piped."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    pytest.importorskip("termios").tcsetwinsize(theirs, (24, 100))
    env = bare() | {"TERM": "xterm"} | told
    for name in {"TQDM_DISABLE", "NO_COLOR"} - set(told):
        env.pop(name, None)
    try:
        with open(folder.parent / "piped", "wb+") as pipe:
            # What it writes fits into the terminal's own memory, from which it is read afterwards.
            streams = {"stdout": theirs if output_too else pipe, "stderr": theirs}
            code = alone(folder, *arguments, env=env, **streams).returncode
            pipe.seek(0)
            piped = pipe.read().decode()
        os.set_blocking(ours, False)
        shown = b""
        try:
            while part := os.read(ours, 65_536):
                shown += part
        except OSError:  # no more
            pass
    finally:
        os.close(ours)
        os.close(theirs)
    return code, shown.decode(), piped


@pytest.fixture
def pictures(tmp_path):
    (tmp_path / "in").mkdir()
    for digit in (1, 3, 7):
        draw(digit).save(tmp_path / "in" / f"{digit}.png")
    return tmp_path / "in"


@pytest.mark.server
def test_behind_a_pipe_the_error_stream_shows_a_bar(pictures):
    code, shown, piped = seen(pictures, "predict", "1.png", "no.png", "7.png")
    assert code == 2 and BAR.search(shown)
    assert [line.split(" (")[0] for line in piped.splitlines()] == ["1.png: 1", "7.png: 7"]
    assert COLOUR not in piped
    # The complaint has a line of its own, and of the bar nothing stays.
    lines = re.split(r"[\r\n]+", shown)
    assert any(line.endswith("no.png: no such file") and "%" not in line for line in lines)
    assert not lines[-1].strip()


@pytest.mark.parametrize("told", [{"TQDM_DISABLE": "1"}, {"TQDM_DISABLE": "1", "NO_COLOR": "1"}])
@pytest.mark.server
def test_the_bar_can_be_switched_off(pictures, told):
    _, shown, _ = seen(pictures, "predict", "1.png", "no.png", **told)
    text = shown.replace("\x1b[31m", "").replace("\x1b[0m", "")
    assert text == "digitlib: no.png: no such file\r\n" and (text == shown) == ("NO_COLOR" in told)


@pytest.mark.server
def test_on_one_terminal_lines_are_all_there_is(pictures):
    code, shown, piped = seen(pictures, "predict", "1.png", "7.png", output_too=True)
    assert (code, piped) == (0, "") and not BAR.search(shown)
    assert [line.split(" (")[0] for line in shown.splitlines()] == [
        "1.png: \x1b[1m1\x1b[0m",
        "7.png: \x1b[1m7\x1b[0m",
    ]


def test_lines_stand_above_a_bar_on_the_same_terminal(screen):
    output, errors = screen(True, True)
    with terminal.bar(terminal.MANY) as bar:
        terminal.say("7.png: 7", sys.stdout, bar)
        terminal.complain("no.png: no such file", bar=bar)
    assert output.getvalue() == "7.png: 7\n"
    assert "no.png: no such file\n" in errors.getvalue() and BAR.search(errors.getvalue())


@pytest.mark.parametrize("seen", [True, False])
def test_what_is_waited_for_is_said_to_who_waits(screen, seen):
    _, errors = screen(True, seen)
    terminal.waiting("measuring …")
    assert errors.getvalue() == "measuring …\n" * seen

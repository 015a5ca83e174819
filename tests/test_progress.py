import io
import sys

import pytest

from digitlib.engine import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("screen", [Terminal, io.StringIO])
def test_the_bar_is_for_people_only(monkeypatch, screen):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(sys, "stderr", seen := screen())
    with progress.bar(3, done=0) as bar:
        bar.update()
    assert ("step" in seen.getvalue()) is seen.isatty()


@pytest.mark.parametrize(("switch", "shown"), [(None, True), ("0", True), ("1", False)])
def test_the_bar_is_switched_off_by_tqdms_own_switch(monkeypatch, switch, shown):
    monkeypatch.setattr(sys, "stderr", seen := Terminal())
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    if switch:
        monkeypatch.setenv("TQDM_DISABLE", switch)
    progress.bar(3, done=0).close()
    assert ("step" in seen.getvalue()) is shown

import io
import os
import subprocess
import sys

import pytest

from digitlib.engine import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("screen", [Terminal, io.StringIO])
def test_the_bar_is_for_people_only(monkeypatch, screen):
    monkeypatch.setattr(sys, "stderr", seen := screen())
    with progress.bar(3, done=0) as bar:
        bar.update()
    assert ("step" in seen.getvalue()) is seen.isatty()


CODE = """import sys
from digitlib.engine import progress
sys.stderr.isatty = lambda: True
with progress.bar(3, done=0) as bar:
    bar.update()"""


@pytest.mark.parametrize(("switch", "shown"), [({}, True), ({"TQDM_DISABLE": "1"}, False)])
def test_the_bar_is_switched_off_by_tqdms_own_switch(switch, shown):
    clear = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    command = [sys.executable, "-c", CODE]
    result = subprocess.run(command, env=clear | switch, capture_output=True, text=True, check=True)
    assert ("step" in result.stderr) is shown

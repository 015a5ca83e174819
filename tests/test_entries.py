import subprocess
import sys

from digitlib.book.entries import LEDGER, entries


def test_there_are_entries_for_each_data_set():
    assert {"train.accuracy", "validate.test"} <= set(entries("mnist"))
    assert set(entries("optdigits")) <= set(entries("mnist"))
    assert LEDGER.name == "ledger.json"


def test_they_are_read_without_torch():
    code = "import sys, digitlib.book.entries; print('torch' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"

"""What several tests share: real digits, a browser and a static site."""

import atexit
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from servers import launch, listening, served

# The same inputs in each run, none kept from the last one, and no clock: --hypothesis-profile=default looks further.
settings.register_profile("house", derandomize=True, database=None, deadline=None, max_examples=50)
settings.load_profile("house")
# What it notes of our code and of Unicode, it would leave in the repository.
_NOTES = tempfile.TemporaryDirectory(prefix="digitlib-")
atexit.register(_NOTES.cleanup)
set_hypothesis_home_dir(_NOTES.name)

RECORD = Path(__file__).parents[1] / "benchmarks" / "record.safetensors"
HTML = Path(__file__).parents[1] / "_build" / "html"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what needs a browser, or the record's weights; the longest files first, so that workers end together."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if item.path.name.endswith("-record.ipynb") and not RECORD.is_file():
            reason = f"{RECORD.name} lies in the repository alone"
            item.add_marker(pytest.mark.skip(reason=reason))
    alone = [item.path for item in items if item.path.suffix == ".ipynb"]
    alone += [item.path for item in items if item.get_closest_marker("browser")]
    alone += [item.path for item in items if item.get_closest_marker("server")]
    rank = {path: place for place, path in reversed(list(enumerate(alone)))}
    items.sort(key=lambda item: rank.get(item.path, len(alone)))


@pytest.fixture(scope="session")
def small():
    """scikit-learn's 1,437 real digits: here on every machine."""
    # Seconds, which the process that only hands tests out needn't wait for.
    from digitlib import data

    return data.load("optdigits")


@pytest.fixture(scope="session")
def mnist():
    """MNIST's 60,000, unless the small set was chosen or they can't be had."""
    if os.environ.get("DIGITLIB_DATASET") == "optdigits":
        pytest.skip("MNIST is not at hand")
    from digitlib import data
    from digitlib.mnist import DatasetUnavailable

    try:
        return data.load("mnist")
    except DatasetUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def noise():
    return np.random.RandomState(0).randint(256, size=(20, 28, 28)).astype(np.uint8)


@pytest.fixture(scope="session")
def browser():
    """Chromium: the system's, or Playwright's own. Without either its tests are skipped, or fail under CI=true."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            chromium = launch(playwright)
        except Error as error:
            missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            missing(f"no Chromium to test in: {str(error).splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tab(browser):
    """A page of the browser, for the tests of a file; nothing moves by itself."""
    page = browser.new_page(reduced_motion="reduce")
    yield page
    page.close()


@pytest.fixture
def hub(tmp_path_factory):
    """A stand-in for the hub, where ada may write."""
    # Its client takes a second to import.
    from hub import TOKEN, Hub

    with Hub({TOKEN: "ada"}, tmp_path_factory.mktemp("home")) as hub:
        yield hub


@pytest.fixture(scope="session")
def static_site(tmp_path_factory):
    with served(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def built():
    """The folder of the built book's pages."""
    if not (HTML / "book" / "index.html").exists():
        pytest.skip("the book is not built; make book builds it")
    return HTML


@pytest.fixture(scope="module")
def address(built):
    """Where the built book's pages are served."""
    with listening(built) as address:
        yield address


@pytest.fixture(params=["server", "disk"])
def root(request, built):
    """Where the built book's pages begin: on a server, then on a disk, as a reader has them who unpacked them."""
    return built.as_uri() + "/" if request.param == "disk" else request.getfixturevalue("address")

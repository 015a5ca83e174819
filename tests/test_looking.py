import re

import pytest
from PIL import Image

from digitlib.commands import looking


@pytest.fixture
def signs(tmp_path):
    root = tmp_path / "my signs & co"
    for name in ("camp/s-01.png", "camp/s-02.png", "<rest>/s-01.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (87, 93), 255).save(root / name)
    return root


def test_the_page_lies_beside_the_folder_and_needs_nothing_else(signs):
    path = looking.write(signs, {"empty": ["s.jpg: camp 3"], "lost": []}, ["camp/s-02.png"])
    assert path == signs.with_name("my signs & co-look.html")
    text = path.read_text(encoding="utf-8")
    assert "http" not in text and "{{" not in text
    assert 'src="my%20signs%20%26%20co/camp/s-01.png"' in text
    assert "&lt;rest&gt; <small>1</small>" in text and "<rest>" not in text
    assert "<summary>empty: 1</summary>" in text and "lost:" not in text
    [closely] = re.findall(r'<button[^>]* class="doubtful"[^>]*>', text)
    assert 'data-file="camp/s-02.png" title="camp, s, 02, look closely"' in closely


def test_what_was_said_of_odd_cells_is_said_again(signs):
    looking.write(signs, {"lost": ["s.jpg: <rest> 3"], "empty": []}, ["camp/s-02.png"])
    path = looking.write(signs, {"lost": ["t.jpg: camp 1"]}, ["camp/s-01.png"], earlier=True)
    text = path.read_text(encoding="utf-8")
    assert "<summary>lost: 2</summary>" in text and text.count(' class="doubtful"') == 2
    assert "<rest>" not in text and "s.jpg: &lt;rest&gt; 3" in text
    assert path.read_text() == looking.write(signs, {}, earlier=True).read_text()
    assert "lost" not in looking.write(signs, {}).read_text()


def test_another_page_in_its_place_says_nothing(signs):
    signs.with_name("my signs & co-look.html").write_bytes(
        "<p>lost: all Äcker</p>".encode("latin-1")
    )
    assert "lost: all" not in looking.write(signs, {}, earlier=True).read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signs_are_marked_by_mouse_and_by_keyboard_and_saved_as_a_list(signs, browser, scheme):
    tab = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    tab.goto(looking.write(signs, {}).as_uri())
    buttons = tab.locator(".signs button")
    assert buttons.count() == 3 and tab.locator("#take").is_disabled()
    assert tab.evaluate("[...document.images].every(image => image.naturalWidth === 87)")
    buttons.nth(0).click()
    buttons.nth(2).focus()
    tab.keyboard.press("Space")
    assert tab.locator("#count").inner_text() == "2 marked."
    assert buttons.nth(2).get_attribute("aria-pressed") == "true"
    with tab.expect_download() as saved:
        tab.locator("#take").click()
    assert saved.value.suggested_filename == "drop.txt"
    assert saved.value.path().read_text() == "<rest>/s-01.png\ncamp/s-02.png\n"
    buttons.nth(0).click()
    buttons.nth(2).click()
    assert tab.locator("#count").inner_text() == "Nothing is marked."
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.close()

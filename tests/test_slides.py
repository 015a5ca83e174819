"""The slides: what they show and ask, made from the notebooks as they are; and how they are turned, from a disk."""

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import nbformat
import pytest
import slides

from digitlib.book import ledger

NUMBERS = range(1, len(slides.SESSIONS) + 1)
ASKED = [(slides.Slide("How many?", "", "98 %", "Most.", "Counting", "figure"), True)]
ASKED += [(slides.Slide("A heading", "", "98 %", "", "A heading", "figure"), False)]
ASKED += [(slides.Slide("What is it?", "", "<img>", "", "Looking", "picture"), False)]
SHOWN = nbformat.v4.new_output("display_data", {"text/plain": "(a picture)"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The pages, on a disk."""
    folder = tmp_path_factory.mktemp("a disk") / "slides"
    slides.main([str(folder)])
    return folder


def found(number):
    """A session's slides, without those that open a chapter."""
    return [slide for part in slides.SESSIONS[number - 1] for slide in slides.slides(part)]


class Elements(HTMLParser):
    """The elements of a page, as pairs of a tag and its attributes."""

    def __init__(self, page):
        super().__init__()
        self.all = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.all.append((tag, dict(attributes)))

    def of(self, tag):
        return [attributes for name, attributes in self.all if name == tag]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_session_has_enough_to_show(number):
    kinds = [slide.kind for slide in found(number)]
    assert len(kinds) >= 10
    assert kinds.count("picture") >= 5 and kinds.count("figure") >= 5


@pytest.mark.parametrize("number", NUMBERS)
def test_a_title_is_a_question_of_the_chapter_or_the_sections_heading(number):
    for part in slides.SESSIONS[number - 1]:
        chapter = slides.sections(part.chapter)
        for slide in slides.slides(part):
            words = [thing for thing in chapter[slide.place] if isinstance(thing, str)]
            text = " ".join(" ".join([slide.place, *words]).split())
            asked = slide.title.endswith("?") and all(
                sentence in text for sentence in slides.sentences(slide.title)
            )
            assert asked or slide.title == slide.place
            assert slide.say in text


def test_each_picture_of_the_sections_is_shown_and_each_figure():
    for part in [part for session in slides.SESSIONS for part in session]:
        things = [thing for section in slides.chosen(part).values() for thing in section]
        data = [
            output.data
            for thing in things
            if not isinstance(thing, str)
            for output in thing.outputs
            if "data" in output
        ]
        pictures = [each for each in data if each["text/plain"] in slides.KINDS]
        figures = [each for each in data if "*(recorded" in each.get("text/markdown", "")]
        shown = "".join(slide.shown for slide in slides.slides(part))
        assert shown.count("<img ") == len(pictures)
        assert shown.count("<b>") == len(figures) > 0


def test_a_figure_comes_with_its_doubt():
    claimed = ledger.entries("mnist")["train.accuracy"]
    [slide] = [slide for slide in found(2) if "<code>accuracy</code>" in slide.shown]
    low, high = (f"{100 * bound:.1f}" for bound in claimed["interval"])
    assert f"<b>{100 * claimed['value']:.1f} %</b>" in slide.shown
    assert f"({low} to {high}) of 5,000" in slide.shown and "5 seeds: " in slide.shown


def test_exercises_are_left_out():
    names = {part.chapter for session in slides.SESSIONS for part in session}
    hidden = [cell for name in names for cell in slides.sections(name)["On your own"]]
    hidden = [cell for cell in hidden if not isinstance(cell, str)]
    contents = {slides.shown(cell)[1] for cell in hidden} - {""}
    assert len(contents) > 10
    shown = "".join(slide.shown for number in NUMBERS for slide in found(number))
    assert not [content for content in contents if content in shown]


def test_a_heading_below_a_section_opens_none():
    assert "Did it stick?" not in slides.sections("04-validate")
    words = "### A part\n\nIt falls.\n\n- a list\n\n<details>\n\n| a | table |\n\n**You need** it."
    assert slides.paragraphs(words) == ["It falls."]


def test_two_sessions_show_no_slide_twice():
    shown = [slide.shown for number in NUMBERS for slide in found(number) if slide.kind != "words"]
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("part", [{"start": "No such section"}, {"end": "No such section"}])
def test_a_section_that_is_gone_is_an_error(part):
    with pytest.raises(ValueError) as error:
        slides.chosen(slides.Part("02-design", **part))
    told = str(error.value)
    assert told.startswith("book/text/02-design.md: expected a section 'No such section', got ")
    assert "What can't a template do?" in told


@pytest.mark.parametrize(
    ("words", "title", "lead"),
    [
        (["Look. How many of all these are right?"], "How many of all", ""),
        (["How many of these are right? Count."], "How many of these are right?", "Count."),
        (["Two fell. Which of them? Why did it fall?"], "Which of them? Why did it fall?", ""),
        (["Here is another. Which?"], "Here is another. Which?", ""),
        (["Is it so? (Who knows?) Look here at the whole of it."], "Is it so?", "Look"),
        (["Is it so? Yes. It is. We saw it yesterday in two places."], "A heading", "We saw it"),
        (["Is it so or not, would you say?", "Here are ten."], "Is it so or not", "Here are ten."),
        (["and the others"], "Which is the best one?", "and the others"),
        (["All is well. Now the others, one by one, please:"], "A heading", "Now the others"),
        ([], "A heading", ""),
    ],
)
def test_the_last_question_is_the_title(words, title, lead):
    got, told, _ = slides.introduced(words, "A heading", "Which is the best one?")
    assert got.startswith(title) and told.startswith(lead) and bool(told) == bool(lead)


def test_what_is_said_ends_where_the_next_slide_begins():
    words = ["It says 9. The 4 comes second. How many of them does it name rightly?"]
    assert slides.to_say(words, ["a cell"]) == "It says 9. The 4 comes second."
    assert slides.to_say(words, []) == words[0]
    assert slides.to_say(["Nearly even. So the other way:"], ["a cell"]) == ""
    assert slides.to_say(["and the other"], ["a cell"]) == ""
    assert slides.to_say([], []) == ""


@pytest.mark.parametrize(
    ("text", "printable"),
    [
        ("12 of 400", True),
        ("equal: True", True),
        ("passes", False),
        ("1\n" * 11, False),
        ("1" * 67, False),
    ],
)
def test_what_is_printed_is_shown_if_it_can_be_read(text, printable):
    assert slides.printable(text, []) == printable
    assert not slides.printable(text, ["nbval-ignore-output"])


def test_a_cell_that_shows_two_things_is_an_error():
    cell = SimpleNamespace(source="show()\nshow()", outputs=[SHOWN, SHOWN])
    with pytest.raises(ValueError, match="expected a cell that shows one thing, got 2 of 'show"):
        slides.shown(cell)


@pytest.mark.parametrize(("slide", "waits"), ASKED)
def test_an_answer_waits_for_its_question(slide, waits):
    assert (" asked" in slides.sheet(1, slide, 2)) == waits


def test_formulas_are_drawn_and_links_are_words():
    html = slides.inline("See [**softmax**](glossary.md#softmax) of $z$, [there](https://a.org).")
    assert "<strong>softmax</strong>" in html and "glossary" not in html
    assert "<math" in html and '<a href="https://a.org">there</a>' in html


@pytest.mark.parametrize("number", NUMBERS)
def test_a_page_is_one_light_file(folder, number):
    page = (folder / f"session-{number}.html").read_text(encoding="utf-8")
    assert len(page) < 1_000_000
    elements = Elements(page)
    assert not elements.of("link")[1:] and not any("src" in each for each in elements.of("script"))
    assert all(each["src"].startswith("data:image/png") for each in elements.of("img"))
    assert all(len(each["alt"]) > 20 for each in elements.of("img"))
    for each in elements.of("a"):
        assert each["href"].startswith("https://creativecommons.org/") or (
            (folder / each["href"]).is_file()
        )
    first = page.partition("</section>")[0]
    for words in ("CC BY 4.0", "CC BY-SA 3.0", "MNIST", f"<h1>Session {number}</h1>"):
        assert words in first
    assert "You will" in first and not re.search(r"\$\w", page)


@pytest.fixture
def opened(browser, folder):
    """Opens a session's page without a network, and holds that it asks for nothing and nothing fails."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 720})
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: wrong.append(asked.url))

    def open_session(number):
        address = (folder / f"session-{number}.html").as_uri()
        page.goto(address)
        wrong[:] = [each for each in wrong if each != address and not each.startswith("data:")]
        return page

    yield open_session
    context.close()
    assert wrong == []


def place(page):
    """Which slide fills the window, and whether one does."""
    tops = page.locator("section").evaluate_all(
        "(all) => all.map((each) => Math.round(each.getBoundingClientRect().top))"
    )
    return tops.index(0)


@pytest.mark.parametrize("key", ["ArrowRight", "ArrowDown", "PageDown", " ", "Enter"])
def test_keys_move_on_and_a_figure_waits(opened, key):
    page = opened(3)
    for number in (1, 2):
        page.keyboard.press(key)
        assert place(page) == number
    answer = page.locator("section").nth(2).locator("b")
    assert not answer.is_visible()
    page.keyboard.press(key)
    assert place(page) == 2 and answer.inner_text() == "99.4 %"
    page.keyboard.press(key)
    assert place(page) == 3


def test_keys_move_back(opened):
    page = opened(1)
    for _ in range(3):
        page.keyboard.press("PageDown")
    for key in ("ArrowLeft", "PageUp", "Shift+Space", "ArrowUp"):
        page.keyboard.press(key)
    assert place(page) == 0


def test_a_click_moves_on_and_a_link_does_not(opened):
    page = opened(1)
    page.mouse.click(640, 400)
    assert place(page) == 1
    page.keyboard.press("Home")
    page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    page.get_by_role("link", name="2", exact=True).click()
    assert place(page) == 0


def test_what_to_say_is_shown_when_asked_for(opened):
    page = opened(1)
    said = page.locator(".say").first
    assert not said.is_visible()
    page.keyboard.press("n")
    assert said.is_visible()
    page.get_by_role("button", name="n").click()
    assert not said.is_visible() and place(page) == 0


# Of each slide: its title, whether something spills over, and how high is what it shows.
MEASURED = """(slides) => slides.map((slide) => {
  const shown = slide.querySelector(".shown");
  const spilt = [slide, shown].some((each) => each
    && (each.scrollHeight > each.clientHeight + 1 || each.scrollWidth > each.clientWidth + 1));
  return [slide.querySelector("h1, h2").textContent, spilt, shown?.clientHeight ?? null];
})"""


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_what_is_shown_fits_and_is_large(opened, size):
    for number in NUMBERS:
        page = opened(number)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for title, spilt, height in page.locator("section").evaluate_all(MEASURED):
            assert not spilt, title
            assert height is None or height > 0.5 * size[1], title


def test_a_dark_room_has_a_dark_ground(opened):
    page, colours = opened(1), []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        colours.append(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 24, 29)"]


def test_a_phones_page_is_no_wider_than_the_phone(opened):
    page = opened(2)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("number", NUMBERS)
def test_it_prints_one_slide_a_sheet(opened, number):
    page = opened(number)
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\n", pdf)) == page.locator("section").count()
    page.emulate_media(media="print")
    assert page.locator(".asked .shown").first.is_visible()
    assert page.locator(".say").first.is_visible()

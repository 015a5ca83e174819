"""Figures in the built book's pages, as a reader's finger finds them."""

FOLDER = "../_static/figures/"


def figure(page, address, name):
    """Opens a chapter at a figure and waits until it is live; gives its place."""
    page.goto(address)
    place = page.locator(f"[data-figure={name}]")
    place.scroll_into_view_if_needed()
    page.wait_for_selector(f"[data-figure={name}][data-live]")
    return place


def says(page, name, text):
    """Waits until a figure's sentence holds a text."""
    page.wait_for_function(
        "([name, text]) => document.querySelector(`[data-figure=${name}] .live-said`).innerText.includes(text)",
        arg=[name, text],
    )


def asked(page, module, question, given=None):
    """What a function of a module answers in the page: ``question`` is JavaScript, of ``m`` and ``given``."""
    return page.evaluate(
        """async ([from, module, question, given]) => {
          const m = await import(await moduleAddress(from, module));
          const answer = await new Function("m", "given", `return ${question}`)(m, given);
          return ArrayBuffer.isView(answer) ? [...answer] : answer;
        }""",
        [FOLDER, f"{module}.mjs", question, given],
    )


def drag(page, place, start, end, steps=8):
    """Moves the pressed mouse across a place, from one point to another, both in shares of its width and height."""
    box = place.bounding_box()
    (x0, y0), (x1, y1) = (
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)
    )
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x1, y1, steps=steps)
    page.mouse.up()

// The digit that goes through the book: the doubtful 4 and, once the reader has drawn one on a pad of these pages, that.
// The pad's page hands over what is drawn, and the browser keeps it (book/_ext/inlining.py).

import ours from "./ours.json" with { type: "json" };
import { choice, element } from "./frame.mjs";
import { preprocess } from "./pad.mjs";

export const SHEET = 280; // pixels on each side of what is drawn on
const KEPT = "digitlib-drawing";

// Digit 48,522 of MNIST's training files, 784 levels: a 4, by its label.
export const FOUR = Uint8Array.from(ours.levels);

// What the reader drew last, as { sheet, image }: 280 x 280 levels, and 784 as the network gets them; null if there is
// none, or something else under its name.
export function drawing() {
  let letters;
  try {
    letters = atob(localStorage.getItem(KEPT) ?? "");
  } catch {} // where nothing may be kept, or what is kept isn't base64
  if (!letters) return null;
  const sheet = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const image = sheet.length === SHEET * SHEET ? preprocess(sheet, SHEET, SHEET) : null;
  return image && { sheet, image };
}

// A choice between the doubtful 4 and the reader's own digit, once one is drawn, on this page or another; until then, a
// word on where to draw one: { element, image }. changed(image, whose) is called with 784 levels whenever they are
// others; whose is "ours" or "yours".
export function whose(changed) {
  const names = { ours: "the doubtful 4", yours: "yours" };
  const options = choice({ label: "Digit", options: Object.values(names) }, () => tell());
  const own = () => (options.value === names.yours ? drawing() : null);
  const tell = () => {
    const mine = own();
    changed(mine ? mine.image : FOUR, mine ? "yours" : "ours");
  };
  const near = document.querySelector(".pad-frame") ? "#pad" : "index.html#pad";
  const invitation = element("p", { class: "live-invitation" },
    element("a", { href: near }, "Draw a digit of your own"), ", and it can take the 4's place here.");
  const offer = (mine) => {
    options.element.hidden = !mine;
    invitation.hidden = Boolean(mine);
  };
  offer(drawing());
  addEventListener("digitlib-drawing", () => {
    const mine = drawing();
    offer(mine);
    if (mine) options.value = names.yours;
    tell();
  });
  return {
    element: element("div", {}, options.element, invitation),
    get image() {
      return own()?.image ?? FOUR;
    },
  };
}

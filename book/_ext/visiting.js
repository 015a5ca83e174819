// What visiting.py asks a page in each setting, beside axe-core.

// What text's contrast rests on: its colour, size and weight, and all grounds up to the first that lets nothing through.
function contrasts() {
  const grounds = new Map();
  const ground = (element) => {
    if (!element) return "";
    if (!grounds.has(element)) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(element);
      const own = [backgroundColor, backgroundImage, opacity].join();
      const closed = backgroundColor.startsWith("rgb(") && opacity === "1";
      grounds.set(element, closed ? own : own + ground(element.parentElement));
    }
    return grounds.get(element);
  };
  const found = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    const text = [...element.childNodes].some(({ nodeType, data }) => nodeType === Node.TEXT_NODE && data.trim());
    if (!text || !element.checkVisibility()) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const key = [color, fontSize, fontWeight, ground(element)].join();
    const size = element.getElementsByTagName("*").length;
    if (!(found.get(key)?.size <= size)) found.set(key, { element, size });
  }
  return [...found.values()].map(({ element }) => element);
}

// A page has thousands of texts in some fifty contrasts, and axe takes seconds for them all: it is asked about one of each.
async function faults() {
  document.querySelectorAll("[data-asked]").forEach((element) => element.removeAttribute("data-asked"));
  contrasts().forEach((element) => element.setAttribute("data-asked", ""));
  const options = { resultTypes: ["violations"], preload: false };
  const all = await axe.run(document, { ...options, rules: { "color-contrast": { enabled: false } } });
  const asked = { include: ["[data-asked]"] };
  const colours = await axe.run(asked, { ...options, runOnly: ["color-contrast"] });
  return [...all.violations, ...colours.violations].flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`),
  );
}

function wider() {
  const { scrollWidth, clientWidth } = document.documentElement;
  return scrollWidth > clientWidth ? [`wider than the screen: ${scrollWidth} of ${clientWidth} pixels`] : [];
}

function keep(parts) {
  for (const one of document.querySelectorAll("article *")) {
    if (one.closest(parts) || one.querySelector(parts)) continue;
    if (one.matches("iframe") || one.querySelector("iframe")) one.style.display = "none"; // it may be about to speak
    else one.remove();
  }
}

// Figures start when one gets near them; here all do.
async function wake() {
  for (const place of document.querySelectorAll("[data-figure]:not([data-live])")) await startFigure(place);
}

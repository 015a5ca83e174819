// A figure stands in the page as a still picture. When the reader gets near it, its module takes the picture's place.
// A page opened from a disk may not import modules, so each comes in a script that hands over its text.
const FIGURES = { texts: {}, addresses: {} };

function giveModule(name, text) {
  FIGURES.texts[name] = text;
}

// A module's address in this page, with the addresses of what it imports in the place of their names.
function moduleAddress(from, name) {
  FIGURES.addresses[name] ??= (async () => {
    await new Promise((done, fail) => {
      const script = document.createElement("script");
      Object.assign(script, { src: `${from}${name}.js`, onload: done, onerror: () => fail(new Error(`no ${name}.js`)) });
      document.head.append(script);
    });
    let text = FIGURES.texts[name];
    for (const [said, wanted] of text.matchAll(/"\.\/([\w.-]+)"/g)) {
      text = text.replaceAll(said, `"${await moduleAddress(from, wanted)}"`);
    }
    return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  })();
  return FIGURES.addresses[name];
}

async function startFigure(place) {
  const { figure, from } = place.dataset;
  const { default: start } = await import(await moduleAddress(from, `${figure}.mjs`));
  await start(place);
  place.dataset.live = "";
}

document.addEventListener("DOMContentLoaded", () => {
  const near = new IntersectionObserver((entries) => {
    for (const { target } of entries.filter(({ isIntersecting }) => isIntersecting)) {
      near.unobserve(target);
      startFigure(target).catch((error) => console.error(`figure ${target.dataset.figure}: ${error.message}`));
    }
  }, { rootMargin: "600px 0px" });
  document.querySelectorAll("[data-figure]").forEach((place) => near.observe(place));
});

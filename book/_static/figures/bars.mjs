// Ten probabilities as bars, one below the other: the label's bold, the highest with its figure.

import { element, percent } from "./frame.mjs";

// { element, show(probabilities, label) }
export function bars(names = [..."0123456789"]) {
  const rows = names.map((name) => {
    const bar = element("span", { class: "live-bar" });
    const told = element("span");
    return { bar, told, row: element("div", { class: "live-row" }, element("span", {}, name), bar, told) };
  });
  return {
    element: element("div", { class: "live-bars", "aria-hidden": "true" }, ...rows.map(({ row }) => row)),
    show(probabilities, label) {
      const top = Math.max(...probabilities);
      rows.forEach(({ bar, told, row }, i) => {
        bar.style.setProperty("--share", probabilities[i]);
        row.classList.toggle("live-label", i === label);
        told.textContent = probabilities[i] === top || i === label ? percent(probabilities[i], 0) : "";
      });
    },
  };
}

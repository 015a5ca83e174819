// A bar for each of the ten digits, with its name before it and its share behind: { element, show(shares, label) }. The
// bar of the largest share stands out, and the label, where there is one, is bold. What it says to the ear is the
// figure's sentence.

import { change, element, percent, write } from "./frame.mjs";

export function bars(names = [..."0123456789"]) {
  const rows = names.map((name) => {
    const fill = element("span", { class: "bars-fill" });
    const share = element("span", { class: "bars-share" });
    const row = element("div", { class: "bars-row" },
      element("span", {}, name), element("span", { class: "bars-track" }, fill), share);
    return { row, fill, share };
  });
  return {
    element: element("div", { class: "bars", "aria-hidden": "true" }, ...rows.map(({ row }) => row)),
    show(shares, label) {
      const largest = Math.max(...shares);
      rows.forEach(({ row, fill, share }, i) => {
        row.classList.toggle("bars-best", largest > 0 && shares[i] === largest);
        row.classList.toggle("bars-label", i === label);
        change(fill, { style: `transform: scaleX(${shares[i].toFixed(4)})` });
        write(share, percent(shares[i], 0));
      });
    },
  };
}

// The steps from a drawing to a name, each of which can be left out. As digitlib/book/stages.py takes them, by the pad's
// own functions.

import { element, frame, paint, percent, perFrame, write } from "./frame.mjs";
import { answer } from "./network.mjs";
import { unpacked } from "./packed.mjs";
import { centreBox, centreByMass, crop, fit } from "./pad.mjs";
import { SHEET, drawing, whose } from "./reader.mjs";
import recorded from "./sheet.json" with { type: "json" };

const SIDE = 28;
const SWITCHES = {
  cropped: "crop to the ink",
  margin: "fit into 20 of 28",
  massed: "centre by mass",
};
const NAMES = Object.keys(SWITCHES);

// What becomes of 280 x 280 levels: four images { levels, width, height }, as drawn, cut, fitted and put on the field.
export function stages(levels, { cropped, margin, massed }) {
  const sheet = { levels, width: SHEET, height: SHEET };
  const cut = cropped ? crop(sheet) : sheet;
  const fitted = margin ? fit(cut) : fit(cut, SIDE);
  const field = (massed ? centreByMass : centreBox)(fitted);
  return [sheet, cut, fitted, { levels: field, width: SIDE, height: SIDE }];
}

// A faint dot may be gone where the whole sheet is scaled down.
const calledOf = (image) => answer(image.some(Boolean) ? image : null);
const words = ({ label, probabilities }) => (label === null ? "no digit" : `${label} (${percent(probabilities[label], 0)})`);

export default async function start(place) {
  const ours = await unpacked(recorded.levels);
  const { stage, controls, say } = frame(place, {
    title: "Which step does the work?",
    todo: "Leave steps out, one or several, and see what the model gets and what it calls it.",
  });
  const canvases = ["drawn", "cut", "fitted", "placed"].map((title) => {
    const canvas = element("canvas", { class: "live-picture steps-picture" });
    return { canvas, cell: element("div", {}, element("p", {}, title), canvas) };
  });
  const named = element("div", { class: "steps-named" });
  stage.append(element("div", { class: "steps-row", "aria-hidden": "true" },
    ...canvases.map(({ cell }) => cell), element("div", {}, element("p", {}, "called"), named)));

  const switches = NAMES.map((name) => {
    const input = element("input", { type: "checkbox", checked: true, change: () => show() });
    const otherwise = element("span", { class: "steps-otherwise" });
    return { name, input, otherwise,
      element: element("label", { class: "steps-switch" }, input, element("span", {}, SWITCHES[name]), otherwise) };
  });
  let sheet = ours;
  const digit = whose((_image, owner) => {
    sheet = owner === "yours" ? drawing().sheet : ours;
    show();
  });
  const show = perFrame(() => {
    const called = (some) => calledOf(stages(sheet, some).at(-1).levels);
    const taken = Object.fromEntries(switches.map(({ name, input }) => [name, input.checked]));
    const row = stages(sheet, taken);
    const shown = [row[0], row[1], { ...row[3], levels: centreBox(row[2]) }, row[3]]; // fitted, on the field
    canvases.forEach(({ canvas }, i) => {
      const { levels, width, height } = shown[i];
      paint(Object.assign(canvas, { width, height }), levels);
    });
    const now = called(taken);
    named.replaceChildren(element("strong", {}, now.label ?? "–"),
      element("span", {}, now.label === null ? "no digit" : percent(now.probabilities[now.label], 0)));
    for (const { name, otherwise } of switches) {
      const other = called({ ...taken, [name]: !taken[name] });
      write(otherwise, `${taken[name] ? "without" : "with"}: ${words(other)}`);
    }
    const left = NAMES.filter((name) => !taken[name]).map((name) => SWITCHES[name]);
    const all = called({ cropped: true, margin: true, massed: true });
    say(left.length
      ? `Left out: ${left.join(", ")}. The drawing is called ${words(now)}; with all three steps, ${words(all)}.`
      : `With all three steps the drawing is called ${words(now)}.`);
  });
  controls.append(digit.element, ...switches.map((each) => each.element));
  show();
}

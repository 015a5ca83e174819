// Drag the split of a thousand digits: twenty exams, their intervals, and what the programs can truly do.

import exams from "./exams.json" with { type: "json" };
import { FIRST, GREY, SECOND, change, drawn, follow, frame, percent, perFrame, slider, wilson, write } from "./frame.mjs";

const WIDTH = 504;
const LEFT = 8; // of what is drawn
const RIGHT = 496;
const TOP = 56; // of the first interval
const STEP = 13; // from one to the next
const LOWEST = 0.5; // of the accuracies that are shown

const across = (share) => LEFT + (RIGHT - LEFT) * share;
const at = (accuracy) => across(Math.max(accuracy - LOWEST, 0) / (1 - LOWEST));

// What the twenty exams of a size say: { right, count, low, high, truth } of each.
export function sat(held) {
  const i = exams.sizes.indexOf(held);
  return exams.right[i].map((right, k) => {
    const [low, high] = wilson(right, held);
    return { right, count: held, low, high, truth: exams.truth[i][k] / exams.others };
  });
}

export default function start(place) {
  const { stage, controls, say } = frame(place, {
    title: "How many to hold back?",
    todo: `Drag the split of ${exams.few.toLocaleString("en")} digits. Twenty programs learn the left part by heart, ` +
      "each another one, and sit an exam on the right part.",
  });
  const bottom = TOP + STEP * exams.right[0].length;
  const learnt = drawn("rect", { x: LEFT, y: 0, height: 28, fill: FIRST, "fill-opacity": 0.3 });
  const handle = drawn("rect", { y: -3, width: 6, height: 34, rx: 3, fill: "currentColor" });
  const known = drawn("text", { x: LEFT + 6, y: 19 });
  const asked = drawn("text", { x: RIGHT - 6, y: 19, "text-anchor": "end" });
  const bar = drawn("g", { class: "split-bar" },
    drawn("rect", { x: LEFT, y: 0.5, width: RIGHT - LEFT, height: 27, fill: "none", stroke: GREY }), learnt, known, asked, handle);
  const rows = exams.right[0].map((_, i) => {
    const y = TOP + STEP * i;
    return {
      line: drawn("line", { y1: y, y2: y, "stroke-width": 2 }),
      dot: drawn("circle", { cy: y, r: 3.5 }),
      mark: drawn("line", { y1: y - 5, y2: y + 5, stroke: "currentColor", "stroke-width": 2 }),
    };
  });
  const axis = drawn("g", { fill: "currentColor" });
  for (let tens = 50; tens <= 100; tens += 10) {
    const x = at(tens / 100);
    const anchor = { 50: "start", 100: "end" }[tens] ?? "middle";
    axis.append(
      drawn("line", { x1: x, x2: x, y1: TOP - 10, y2: bottom, stroke: GREY, "stroke-opacity": 0.3 }),
      drawn("text", { x, y: bottom + 16, "text-anchor": anchor }, `${tens}\u00a0%`),
    );
  }
  const drawing = drawn("svg", { viewBox: `0 -4 ${WIDTH} ${bottom + 26}`, "aria-hidden": "true" }, bar, axis,
    ...rows.flatMap(Object.values));
  stage.append(drawing);

  const show = perFrame((held) => {
    const share = 1 - held / exams.few;
    change(learnt, { width: (RIGHT - LEFT) * share });
    change(handle, { x: across(share) - 3 });
    write(known, share > 0.3 ? `${exams.few - held} to learn from` : "");
    write(asked, share < 0.75 ? `${held} held back` : "");
    const all = sat(held);
    all.forEach(({ right, count, low, high, truth }, i) => {
      const { line, dot, mark } = rows[i];
      const [colour, dashes] = low <= truth && truth <= high ? [FIRST, "none"] : [SECOND, "3 3"];
      change(line, { x1: at(low), x2: at(high), stroke: colour, "stroke-dasharray": dashes });
      change(dot, { cx: at(right / count), fill: colour });
      change(mark, { x1: at(truth), x2: at(truth) });
    });
    const scores = all.map(({ right, count }) => right / count);
    const mean = all.reduce((sum, { truth }) => sum + truth, 0) / all.length;
    const hold = all.filter(({ low, high, truth }) => low <= truth && truth <= high).length;
    say(`${held} held back: the exams say ${percent(Math.min(...scores))} to ${percent(Math.max(...scores))}. ` +
      `In truth (the upright marks, from ${exams.others.toLocaleString("en")} other digits) the programs get ` +
      `${percent(mean)} on average; ${hold} of ${all.length} intervals hold their own.`);
  });
  const control = slider({
    label: "Held back", min: exams.sizes[0], max: exams.sizes.at(-1), step: exams.sizes[0], value: 100,
  }, show);
  controls.append(control.element);
  follow(bar, ([x]) => {
    const held = Math.round((exams.few * (1 - x)) / exams.sizes[0]) * exams.sizes[0];
    control.value = Math.min(Math.max(held, exams.sizes[0]), exams.sizes.at(-1));
    show(control.value);
  });
  show(control.value);
}

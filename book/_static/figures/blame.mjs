// The chapter's smallest network, step by step: forward to the loss, and the slopes back. Nudge a weight, and the loss
// moves by about what its slope foretold; go down the slopes, and it falls.

import { GREY, SECOND, button, choice, drawn, frame, minus, perFrame, slider, write } from "./frame.mjs";

const START = { x: 2, w: 0.5, v1: 0.5, v2: -0.5 };
const RATE = 0.2;
const WIDTH = 504;
const PLACES = {
  x: [28, 110], w: [76, 74], a: [124, 110], h: [196, 110], v1: [258, 52], v2: [258, 168],
  z1: [338, 52], z2: [338, 168], p1: [412, 52], p2: [412, 168], loss: [476, 110],
};
const EDGES = [
  ["x", "a"], ["a", "h"], ["h", "z1"], ["h", "z2"], ["z1", "p1"], ["z2", "p2"], ["p2", "loss"],
];
// What is known after each step, and in words how.
const FORWARD = [["a"], ["h"], ["z1", "z2"], ["p1", "p2"], ["loss"]];
const BACK = [["z1", "z2"], ["v1", "v2"], ["h"], ["a"], ["w"]];
const STEPS = FORWARD.length + BACK.length;
const two = (number) => (Math.abs(number) < 0.005 ? "0" : minus(number.toFixed(2)));
const bracketed = (number) => (number < 0 ? `(${two(number)})` : two(number));

// All numbers, and the slopes of the loss with respect to them, as digitlib/book/pencil.py works them out.
export function work({ x, w, v1, v2 } = START) {
  const a = w * x;
  const h = Math.max(a, 0);
  const [z1, z2] = [v1 * h, v2 * h];
  const [p1, p2] = [1 / (1 + Math.exp(z2 - z1)), 1 / (1 + Math.exp(z1 - z2))];
  const slopes = { z1: p1, z2: p2 - 1, v1: p1 * h, v2: (p2 - 1) * h };
  slopes.h = slopes.z1 * v1 + slopes.z2 * v2;
  slopes.a = h > 0 ? slopes.h : 0;
  slopes.w = slopes.a * x;
  return { numbers: { x, w, a, h, v1, v2, z1, z2, p1, p2, loss: -Math.log(p2) }, slopes };
}

// How the last step's number came about.
function told(step, { numbers: n, slopes: s }) {
  return [
    "Press “Next step”: the input is 2, and the second answer is the right one.",
    `Forward: a = w · x = ${two(n.w)} · ${two(n.x)} = ${two(n.a)}.`,
    n.a > 0 ? `ReLU lets ${two(n.a)} through.` : `ReLU makes 0 of ${two(n.a)}: the unit is silent.`,
    `h goes to both scores: ${two(n.v1)} · ${two(n.h)} = ${two(n.z1)}, and ${two(n.v2)} · ${two(n.h)} = ${two(n.z2)}.`,
    `Softmax makes probabilities of the scores: ${two(n.p1)} and ${two(n.p2)}.`,
    `The loss is −ln ${two(n.p2)} = ${two(n.loss)}, as the second is right. Now back.`,
    `Each score's slope is p − y: ${two(n.p1)} − 0 = ${two(s.z1)}, and ${two(n.p2)} − 1 = ${two(s.z2)}.`,
    `A weight's slope is its score's, times what the unit said, ${two(n.h)}: ${two(s.v1)} and ${two(s.v2)}.`,
    `Two paths lead back to h: ${two(s.z1)} · ${bracketed(n.v1)} + ${bracketed(s.z2)} · ${bracketed(n.v2)} = ${two(s.h)}.`,
    n.h > 0 ? `ReLU had let the number pass, so the slope passes too: ${two(s.a)}.`
      : "ReLU had let nothing pass, so it hands nothing back: 0.",
    `The slope of w is that of a, times x: ${two(s.a)} · ${two(n.x)} = ${two(s.w)}.`,
  ][step];
}

export default function start(place) {
  const { stage, controls, say } = frame(place, {
    title: "One weight, step by step.",
    todo: "Below each number, after an arrow to the left, comes the loss's slope with respect to it.",
  });
  let weights = START;
  const texts = Object.fromEntries(Object.entries(PLACES).map(([name, [x, y]]) => {
    const at = { x, "text-anchor": "middle" };
    const label = drawn("text", { ...at, y: y - 22, fill: GREY }, name);
    const number = drawn("text", { ...at, y: y - 3, class: "blame-number" });
    const slope = drawn("text", { ...at, y: y + 17, class: "blame-slope", fill: SECOND });
    return [name, { label, number, slope }];
  }));
  const lines = EDGES.map(([from, to]) => {
    const [[x1, y1], [x2, y2]] = [PLACES[from], PLACES[to]];
    const [dx, dy] = [x2 - x1, y2 - y1];
    const away = 27 / Math.hypot(dx, dy);
    const line = drawn("line", {
      x1: x1 + away * dx, y1: y1 - 4 + away * dy, x2: x2 - away * dx, y2: y2 - 4 - away * dy, stroke: GREY,
    });
    return { from, to, line };
  });
  const drawing = drawn("svg", { class: "blame-drawing", viewBox: `0 0 ${WIDTH} 200`, "aria-hidden": "true" },
    ...lines.map(({ line }) => line),
    drawn("text", { x: 160, y: 90, "text-anchor": "middle", fill: GREY }, "ReLU"),
    ...Object.values(texts).flatMap(({ label, number, slope }) => [label, number, slope]));
  stage.append(drawing);

  const show = perFrame(() => {
    const step = steps.value;
    const worked = work(weights);
    const known = new Set(["x", "w", "v1", "v2", ...FORWARD.slice(0, step).flat()]);
    const back = new Set(BACK.slice(0, Math.max(step - FORWARD.length, 0)).flat());
    const newest = [...FORWARD, ...BACK][step - 1] ?? [];
    for (const [name, { number, slope }] of Object.entries(texts)) {
      write(number, known.has(name) ? two(worked.numbers[name]) : "?");
      write(slope, back.has(name) ? `← ${two(worked.slopes[name])}` : "");
      const text = step > FORWARD.length ? slope : number;
      [number, slope].forEach((each) => each.toggleAttribute("data-new", each === text && newest.includes(name)));
    }
    next.disabled = step === STEPS;
    say(changed(worked) ?? told(step, worked));
  });
  // What the loss did beside what the slopes foretold, once a weight is another.
  const changed = (worked) => {
    if (steps.value < STEPS || weights === START) return null;
    const { numbers: before, slopes } = work(START);
    const moved = worked.numbers.loss - before.loss;
    const foretold = ["w", "v1", "v2"].reduce((sum, name) => sum + slopes[name] * (weights[name] - START[name]), 0);
    const silent = worked.numbers.h > 0 ? "" : " The unit is silent: no slope is left to go down.";
    return `From the start, the loss has moved by ${two(moved)}, to ${two(worked.numbers.loss)}. ` +
      `The slopes at the start foretold ${two(foretold)}: they are right for small nudges.${silent}`;
  };
  const steps = slider({ label: "Step", min: 0, max: STEPS, value: 0, told: (step) => `${step} of ${STEPS}` }, () => show());
  const go = (step) => {
    steps.value = step;
    show();
  };
  const next = button("Next step", () => go(steps.value + 1));
  const moveTo = (to) => {
    weights = to;
    nudge.value = weights[which.value];
    go(STEPS);
  };
  const which = choice({ label: "Nudge", options: ["w", "v1", "v2"] }, (name) => {
    nudge.value = weights[name];
  });
  const nudge = slider({ label: "to", min: -1.5, max: 1.5, step: 0.01, value: START.w, told: two }, (value) => {
    moveTo({ ...weights, [which.value]: value });
  });
  nudge.element.querySelector("input").setAttribute("aria-label", "The weight's value");
  const down = button("A step down the slopes", () => {
    const { slopes } = work(weights);
    const moved = ["w", "v1", "v2"].map((name) => [name, weights[name] - RATE * slopes[name]]);
    moveTo({ ...weights, ...Object.fromEntries(moved) });
  });
  const reset = button("From the start", () => {
    weights = START;
    nudge.value = weights[which.value];
    go(0);
  });
  controls.append(steps.element, next, reset, down, which.element, nudge.element);
  show();
}

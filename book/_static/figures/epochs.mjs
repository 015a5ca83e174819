// A recorded training, run to and fro: its losses, what four hidden units weigh, the confusion, the doubtful 4.

import { bars } from "./bars.mjs";
import epochs from "./epochs.json" with { type: "json" };
import {
  FIRST, GREY, SECOND, article, button, calm, change, choice, drawn, element, follow, frame, paintSigned, percent, perFrame, slider, wilson,
} from "./frame.mjs";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const NAMES = ["0.001, too low", "0.1", "10, too high"];
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [504, 140, 24, 108];
const HIGHEST = 4; // loss that is drawn; what is higher leaves the frame
const LABEL = 4;
const LAST = epochs.steps.length - 1;

// The weights that each letter stands for.
const WEIGHTS = Object.fromEntries([...LETTERS].map((letter, i) => [letter, ((i - 31) / 31) * epochs.largest]));

const readings = new Map(); // each is read once, when it is shown first
function read(taken) {
  if (!readings.has(taken)) {
    readings.set(taken, taken.weights.map((letters) => Float32Array.from(letters, (letter) => WEIGHTS[letter])));
  }
  return readings.get(taken);
}

// The weights of each unit shown, 24 x 24 from the middle, at a rate's moment.
export function weights(rate, moment) {
  return read(epochs.films[rate][moment]);
}

// How the validation digits were named at a moment: { right, count, low, high, given }, of which given is how many of
// the ten answers it ever gives.
export function named(rate, moment) {
  const { confusion } = epochs.films[rate][moment];
  const count = confusion.reduce((sum, n) => sum + n, 0);
  const right = confusion.reduce((sum, n, i) => sum + (i % 11 === 0 ? n : 0), 0);
  const given = [...Array(10).keys()].filter((said) => confusion.some((n, i) => n && i % 10 === said)).length;
  const [low, high] = wilson(right, count);
  return { right, count, low, high, given };
}

const x = (moment) => LEFT + ((WIDTH - LEFT - 8) * moment) / LAST;
const y = (loss) => BOTTOM - (BOTTOM * loss) / HIGHEST;

function chart() {
  const lines = ["train", "valid"].map((of) => drawn("polyline", {
    fill: "none", "stroke-width": 2, stroke: of === "train" ? FIRST : SECOND,
    "stroke-dasharray": of === "train" ? false : "5 3",
  }));
  const mark = drawn("line", { y1: 0, y2: BOTTOM, stroke: "currentColor" });
  const dots = lines.map((_, i) => drawn("circle", { r: 4, fill: [FIRST, SECOND][i] }));
  const axis = [0, 2, 4].flatMap((loss) => [
    drawn("line", { x1: LEFT, x2: WIDTH - 8, y1: y(loss), y2: y(loss), stroke: GREY, "stroke-opacity": 0.3 }),
    drawn("text", { x: LEFT - 8, y: y(loss) + 5, "text-anchor": "end" }, loss),
  ]);
  const ticks = epochs.steps.map((step, i) => (
    i % 2 ? "" : drawn("text", { x: x(i) + (i === LAST ? 8 : 0), y: BOTTOM + 18, "text-anchor": i === LAST ? "end" : "middle" }, step)
  ));
  const clip = drawn("clipPath", { id: "epochs-frame" }, drawn("rect", { x: 0, y: -4, width: WIDTH, height: BOTTOM + 8 }));
  const inside = drawn("g", { "clip-path": "url(#epochs-frame)" }, ...lines, ...dots);
  return {
    element: drawn("svg", { class: "epochs-losses", viewBox: `0 -8 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
      clip, ...axis, ...ticks, mark, inside),
    show(rate, moment) {
      ["train", "valid"].forEach((of, i) => {
        const losses = epochs.films[rate].map((taken) => taken[of]);
        change(lines[i], { points: losses.map((loss, k) => `${x(k)},${y(loss)}`).join(" ") });
        change(dots[i], { cx: x(moment), cy: y(losses[moment]) });
      });
      change(mark, { x1: x(moment), x2: x(moment) });
    },
  };
}

const small = (side) => element("canvas", { class: "epochs-picture", width: side, height: side, "aria-hidden": "true" });
const part = (name, ...content) => element("div", {}, element("p", { "aria-hidden": "true" }, name), ...content);

export default function start(place) {
  const { stage, controls, say } = frame(place, {
    title: "Watch it learn.",
    todo: `Drag along the steps of a recorded training on ${epochs.learned.toLocaleString("en")} digits, and choose another rate.`,
  });
  const curves = chart();
  const units = weights(0, 0).map(() => small(24));
  const counts = small(10);
  const ours = bars();
  stage.append(
    part("Loss by steps: solid on what it learns, dashed on validation digits", curves.element),
    element("div", { class: "epochs-pair" },
      part("A row for each digit, a column for each answer, 0 to 9; right is blue", counts), part("What our 4 is called", ours.element)),
    part("Four hidden units: ink on blue excites one, on orange it quiets it", element("div", { class: "epochs-units" }, ...units)),
  );
  const show = perFrame(() => {
    const [rate, moment] = [NAMES.indexOf(rates.value), steps.value];
    const { train, valid, ours: probabilities, confusion } = epochs.films[rate][moment];
    curves.show(rate, moment);
    weights(rate, moment).forEach((unit, i) => paintSigned(units[i], unit, 0.75 * epochs.largest));
    const of = [...Array(10).keys()].map((row) => confusion.slice(10 * row, 10 * row + 10).reduce((sum, n) => sum + n, 0));
    paintSigned(counts, confusion.map((n, i) => ((i % 11 ? -1 : 1) * Math.sqrt(n / of[Math.floor(i / 10)]))), 1);
    ours.show(probabilities, LABEL);
    const { right, count, low, high, given } = named(rate, moment);
    const top = probabilities.indexOf(Math.max(...probabilities));
    const done = epochs.steps[moment];
    say(`After ${done} ${done === 1 ? "step" : "steps"}: loss ${train.toFixed(2)} on what it learns, ${valid.toFixed(2)} on validation ` +
      `digits. Of ${count.toLocaleString("en")} it names ${percent(right / count)} rightly (${(100 * low).toFixed(1)} to ` +
      `${(100 * high).toFixed(1)}), and gives ${given} of the ten answers. It calls our 4 ${article(top)}, at ` +
      `${percent(probabilities[top], 0)}.`);
  });
  const rates = choice({ label: "Rate", options: NAMES, value: NAMES[1] }, () => show());
  const steps = slider({ label: "Steps", min: 0, max: LAST, value: 0, told: (i) => String(epochs.steps[i]) }, () => {
    stop();
    show();
  });
  let playing;
  const stop = () => {
    clearInterval(playing);
    playing = undefined;
    play.textContent = "Play";
  };
  const go = (moment) => {
    steps.value = moment;
    show();
  };
  const play = button("Play", () => {
    if (playing) return stop();
    if (calm) return go(LAST);
    go(steps.value === LAST ? 0 : steps.value);
    play.textContent = "Stop";
    playing = setInterval(() => {
      go(steps.value + 1);
      if (steps.value === LAST) stop();
    }, 500);
  });
  controls.append(steps.element, rates.element, play);
  follow(curves.element, ([share]) => {
    stop();
    const moment = Math.round((LAST * (share * WIDTH - LEFT)) / (WIDTH - LEFT - 8));
    go(Math.min(Math.max(moment, 0), LAST));
  });
  show();
}

// Drag the line below which the model passes a digit on: what it still gets wrong, and the digits on either side.

import {
  FIRST, GREY, SECOND, change, drawn, element, follow, frame, paint, percent, perFrame, picture, slider, wilson, write,
} from "./frame.mjs";
import { unpacked } from "./packed.mjs";
import sureness from "./sureness.json" with { type: "json" };

const { count, sure, said, labels } = sureness;
const WIDTH = 504;
const LEFT = 54; // of what is drawn
const RIGHT = 496;
const TOP = 30;
const BOTTOM = 170;
const MOST = 360; // digits passed on, where the axis ends
const WORST = 0.01; // risk, where it ends
const SIDES = 4; // digits shown on each side of the line
const PIXELS = 784;
const [LOWEST, HIGHEST, STEP] = [-0.4, 5, 0.05]; // of the line, in log odds

const across = (passed) => LEFT + ((RIGHT - LEFT) * passed) / MOST;
const at = (risk) => BOTTOM - ((BOTTOM - TOP) * Math.min(risk, WORST)) / WORST;
const millionths = (odds) => Math.round(1e6 / (1 + Math.exp(-odds)));
const isWrong = (i) => said[i] !== labels[i];
const mistakes = sure.map((_, i) => i).filter(isWrong);

// If the first so many, from the least sure up, are passed on: { passed, caught, answered, wrong, low, high }.
function passing(passed) {
  const caught = mistakes.filter((i) => i < passed).length;
  const [answered, wrong] = [count - passed, sureness.wrong - caught];
  const [low, high] = wilson(wrong, answered);
  return { passed, caught, answered, wrong, low, high };
}

// The same where only answers of at least so many millionths are given.
export function refusing(limit) {
  const first = sure.findIndex((each) => each >= limit);
  return passing(first < 0 ? sure.length : first);
}

function chart() {
  const all = Array.from({ length: MOST + 1 }, (_, passed) => passing(passed));
  const path = (points) => points.map(([passed, risk]) => `${across(passed).toFixed(1)},${at(risk).toFixed(1)}`).join(" ");
  const band = [...all.map(({ passed, low }) => [passed, low]), ...all.map(({ passed, high }) => [passed, high]).reverse()];
  const axis = drawn("g");
  for (const risk of [0, WORST / 2, WORST]) {
    axis.append(
      drawn("line", { x1: LEFT, x2: RIGHT, y1: at(risk), y2: at(risk), stroke: GREY, "stroke-opacity": 0.3 }),
      drawn("text", { x: LEFT - 6, y: at(risk) + 4, "text-anchor": "end" }, risk ? percent(risk) : "0"));
  }
  for (let passed = 0; passed < MOST - 60; passed += 100) {
    axis.append(drawn("text", { x: across(passed), y: BOTTOM + 18, "text-anchor": "middle" }, `${passed}`));
  }
  axis.append(drawn("text", { x: RIGHT, y: BOTTOM + 18, "text-anchor": "end" }, "passed on"));
  const ticks = mistakes.map((i) => (
    drawn("line", { x1: across(i + 0.5), x2: across(i + 0.5), y1: 4, y2: 20, stroke: SECOND, "stroke-width": 2 })));
  return [
    axis,
    drawn("polygon", { points: path(band), fill: FIRST, "fill-opacity": 0.2 }),
    drawn("polyline", { points: path(all.map(({ passed, wrong, answered }) => [passed, wrong / answered])),
      fill: "none", stroke: FIRST, "stroke-width": 2 }),
    drawn("g", {}, ...ticks, drawn("text", { x: RIGHT, y: 17, "text-anchor": "end" }, "its mistakes")),
  ];
}

// The digits on both sides of the line: { element, show(passed) }.
function strip(pictures) {
  const cells = Array.from({ length: 2 * SIDES }, () => {
    const canvas = picture(new Uint8Array(PIXELS), "");
    const name = element("span");
    return { canvas, name, cell: element("div", { class: "threshold-cell" }, canvas, name) };
  });
  const side = (some, title) => element("div", { class: "threshold-side" }, element("p", {}, title),
    element("div", { class: "threshold-row" }, ...some.map(({ cell }) => cell)));
  return {
    element: element("div", { class: "threshold-strip", "aria-hidden": "true" },
      side(cells.slice(0, SIDES), "below the line"), side(cells.slice(SIDES), "above it")),
    show(passed) {
      cells.forEach(({ canvas, name, cell }, k) => {
        const i = passed - SIDES + k;
        cell.style.visibility = i < 0 ? "hidden" : "visible";
        if (i < 0) return;
        paint(canvas, pictures.subarray(PIXELS * i, PIXELS * (i + 1)));
        write(name, isWrong(i) ? `${said[i]}, is ${labels[i]}` : said[i]);
        cell.classList.toggle("threshold-wrong", isWrong(i));
      });
    },
  };
}

export default async function start(place) {
  const pictures = await unpacked(sureness.pictures);
  const { stage, controls, say } = frame(place, {
    title: "Where is sure enough?",
    todo: `Drag the line. Below it, the model passes a digit on to a person. The ${count.toLocaleString("en")} digits ` +
      "stand in order, the least sure first; the curve is the share of wrong ones among the answers that are left.",
  });
  const line = drawn("line", { y1: 0, y2: BOTTOM, stroke: "currentColor", "stroke-width": 2 });
  const dot = drawn("circle", { r: 5, fill: FIRST });
  const drawing = drawn("svg", { class: "threshold-chart", viewBox: `0 0 ${WIDTH} ${BOTTOM + 24}`, "aria-hidden": "true" },
    ...chart(), line, dot);
  const beside = strip(pictures);
  stage.append(drawing, beside.element);

  const show = perFrame((odds) => {
    const limit = millionths(odds);
    const { passed, caught, answered, wrong, low, high } = refusing(limit);
    const x = across(passed);
    change(line, { x1: x, x2: x });
    change(dot, { cx: x, cy: at(wrong / answered) });
    beside.show(passed);
    const share = [wrong / answered, low, high].map((part) => (100 * part).toFixed(2));
    say(`From ${percent(limit / 1e6)} on it answers: ${answered.toLocaleString("en")} digits, ` +
      `${percent(answered / count)} of all. ${wrong} of these answers are wrong, ${share[0]}\u00a0% ` +
      `(${share[1]} to ${share[2]}). ${passed ? `Of the ${passed} passed on, it was wrong about ${caught}.` : "None is passed on."}`);
  });
  const control = slider({
    label: "Sure enough", min: LOWEST, max: HIGHEST, step: STEP, value: 0, told: (odds) => percent(millionths(odds) / 1e6),
  }, show);
  controls.append(control.element);
  follow(drawing, ([share]) => {
    const passed = Math.round(((share * WIDTH - LEFT) / (RIGHT - LEFT)) * MOST);
    const limit = sure[Math.min(Math.max(passed, 0), MOST)] / 1e6;
    control.value = Math.log(limit / (1 - limit));
    show(control.value);
  });
  show(control.value);
}

// The shipped model's mistakes, each in the table's cell for what it is and what it was taken for.

import { bars } from "./bars.mjs";
import { article, choice, element, follow, frame, paint, percent, perFrame, picture, slider } from "./frame.mjs";
import recorded from "./mistakes.json" with { type: "json" };
import { answer } from "./network.mjs";

const SIDE = 28;
const CELL = 2 * SIDE; // of the table's canvas
const KINDS = ["mistakes", "narrow escapes"];
const levels = Uint8Array.from(atob(recorded.images), (letter) => letter.charCodeAt(0));

// A digit: { image, label, probabilities, said, sure, other, reason }. other is what it was taken for, or, where it was
// named right, what it was nearly taken for.
export function digit(i) {
  const image = levels.subarray(SIDE * SIDE * i, SIDE * SIDE * (i + 1));
  const label = recorded.labels[i];
  const { probabilities, reason } = answer(image);
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const other = order.find((said) => said !== label);
  return { image, label, probabilities, said: order[0], sure: probabilities[order[0]], other, reason };
}

// All of a kind, the surest first.
export function digits(kind) {
  const [from, to] = kind === KINDS[0] ? [0, recorded.wrong] : [recorded.wrong, recorded.labels.length];
  return Array.from({ length: to - from }, (_, i) => digit(from + i)).sort((a, b) => b.sure - a.sure);
}

// Where each is in the table, as [left, top, size] in cells: those of one cell share it.
export function placed(all) {
  return all.map((one) => {
    const pair = all.filter(({ label, other }) => label === one.label && other === one.other);
    const columns = Math.ceil(Math.sqrt(pair.length));
    const i = pair.indexOf(one);
    return [one.other + (i % columns) / columns, one.label + Math.floor(i / columns) / columns, 1 / columns];
  });
}

function paintTable(table, all, places) {
  const context = table.getContext("2d");
  const sheet = element("canvas", { width: SIDE, height: SIDE });
  context.clearRect(0, 0, table.width, table.height);
  context.fillStyle = "#767676";
  for (let i = 0; i <= 10; i++) {
    const line = Math.min(i * CELL, 10 * CELL - 1);
    context.fillRect(line, 0, 1, 10 * CELL);
    context.fillRect(0, line, 10 * CELL, 1);
    if (i < 10) context.fillRect(i * CELL + CELL / 2 - 2, i * CELL + CELL / 2 - 2, 4, 4);
  }
  context.imageSmoothingEnabled = false;
  all.forEach(({ image }, i) => {
    paint(sheet, image);
    const [left, top, size] = places[i].map((cells) => cells * CELL);
    context.drawImage(sheet, left + 1, top + 1, size - 2, size - 2);
  });
}

export default function start(place) {
  const { stage, controls, say } = frame(place, {
    title: "The gallery of mistakes.",
    todo: "Touch one, or go through them from the surest to the least sure. Each stands in the row of its label, " +
      "in the column of what it was taken for.",
  });
  const table = element("canvas", { width: 10 * CELL, height: 10 * CELL, "aria-hidden": "true" });
  const mark = element("div", { class: "mistakes-mark" });
  // In full, as the book's sheet keeps the rules for names that stand in a page or a script.
  const names = (kind) => element("div", { class: kind, "aria-hidden": "true" },
    ...[..."0123456789"].map((name) => element("span", {}, name)));
  const large = picture(new Uint8Array(SIDE * SIDE), "The chosen digit");
  const tenth = bars();
  stage.append(
    element("div", { class: "mistakes-table" }, names("mistakes-across"), names("mistakes-down"),
      element("div", { class: "mistakes-cells" }, table, mark)),
    element("div", { class: "mistakes-one" }, large, tenth.element),
  );
  const all = Object.fromEntries(KINDS.map((kind) => [kind, digits(kind)]));
  const places = Object.fromEntries(KINDS.map((kind) => [kind, placed(all[kind])]));
  const show = perFrame(() => {
    const kind = kinds.value;
    const one = all[kind][which.value - 1];
    const [left, top, size] = places[kind][which.value - 1];
    Object.assign(mark.style, {
      left: `${10 * left}%`, top: `${10 * top}%`, width: `${10 * size}%`, height: `${10 * size}%`,
    });
    paint(large, one.image);
    large.setAttribute("aria-label", `A digit whose label is ${one.label}`);
    tenth.show(one.probabilities, one.label);
    const [sure, next] = [one.sure, one.probabilities[one.said === one.label ? one.other : one.label]];
    const where = `Number ${which.value} of ${all[kind].length}, from the surest.`;
    const on = one.reason ? ` The pad would say "${one.reason}".` : "";
    say(one.said === one.label
      ? `${where} It is ${article(one.label)}, and so the model says, at ${percent(sure)}; ${article(one.other)} gets ${percent(next)}.${on}`
      : `${where} Its label is ${one.label}. The model says ${one.said}, at ${percent(sure)}; the label gets ${percent(next)}.${on}`);
  });
  const which = slider({
    label: "Which", min: 1, max: recorded.wrong, value: 1, told: (i) => `no. ${i}`,
  }, show);
  const change = () => {
    which.element.querySelector("input").max = all[kinds.value].length;
    which.value = 1;
    paintTable(table, all[kinds.value], places[kinds.value]);
    show();
  };
  const kinds = choice({ label: "Show", options: KINDS }, change);
  controls.append(which.element, kinds.element);
  follow(table, ([x, y]) => {
    const far = ([left, top, size]) => Math.hypot(left + size / 2 - 10 * x, top + size / 2 - 10 * y);
    const all = places[kinds.value].map(far);
    which.value = all.indexOf(Math.min(...all)) + 1;
    show();
  });
  change();
}

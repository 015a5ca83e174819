// Sixteen hidden units and one digit: what each unit looks for, what it says, and its part in each of the ten scores.
// Touch a unit, silence it, or draw on the digit.

import recorded from "./sixteen.json" with { type: "json" };
import {
  FIRST, GREY, SECOND, button, change, drawn, element, follow, frame, minus, paint, paintSigned, perFrame, picture, slider,
  write,
} from "./frame.mjs";
import { whose } from "./reader.mjs";

const UNITS = 16;
const PIXELS = 784;
const SIDE = 28;
const FIRST_UNIT = 4; // chosen at first
const thousandths = (numbers) => Float64Array.from(numbers, (number) => number / 1000);
const [weights, biases] = [thousandths(recorded.first), thousandths(recorded.firstBias)];
const [outer, outerBiases] = [thousandths(recorded.second), thousandths(recorded.secondBias)];
const signed = (number) => `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(1)}`;
const plain = (number) => signed(number).replace("+", "");

// What each unit hears and says of 784 levels, its parts in the scores, class by class, and the scores; as
// digitlib/book/parts.py has it. Units in silent say nothing.
export function parts(image, silent = []) {
  const hears = biases.map((bias, unit) => {
    let sum = bias;
    for (let i = 0; i < PIXELS; i++) sum += (image[i] / 255) * weights[unit * PIXELS + i];
    return sum;
  });
  const says = hears.map((sum, unit) => (silent.includes(unit) ? 0 : Math.max(sum, 0)));
  const all = outer.map((weight, i) => weight * says[i % UNITS]);
  const scores = outerBiases.map((bias, name) => (
    all.subarray(name * UNITS, (name + 1) * UNITS).reduce((sum, part) => sum + part, bias)
  ));
  return { hears, says, parts: all, scores };
}

// What each pixel adds to what a unit hears.
export const pushes = (image, unit) => (
  Float64Array.from(image, (level, i) => (level / 255) * weights[unit * PIXELS + i])
);

const largest = (numbers) => numbers.indexOf(Math.max(...numbers));

// A picture with a caption below.
const captioned = (canvas, caption) => element("figure", { class: "design-picture" }, canvas, caption);

function unitPictures(choose) {
  return Array.from({ length: UNITS }, (_, unit) => {
    const canvas = picture(new Uint8Array(PIXELS), "");
    canvas.removeAttribute("role");
    canvas.removeAttribute("aria-label");
    paintSigned(canvas, weights.subarray(unit * PIXELS, (unit + 1) * PIXELS));
    const level = element("span", { class: "design-level" });
    const cell = element("div", { class: "design-unit", click: () => choose(unit) }, canvas, level);
    return { cell, level };
  });
}

// The ten scores, upright from a line at zero, and within each the part of one unit.
function scoreBars() {
  const columns = Array.from({ length: 10 }, (_, name) => {
    const x = 504 * (0.14 + 0.086 * (name + 0.5)); // above its column of the table
    const bar = drawn("rect", { x: x - 15, width: 13, fill: GREY });
    const part = drawn("rect", { x: x + 2, width: 13, "stroke-width": 1 });
    return { bar, part, line: drawn("line", { x2: x, y2: 58, x1: 252, y1: 0 }) };
  });
  const zero = drawn("line", { x1: 0, x2: 504, y1: 112, y2: 112, stroke: GREY });
  const drawing = drawn("svg", { viewBox: "0 0 504 168", "aria-hidden": "true" },
    ...columns.flatMap(({ line, bar, part }) => [line, bar, part]), zero);
  const high = (value) => Math.min(Math.abs(value) * 6, 54);
  const upright = (bar, value) => {
    change(bar, { y: value > 0 ? 112 - high(value) : 112, height: high(value) });
  };
  const look = (value) => ({ colour: value < 0 ? SECOND : FIRST, dashes: value < 0 ? "4 3" : "none" });
  const show = (scores, own, unit) => columns.forEach(({ bar, part, line }, name) => {
    const { colour, dashes } = look(own[name]);
    upright(bar, scores[name]);
    upright(part, own[name]);
    change(part, { fill: colour, stroke: colour, "fill-opacity": own[name] < 0 ? 0.3 : 1, "stroke-dasharray": dashes });
    const from = 504 * (((unit % 8) + 0.5) / 8);
    change(line, { x1: from, stroke: colour, "stroke-dasharray": dashes, "stroke-width": Math.min(Math.abs(own[name]), 6) });
  });
  return { drawing, show };
}

// A table of the ten digits, their scores, and one unit's parts: the numbers for eye and ear.
function scoreTable() {
  const row = (title) => {
    const cells = Array.from({ length: 10 }, () => element("td"));
    return { cells, row: element("tr", {}, element("th", { scope: "row" }, title), ...cells) };
  };
  const [scores, own] = [row("score"), row("its part")];
  const names = Array.from({ length: 10 }, (_, name) => element("th", { scope: "col" }, String(name)));
  const table = element("table", { class: "design-scores" },
    element("tr", {}, element("th", { scope: "row" }, "digit"), ...names), scores.row, own.row);
  const show = (values, its) => {
    const best = largest(values);
    names.forEach((cell, name) => cell.toggleAttribute("data-best", name === best));
    scores.cells.forEach((cell, name) => write(cell, plain(values[name])));
    own.cells.forEach((cell, name) => write(cell, plain(its[name])));
  };
  return { table, show };
}

export default function start(place) {
  const { stage, controls, say } = frame(place, {
    title: "What does one hidden unit say?",
    todo: "Touch one of the sixteen, and silence it. Or draw on the digit itself, with mouse, finger or arrow keys and " +
      "space; begin on ink, and you rub it out.",
  });
  let image;
  let silent = [];
  let at = 14 * SIDE + 14;
  const digit = picture(new Uint8Array(PIXELS), "", SIDE);
  const mark = element("span", { class: "design-mark" });
  const field = element("div", { class: "design-field", tabindex: 0, role: "application" }, digit, mark);
  digit.setAttribute("aria-hidden", "true");
  digit.removeAttribute("role");
  digit.removeAttribute("aria-label");
  const [sought, heard] = [picture(new Uint8Array(PIXELS), "What the unit looks for"), picture(new Uint8Array(PIXELS), "What it hears")];
  const captions = ["the digit", "", ""].map((text) => element("figcaption", {}, text));
  const units = unitPictures((unit) => {
    control.value = unit + 1;
    show();
  });
  const [bars, table] = [scoreBars(), scoreTable()];
  stage.append(
    element("div", { class: "design-pictures" },
      captioned(field, captions[0]), captioned(sought, captions[1]), captioned(heard, captions[2])),
    element("div", { class: "design-units", "aria-hidden": "true" }, ...units.map(({ cell }) => cell)),
    element("p", {}, "Below each of the sixteen, how much it says. Then the scores in grey, and in " +
      "colour the chosen one's part."),
    bars.drawing, table.table,
  );
  sought.classList.add("design-signed");
  heard.classList.add("design-signed");

  const show = perFrame(() => {
    const unit = control.value - 1;
    const found = parts(image, silent);
    const mute = silent.includes(unit);
    const own = Float64Array.from({ length: 10 }, (_, name) => found.parts[name * UNITS + unit]);
    paint(digit, image);
    paintSigned(sought, weights.subarray(unit * PIXELS, (unit + 1) * PIXELS));
    paintSigned(heard, pushes(image, unit));
    write(captions[1], `× what unit ${unit + 1} looks for`);
    write(captions[2], `= what it hears: ${plain(found.hears[unit])}`);
    units.forEach(({ cell, level }, i) => {
      cell.toggleAttribute("data-chosen", i === unit);
      cell.toggleAttribute("data-silent", silent.includes(i));
      level.style.transform = `scaleX(${Math.min(1, 0.06 * found.says[i])})`;
    });
    bars.show(found.scores, own, unit);
    table.show(found.scores, own);
    write(hush, mute ? "Let it speak" : "Silence it");
    const [row, column] = [Math.floor(at / SIDE), at % SIDE];
    mark.style.left = `${(100 * column) / SIDE}%`;
    mark.style.top = `${(100 * row) / SIDE}%`;
    change(field, { "aria-label": `Draw on the digit. Row ${row + 1}, column ${column + 1}: ${image[at] > 127 ? "ink" : "no ink"}. ` +
      "Arrow keys move, space changes." });
    say(sentence(unit, found, own, mute));
  });

  const sentence = (unit, { hears, says, scores }, own, mute) => {
    const name = largest(scores);
    const second = largest(scores.map((score, i) => (i === name ? -Infinity : score)));
    const told = mute
      ? `Unit ${unit + 1} is silenced.`
      : says[unit] === 0
        ? `Unit ${unit + 1} hears ${plain(hears[unit])}, and ReLU makes that 0: it adds to no score.`
        : `Unit ${unit + 1} says ${plain(says[unit])}: ${signed(own[4])} for a 4, ${signed(own[9])} for a 9.`;
    const close = plain(scores[name]) === plain(scores[second]);
    const score = (of) => (close ? minus(scores[of].toFixed(2)) : plain(scores[of]));
    return `${told} The sixteen and the biases together: ${name}, with a score of ${score(name)}, ` +
      `then ${second}, with ${score(second)}.`;
  };

  const control = slider({ label: "Hidden unit", min: 1, max: UNITS, value: FIRST_UNIT }, () => show());
  const hush = button("Silence it", () => {
    const unit = control.value - 1;
    silent = silent.includes(unit) ? silent.filter((other) => other !== unit) : [...silent, unit];
    show();
  });
  const begin = (levels) => {
    image = Uint8Array.from(levels);
    silent = [];
    show();
  };
  const digits = whose(begin);
  controls.append(control.element, hush, button("From the start", () => begin(digits.image)), digits.element);

  let ink = 255; // what is being drawn: ink, or none
  follow(field, ([x, y], event) => {
    const cell = (share) => Math.min(Math.floor(share * SIDE), SIDE - 1);
    at = cell(y) * SIDE + cell(x);
    if (event.type === "pointerdown") ink = image[at] > 127 ? 0 : 255;
    image[at] = ink;
    show();
  });
  field.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE }[event.key];
    if (step === undefined && event.key !== " ") return;
    event.preventDefault();
    if (step === undefined) image[at] = image[at] > 127 ? 0 : 255;
    else at = (at + step + PIXELS) % PIXELS;
    show();
  });
  begin(digits.image);
}

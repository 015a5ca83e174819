// A sheet over points of two classes, with a fold for each ReLU: drag the folds, and the line where the sheet is at zero
// bends with them.

import recorded from "./bends.json" with { type: "json" };
import { FIRST, GREY, SECOND, button, calm, choice, drawn, element, follow, frame, minus, perFrame, slider, write } from "./frame.mjs";

const LITTLE = 1e-4; // as in digitlib/book/bends.py, whose sheet this is
const SIZE = 504;
const EDGE = 1.1; // of what is drawn, from the middle
const ARROW = 0.22; // from a fold's handle to the tip that turns it
const SETS = { "one stroke or two": recorded.eleven, "a spot in a ring": recorded.ring };
const KEYS = {
  "one stroke or two": "Across: how bright the left stroke is; up: the right one. Discs have one stroke, crosses none or both.",
  "a spot in a ring": "Discs make up a spot, crosses the ring around it.",
};
const x = (across) => (SIZE * (across + EDGE)) / (2 * EDGE);
const y = (up) => SIZE - x(up);
const towards = (degrees) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];

// What the outer layer sees of a point: 1, across, up, and what each unit says.
function inputs([across, up], folds) {
  return [1, across, up, ...folds.map(([left, low, degrees]) => {
    const [cosine, sine] = towards(degrees);
    return Math.max((across - left) * cosine + (up - low) * sine, 0);
  })];
}

// The outer weights that bring the sheet nearest to 1 at the one class and to -1 at the other: least squares.
export function sheet({ points, labels }, folds) {
  const size = 3 + folds.length;
  const rows = Array.from({ length: size }, (_, i) => (
    Array.from({ length: size + 1 }, (_, j) => (i === j ? LITTLE : 0))
  ));
  points.forEach((point, n) => {
    const seen = [...inputs(point, folds), labels[n] ? 1 : -1];
    rows.forEach((row, i) => seen.forEach((value, j) => (row[j] += seen[i] * value)));
  });
  for (let i = 0; i < size; i++) {
    for (let k = i + 1; k < size; k++) {
      const times = rows[k][i] / rows[i][i];
      for (let j = i; j <= size; j++) rows[k][j] -= times * rows[i][j];
    }
  }
  const weights = new Float64Array(size);
  for (let i = size - 1; i >= 0; i--) {
    const known = weights.reduce((sum, weight, j) => (j > i ? sum + weight * rows[i][j] : sum), 0);
    weights[i] = (rows[i][size] - known) / rows[i][i];
  }
  return weights;
}

export const height = (point, folds, weights) => (
  inputs(point, folds).reduce((sum, value, i) => sum + value * weights[i], 0)
);

const wrong = ({ points, labels }, folds, weights) => (
  points.map((point, n) => (height(point, folds, weights) > 0) !== Boolean(labels[n]))
);

// How far the sheet is from where it should be, in squares.
function loss(set, folds) {
  const weights = sheet(set, folds);
  return set.points.reduce((sum, point, n) => sum + (height(point, folds, weights) - (set.labels[n] ? 1 : -1)) ** 2, 0);
}

// The part of a convex polygon where a number isn't negative; of(corner) is linear in it.
function side(polygon, of) {
  return polygon.flatMap((corner, i) => {
    const next = polygon[(i + 1) % polygon.length];
    const [here, there] = [of(corner), of(next)];
    const kept = here >= 0 ? [corner] : [];
    if (here * there >= 0) return kept;
    const share = here / (here - there);
    return [...kept, corner.map((value, axis) => value + share * (next[axis] - value))];
  });
}

// The pieces between the folds, on each of which the sheet is flat.
export function pieces(folds) {
  const whole = [[[-EDGE, -EDGE], [EDGE, -EDGE], [EDGE, EDGE], [-EDGE, EDGE]]];
  return folds.reduce((all, [left, low, degrees]) => {
    const [cosine, sine] = towards(degrees);
    const ahead = ([across, up]) => (across - left) * cosine + (up - low) * sine;
    return all.flatMap((polygon) => [side(polygon, ahead), side(polygon, (corner) => -ahead(corner))])
      .filter((polygon) => polygon.length > 2);
  }, whole);
}

// Where the sheet is at zero: a straight line on each piece, or none.
export function boundary(folds, weights) {
  return pieces(folds).flatMap((polygon) => {
    const ends = polygon.flatMap((corner, i) => {
      const next = polygon[(i + 1) % polygon.length];
      const [here, there] = [height(corner, folds, weights), height(next, folds, weights)];
      const share = here / (here - there);
      return here * there < 0 ? [corner.map((value, axis) => value + share * (next[axis] - value))] : [];
    });
    return ends.length === 2 ? [ends] : [];
  });
}

// One step of the folds down the loss, its slopes asked by rise over run; a turn of 60 degrees is as long as one across.
function step(set, folds, rate) {
  const scale = [1, 1, 60];
  const within = (value) => Math.min(Math.max(value, -0.9), 0.9);
  const moved = (by) => folds.map((fold, k) => {
    const [left, low, degrees] = fold.map((value, i) => value + scale[i] * by(k, i));
    return [within(left), within(low), (degrees + 360) % 360];
  });
  const nudged = (k, i, by) => loss(set, moved((n, j) => (n === k && j === i ? by : 0)));
  const slopes = folds.map((fold, k) => fold.map((_, i) => nudged(k, i, 0.005) - nudged(k, i, -0.005)));
  const long = Math.hypot(...slopes.flat()) || 1;
  return moved((k, i) => (-rate * slopes[k][i]) / long);
}

// At most ninety steps; one that isn't downhill isn't taken, and the next is half as long.
function* learning(set, folds) {
  let [rate, least] = [0.2, loss(set, folds)];
  for (let steps = 0; steps < 90 && rate > 0.002; steps++) {
    const next = step(set, folds, rate);
    const now = loss(set, next);
    if (now < least) [folds, least, rate] = [next, now, rate * 1.2];
    else rate /= 2;
    yield folds;
  }
}

export function learned(set, folds) {
  for (const next of learning(set, folds)) folds = next;
  return folds;
}

function mark([across, up], one, missed) {
  const [left, top] = [x(across), y(up)];
  const shape = one
    ? drawn("circle", { cx: left, cy: top, r: 5, fill: FIRST })
    : drawn("path", { d: `M${left - 5} ${top - 5}l10 10m0 -10l-10 10`, stroke: SECOND, "stroke-width": 2 });
  return missed ? [shape, drawn("circle", { cx: left, cy: top, r: 10, fill: "none", stroke: "currentColor", "stroke-width": 2 })] : [shape];
}

function foldLines([left, low, degrees], chosen) {
  const [cosine, sine] = towards(degrees);
  const end = (by) => ({ x: x(left - by * sine), y: y(low + by * cosine) });
  const [from, to, tip] = [end(-4), end(4), { x: x(left + ARROW * cosine), y: y(low + ARROW * sine) }];
  const middle = { x: x(left), y: y(low) };
  return {
    middle,
    tip,
    line: drawn("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, stroke: GREY, "stroke-width": chosen ? 2 : 1, "stroke-dasharray": "6 4" }),
    arrow: drawn("line", { x1: middle.x, y1: middle.y, x2: tip.x, y2: tip.y, stroke: "currentColor" }),
  };
}

// What a finger holds of a fold. It stays in the page while it is moved, or the finger would lose it.
// It moves both ways, so the page must not scroll, and of what is within a drawing touch-action says nothing.
const still = (event) => event.preventDefault();
const grip = (k, what) => drawn("g", { class: "bends-grip", "data-fold": k, "data-what": what, touchstart: still },
  drawn("circle", { r: 22, fill: "transparent" }),
  drawn("circle", { r: what === "turn" ? 6 : 12, class: "bends-knob", stroke: "currentColor" }),
  drawn("text", { y: 5, "text-anchor": "middle" }, what === "move" ? String(k + 1) : ""));

export default function start(place) {
  const { stage, controls, say } = frame(place, {
    title: "What does a fold do?",
    todo: "Add a ReLU, drag its number to move the fold, and the small knob to turn it.",
  });
  let folds = [];
  let chosen = 0;
  let running = 0;
  const under = drawn("g", { "clip-path": "url(#bends-within)" });
  const [arrows, over] = [drawn("g"), drawn("g")];
  const grips = recorded.folds.map((_, k) => ({ move: grip(k, "move"), turn: grip(k, "turn") }));
  const plane = drawn("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, "aria-hidden": "true" },
    drawn("clipPath", { id: "bends-within" }, drawn("rect", { width: SIZE, height: SIZE })),
    drawn("rect", { x: 0.5, y: 0.5, width: SIZE - 1, height: SIZE - 1, fill: "none", stroke: GREY }), under, arrows, over);
  const key = element("p");
  stage.append(plane, key);

  const show = perFrame(() => {
    const set = SETS[sets.value];
    write(key, `${KEYS[sets.value]} Blue: the score is above 0. Dashed: a fold.`);
    const weights = sheet(set, folds);
    const missed = wrong(set, folds, weights);
    const good = pieces(folds).map((polygon) => side(polygon, (corner) => height(corner, folds, weights)));
    const drawnPieces = good.filter(({ length }) => length > 2).map((polygon) => (
      drawn("polygon", { points: polygon.map(([across, up]) => `${x(across)},${y(up)}`).join(" "), fill: FIRST, "fill-opacity": 0.2 })
    ));
    const lines = boundary(folds, weights).map(([[x0, y0], [x1, y1]]) => (
      drawn("line", { class: "bends-zero", x1: x(x0), y1: y(y0), x2: x(x1), y2: y(y1), stroke: FIRST, "stroke-width": 2 })
    ));
    const ofFolds = folds.map((fold, k) => foldLines(fold, k === chosen));
    under.replaceChildren(...drawnPieces, ...ofFolds.map(({ line }) => line), ...lines,
      ...set.points.flatMap((point, n) => mark(point, set.labels[n], missed[n])));
    arrows.replaceChildren(...ofFolds.map(({ arrow }) => arrow));
    grips.forEach(({ move, turn }, k) => {
      for (const [held, place] of [[move, "middle"], [turn, "tip"]]) {
        if (k >= folds.length) held.remove();
        else if (!held.isConnected) over.append(held);
        if (k < folds.length) held.setAttribute("transform", `translate(${ofFolds[k][place].x} ${ofFolds[k][place].y})`);
        held.setAttribute("stroke-width", k === chosen ? 3 : 1);
      }
    });
    say(sentence(missed.filter(Boolean).length, set.points.length));
  });
  const sentence = (mistakes, count) => {
    const held = `${mistakes} of ${count} points are on the wrong side (ringed).`;
    if (!folds.length) return `No ReLU: the sheet is flat, and its line is straight. ${held}`;
    if (folds.length === 1) return `One ReLU, one fold: on either side of it the sheet is flat. ${held}`;
    return `${folds.length} ReLUs, ${folds.length} folds: the sheet's line is straight, and bends where it meets one. ${held}`;
  };

  const set = (k, fold) => {
    folds = folds.map((other, i) => (i === k ? fold : other));
    show();
  };
  const turned = (value, i) => set(chosen, folds[chosen].map((own, j) => (i === j ? value : own)));
  const sliders = [
    slider({ label: "Across", min: -0.9, max: 0.9, step: 0.01, value: 0, told: (value) => minus(value.toFixed(2)) }, (value) => turned(value, 0)),
    slider({ label: "Up", min: -0.9, max: 0.9, step: 0.01, value: 0, told: (value) => minus(value.toFixed(2)) }, (value) => turned(value, 1)),
    slider({ label: "Turn", min: 0, max: 359, value: 0, told: (value) => `${value}°` }, (value) => turned(value, 2)),
  ];
  const names = recorded.folds.map((_, k) => String(k + 1));
  const which = choice({ label: "Fold", options: names }, (name) => {
    chosen = Number(name) - 1;
    follows();
  });
  // The controls follow what the folds are.
  const follows = () => {
    sliders.forEach((control, i) => {
      control.element.hidden = !folds.length;
      if (folds.length) control.value = Math.round(folds[chosen][i] * 100) / 100;
    });
    which.element.hidden = folds.length < 2;
    [...which.element.querySelectorAll("label")].forEach((label, k) => (label.hidden = k >= folds.length));
    if (folds.length) which.value = String(chosen + 1);
    [more.disabled, less.disabled, learn.disabled] = [folds.length === names.length, !folds.length, !folds.length];
    show();
  };
  const now = (next) => {
    cancelAnimationFrame(running);
    folds = next;
    chosen = Math.max(Math.min(chosen, folds.length - 1), 0);
    follows();
  };
  const more = button("Add a ReLU", () => {
    chosen = folds.length;
    now([...folds, recorded.folds[folds.length]]);
  });
  const less = button("Take one away", () => now(folds.slice(0, -1)));
  const learn = button("Let them learn", () => {
    if (calm) return now(learned(SETS[sets.value], folds));
    const steps = learning(SETS[sets.value], folds);
    const go = () => {
      const { value, done } = steps.next();
      if (done) return;
      now(value);
      running = requestAnimationFrame(go);
    };
    go();
  });
  const sets = choice({ label: "Points", options: Object.keys(SETS) }, () => now(folds));
  controls.append(more, less, learn, sets.element, which.element, ...sliders.map((control) => control.element));

  let held;
  follow(plane, ([left, top], event) => {
    if (event.type === "pointerdown") {
      held = event.target.closest("[data-fold]")?.dataset;
      if (held) cancelAnimationFrame(running);
    }
    if (!held) return;
    chosen = Number(held.fold);
    const [across, up] = [EDGE * (2 * left - 1), EDGE * (1 - 2 * top)];
    const [x0, y0, degrees] = folds[chosen];
    const within = (value) => Math.min(Math.max(value, -0.9), 0.9);
    const turn = Math.round((Math.atan2(up - y0, across - x0) * 180) / Math.PI + 360) % 360;
    folds = folds.map((fold, k) => {
      if (k !== chosen) return fold;
      return held.what === "turn" ? [x0, y0, turn] : [within(across), within(up), degrees];
    });
    follows();
  });
  now([]);
}

// A ball on the loss along a gradient: it feels the slope under itself, and steps by the rate times that.

import { FIRST, GREY, SECOND, button, calm, change, drawn, follow, frame, minus, perFrame, slider } from "./frame.mjs";
import line from "./slope.json" with { type: "json" };

const [WIDTH, LEFT, RIGHT, BOTTOM] = [504, 24, 496, 230];
const [NEAR, FAR] = [-3, 12]; // the part of the line that is drawn
const HIGHEST = 6; // loss that is drawn
const GAP = (line.to - line.from) / (line.losses.length - 1);

// { loss, slope } at a place on the line. Between what was recorded, the cubic that has its losses and slopes.
export function at(place) {
  const whole = Math.min(Math.max((place - line.from) / GAP, 0), line.losses.length - 1.000001);
  const i = Math.floor(whole);
  const t = whole - i;
  const steep = -(line.losses[i + 1] - line.losses[i]); // over one gap
  const [a, b] = [i, i + 1].map((k) => line.slopes[k] * GAP * line.square);
  const [p, q] = [a + steep, -b - steep];
  const loss = (1 - t) * line.losses[i] + t * line.losses[i + 1] + t * (1 - t) * ((1 - t) * p + t * q);
  const slope = (1 - t) * line.slopes[i] + t * line.slopes[i + 1];
  return { loss, slope };
}

export const recorded = (place) => line.from <= place && place <= line.to;

// Where the next step leads.
export const next = (place, rate) => place - rate * at(place).slope;

const x = (place) => LEFT + ((RIGHT - LEFT) * (place - NEAR)) / (FAR - NEAR);
const y = (loss) => BOTTOM - (BOTTOM * loss) / HIGHEST;
const clamped = (number, low, high) => Math.min(Math.max(number, low), high);

export default function start(place) {
  const { stage, controls, say } = frame(place, {
    title: "How long a step?",
    todo: "Choose a rate and let the ball step, or drag it. It knows only the slope where it lies, the orange line.",
  });
  const points = line.losses.map((loss, i) => `${x(line.from + i * GAP)},${y(loss)}`).join(" ");
  const curve = drawn("polyline", { points, fill: "none", stroke: FIRST, "stroke-width": 2 });
  const tangent = drawn("line", { stroke: SECOND, "stroke-width": 2, "stroke-dasharray": "6 3" });
  const trail = drawn("polyline", { fill: "none", stroke: GREY, "stroke-dasharray": "2 3" });
  const past = drawn("g", { fill: GREY });
  const ball = drawn("circle", { r: 9, fill: "currentColor" });
  const clip = drawn("clipPath", { id: "slope-frame" }, drawn("rect", { x: LEFT, y: -10, width: RIGHT - LEFT, height: BOTTOM + 10 }));
  const axis = [0, 2, 4, 6].flatMap((loss) => [
    drawn("line", { x1: LEFT, x2: RIGHT, y1: y(loss), y2: y(loss), stroke: GREY, "stroke-opacity": 0.3 }),
    drawn("text", { x: LEFT - 8, y: y(loss) + 5, "text-anchor": "end" }, loss),
  ]);
  const ticks = [0, 3, 6, 9, 12].map((t) => drawn("text", { x: x(t), y: BOTTOM + 18, "text-anchor": "middle" }, t));
  const drawing = drawn("svg", { class: "slope-line", viewBox: `0 -12 ${WIDTH} ${BOTTOM + 34}`, "aria-hidden": "true" },
    clip, ...axis, ...ticks, drawn("g", { "clip-path": "url(#slope-frame)" }, curve, trail, past, tangent, ball));
  stage.append(drawing);

  let path = [0]; // the places it came to
  const show = perFrame(() => {
    const now = path.at(-1);
    const { loss, slope } = at(now);
    const rise = (y(slope * line.square) - y(0)) / (x(1) - x(0)); // of the drawn tangent
    const reach = 60 / Math.hypot(1, rise);
    const [cx, cy] = [x(now), y(loss)];
    change(tangent, { x1: cx - reach, y1: cy - reach * rise, x2: cx + reach, y2: cy + reach * rise });
    change(ball, { cx, cy });
    change(trail, { points: path.map((old) => `${x(old)},${y(at(old).loss)}`).join(" ") });
    past.replaceChildren(...path.slice(0, -1).map((old) => drawn("circle", { cx: x(old), cy: y(at(old).loss), r: 4 })));
    say(told(path, loss, rates.value));
    stepping.disabled = !recorded(next(now, rate()));
  });
  const rate = () => 10 ** rates.value;
  const move = (to) => {
    path = to;
    wheres.value = clamped(path.at(-1), NEAR, FAR);
    show();
  };
  const step = () => {
    const to = next(path.at(-1), rate());
    const can = recorded(to) && path.length <= 30;
    if (can) move([...path, to]);
    return can;
  };
  let playing;
  const stop = () => {
    clearInterval(playing);
    playing = undefined;
  };
  const written = (exponent) => `${Number((10 ** exponent).toPrecision(2))}`;
  const rates = slider({ label: "Rate", min: -1, max: 1.2, step: 0.05, value: -0.5, told: written }, () => {
    stop();
    move([path[0]]);
  });
  const wheres = slider({
    label: "Ball", min: NEAR, max: FAR, step: 0.1, value: 0, told: (at) => minus(at.toFixed(1)),
  }, (to) => {
    stop();
    path = [to];
    show();
  });
  const stepping = button("One step", () => {
    stop();
    step();
  });
  const twenty = button("Twenty steps", () => {
    stop();
    if (calm) for (let i = 0; i < 20 && step(); i++);
    else {
      let left = 20;
      playing = setInterval(() => {
        left -= 1;
        if (!step() || left === 0) stop();
      }, 250);
    }
  });
  controls.append(rates.element, wheres.element, stepping, twenty, button("Back to the start", () => {
    stop();
    move([0]);
  }));
  follow(drawing, ([share]) => {
    stop();
    move([clamped(NEAR + ((share * WIDTH - LEFT) * (FAR - NEAR)) / (RIGHT - LEFT), NEAR, FAR)]);
  });
  show();
}

function told(path, loss, exponent) {
  const steps = path.length - 1;
  const now = path.at(-1);
  const began = at(path[0]).loss;
  const best = Math.min(...path.map((place) => at(place).loss));
  const where = now < NEAR || now > FAR ? ", outside the picture" : "";
  const { slope } = at(now);
  const ahead = 10 ** exponent * Math.abs(slope);
  const onward = recorded(next(now, 10 ** exponent))
    ? `The next step would be ${ahead.toFixed(ahead < 0.1 ? 3 : 1)} to the ${slope < 0 ? "right" : "left"}.`
    : "The next step would leave what was recorded.";
  if (!steps) return `The loss here is ${loss.toFixed(2)}. ${onward}`;
  const change = loss > began ? "more than" : "down from";
  return `After ${steps} ${steps === 1 ? "step" : "steps"} the loss is ${loss.toFixed(2)}${where}, ${change} ` +
    `${began.toFixed(2)}; the lowest on the way was ${best.toFixed(2)}. ${onward}`;
}

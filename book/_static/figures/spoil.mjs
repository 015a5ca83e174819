// Turn, thicken, blur and move a digit, the reader's own if there is one: the bars follow, and under each slider stands
// what the network says at each of its places. As digitlib/book/spoiling.py spoils.

import { bars } from "./bars.mjs";
import { article, button, element, follow, frame, minus, paint, percent, perFrame, picture, slider } from "./frame.mjs";
import { answer } from "./network.mjs";
import { whose } from "./reader.mjs";

const SIDE = 28;
const MIDDLE = (SIDE - 1) / 2;
const NONE = { turn: 0, pen: 0, blur: 0, right: 0, down: 0 };
const WORK = 2; // milliseconds of a frame that go into what stands under the sliders
const PAUSE = 200; // milliseconds without a change after which those that don't move are looked at as well

const signed = (number) => (number > 0 ? `+${number}` : minus(`${number}`));
const pixels = (number) => `${signed(number)} px`;
const SLIDERS = {
  turn: { label: "Turn", min: -60, max: 60, step: 2, told: (degrees) => `${signed(degrees)}°` },
  pen: { label: "Pen", min: -1, max: 2, step: 0.1, told: pixels },
  blur: { label: "Blur", min: 0, max: 2, step: 0.1, told: (deviation) => `${deviation} px` },
  right: { label: "Right", min: -8, max: 8, step: 1, told: pixels },
  down: { label: "Down", min: -8, max: 8, step: 1, told: pixels },
};
const NAMES = Object.keys(SLIDERS);
// A slider's places; tenths are rounded, as the slider itself has them.
const placesOf = ({ min, max, step }) => (
  Array.from({ length: Math.round((max - min) / step) + 1 }, (_, i) => Math.round(10 * (min + i * step)) / 10)
);

const level = (values, x, y) => (x < 0 || y < 0 || x >= SIDE || y >= SIDE ? 0 : values[y * SIDE + x]);

// Each pixel from its place: asked(x, y).
function pixelwise(asked) {
  const made = new Float32Array(SIDE * SIDE);
  for (let y = 0, i = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++, i++) made[i] = asked(x, y);
  return made;
}

// The largest level of each pixel and its eight neighbours, or the smallest.
function spread(values, extreme) {
  const rows = pixelwise((x, y) => extreme(level(values, x - 1, y), level(values, x, y), level(values, x + 1, y)));
  return pixelwise((x, y) => extreme(level(rows, x, y - 1), level(rows, x, y), level(rows, x, y + 1)));
}

function penned(values, pen) {
  let from = values;
  for (let whole = 1; whole <= pen; whole++) from = spread(from, Math.max);
  const rest = Math.abs(pen % 1);
  if (!rest && pen > -1) return from;
  const to = spread(from, pen > 0 ? Math.max : Math.min);
  const share = pen > 0 ? rest : -pen;
  return from.map((value, i) => value + share * (to[i] - value));
}

function turned(values, degrees) {
  const [cos, sin] = [Math.cos, Math.sin].map((of) => of((-degrees * Math.PI) / 180));
  return pixelwise((column, row) => {
    const [x, y] = [column - MIDDLE, row - MIDDLE];
    const [fromX, fromY] = [cos * x - sin * y + MIDDLE, sin * x + cos * y + MIDDLE];
    const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
    const [right, low] = [fromX - left, fromY - top]; // shares of the neighbours
    return (1 - low) * ((1 - right) * level(values, left, top) + right * level(values, left + 1, top))
      + low * ((1 - right) * level(values, left, top + 1) + right * level(values, left + 1, top + 1));
  });
}

function blurred(values, deviation) {
  const reach = Math.floor(4 * deviation + 0.5);
  const bell = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)));
  const total = bell.reduce((sum, part) => sum + part, 0);
  const along = (from, dx, dy) => pixelwise((x, y) => (
    bell.reduce((sum, part, i) => sum + part * level(from, x + dx * (i - reach), y + dy * (i - reach)), 0) / total));
  return along(along(values, 0, 1), 1, 0);
}

// 784 levels, spoilt by so much of each.
export function spoilt(image, { turn, pen, blur, right, down }) {
  let values = Float32Array.from(image);
  if (pen) values = penned(values, pen);
  if (turn) values = turned(values, turn);
  if (blur) values = blurred(values, blur);
  return Uint8Array.from(pixelwise((x, y) => Math.round(level(values, x - right, y - down))));
}

const answerOf = (image) => answer(image.some(Boolean) ? image : null);
const wordOf = (label) => (label === null ? "no digit" : article(label));

// The first and the last place around one where the name is the same.
export function stretch(labels, at) {
  let [first, last] = [at, at];
  while (first > 0 && labels[first - 1] === labels[at]) first -= 1;
  while (last < labels.length - 1 && labels[last + 1] === labels[at]) last += 1;
  return [first, last];
}

// Under a slider, what is said at each of its places: { element, show(labels, usual) }.
function band() {
  const made = element("div", { class: "spoil-band", "aria-hidden": "true" });
  return {
    element: made,
    show(labels, usual) {
      const parts = [];
      for (let i = 0; i < labels.length; i = stretch(labels, i)[1] + 1) {
        const long = stretch(labels, i)[1] + 1 - i;
        const part = element("span", { class: labels[i] === usual ? "spoil-usual" : "spoil-other" }, `${labels[i] ?? "–"}`);
        part.style.flexGrow = long;
        parts.push(part);
      }
      made.replaceChildren(...parts);
    },
  };
}

export default function start(place) {
  const { stage, controls, say } = frame(place, {
    title: "When does it change its mind?",
    todo: "Turn, thicken and blur the digit, and drag it in its picture. Under each slider stands what the model says at " +
      "each of its places; a dash is “no digit”.",
  });
  const canvas = picture(new Uint8Array(SIDE * SIDE), "The spoilt digit");
  canvas.classList.add("spoil-picture");
  const shares = bars();
  stage.classList.add("spoil-stage");
  stage.append(canvas, shares.element);

  const state = { ...NONE };
  const known = {}; // of each slider: what is said at its places, where the others were then, and which was found when
  let [image, images, found, moved] = [null, 0, 0, "turn"];
  const key = (name) => [images, ...NAMES.map((other) => (other === name ? "" : state[other]))].join();

  const tell = (label, share) => {
    const { told, label: title } = SLIDERS[moved];
    const now = label === null ? "That is no digit, the model says." : `The model says ${label}, ${percent(share, 0)} sure.`;
    const { labels, of } = known[moved] ?? {};
    if (of !== key(moved)) return say(now);
    const places = placesOf(SLIDERS[moved]);
    const [first, last] = stretch(labels, places.indexOf(state[moved]));
    const ends = [first > 0 && `below ${told(places[first])} ${wordOf(labels[first - 1])}`,
      last < places.length - 1 && `above ${told(places[last])} ${wordOf(labels[last + 1])}`].filter(Boolean);
    say(`${now} “${title}”, with the others as they are: ${ends.length ? ends.join(", ") : "the same wherever it stands"}.`);
  };
  let [since, later] = [0, 0];
  const show = perFrame(() => {
    since = performance.now();
    const worse = spoilt(image, state);
    paint(canvas, worse);
    const { label, probabilities } = answerOf(worse);
    shares.show(probabilities);
    tell(label, probabilities[label]);
    for (const name of NAMES) parts[name].band.element.toggleAttribute("data-old", known[name]?.of !== key(name));
    look();
    clearTimeout(later);
    later = setTimeout(look, PAUSE);
  });

  // What is said at all places of all sliders is found piece by piece: first for the one that moves, and when nothing
  // does, for the one that has waited longest.
  let looking = false;
  async function look() {
    if (looking) return;
    looking = true;
    const still = () => performance.now() - since >= PAUSE;
    const wanting = () => NAMES.filter((name) => known[name]?.of !== key(name) && (name === moved || still()));
    const waited = (name) => (name === moved ? -1 : known[name]?.number ?? 0);
    let began = performance.now();
    for (let names = wanting(); names.length; names = wanting()) {
      const name = names.reduce((first, other) => (waited(other) < waited(first) ? other : first));
      const [of, from, base, labels] = [key(name), image, { ...state }, []];
      for (const value of placesOf(SLIDERS[name])) {
        if (performance.now() - began > WORK) {
          await new Promise(requestAnimationFrame);
          began = performance.now();
        }
        labels.push(answerOf(spoilt(from, { ...base, [name]: value })).label);
      }
      known[name] = { of, labels, number: (found += 1) };
      parts[name].band.show(labels, answerOf(from).label);
      parts[name].band.element.toggleAttribute("data-old", of !== key(name));
      if (name === moved) show();
    }
    looking = false;
  }

  const changed = (levels) => {
    [image, images] = [levels, images + 1];
    show();
  };
  const digit = whose(changed);
  const parts = Object.fromEntries(NAMES.map((name) => {
    const control = slider({ ...SLIDERS[name], value: 0 }, (value) => {
      state[name] = value;
      moved = name;
      show();
    });
    const under = band();
    control.element.append(under.element);
    return [name, { control, band: under }];
  }));
  const put = (values) => {
    Object.assign(state, values);
    for (const name of Object.keys(values)) parts[name].control.value = values[name];
    show();
  };
  let held; // where the pointer took hold
  follow(canvas, (at, { type }) => {
    if (type === "pointerdown") held = { at, right: state.right, down: state.down };
    const limited = (from, far) => Math.min(Math.max(from + Math.round(SIDE * far), SLIDERS.right.min), SLIDERS.right.max);
    moved = Math.abs(at[0] - held.at[0]) < Math.abs(at[1] - held.at[1]) ? "down" : "right";
    put({ right: limited(held.right, at[0] - held.at[0]), down: limited(held.down, at[1] - held.at[1]) });
  });
  controls.append(digit.element, ...NAMES.map((name) => parts[name].control.element), button("As it was", () => put(NONE)));
  changed(digit.image);
}

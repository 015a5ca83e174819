// What every figure has: a name, a word on what to do, a place to draw, controls for mouse, finger and keys, and a
// sentence that says what is seen, also to those who hear the page. Nothing moves by itself for who asked for calm.

export const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
export const FIRST = "#2b83c6";
export const SECOND = "#d1661b";
export const GREY = "#767676";
const READ = 100; // milliseconds for which a sentence stands at least

// An element with attributes and what is in it; a function as an attribute listens to the event of that name.
export function element(tag, attributes = {}, ...content) {
  return filled(document.createElement(tag), attributes, content);
}

// The same, of a drawing.
export function drawn(tag, attributes = {}, ...content) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, content);
}

function filled(made, attributes, content) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === false || value === undefined) made.removeAttribute(name);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...content);
  return made;
}

// Gives an element other attributes, and a text where it has one: what is the same isn't touched, and no node comes
// anew, so that as little as possible of a page is drawn again while a finger moves.
export function change(one, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (one.getAttribute(name) !== String(value)) one.setAttribute(name, value);
  }
}

export function write(one, text) {
  if (!one.firstChild) one.append(text);
  else if (one.firstChild.data !== String(text)) one.firstChild.data = text;
}

// Puts a figure in the place of its still picture. Gives { stage, controls, say }: where to draw, where controls go,
// and say(text), which shows the sentence as fast as one could read, and speaks it when nothing has changed for a while.
export function frame(place, { title, todo }) {
  const stage = element("div", { class: "live-stage" });
  const controls = element("div", { class: "live-controls" });
  const said = element("p", { class: "live-said", "aria-hidden": "true" });
  const spoken = element("p", { class: "live-spoken", role: "status" });
  place.replaceChildren(
    element("p", { class: "live-title" }, element("strong", {}, title), ` ${todo}`),
    stage, controls, said, spoken,
  );
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", title);
  let [latest, writing, speaking] = ["", 0, 0];
  const say = (text) => {
    latest = text;
    clearTimeout(speaking);
    speaking = setTimeout(() => (spoken.textContent = latest), 700);
    if (writing) return;
    write(said, latest);
    writing = setTimeout(() => {
      writing = 0;
      write(said, latest);
    }, READ);
  };
  return { stage, controls, say };
}

// A slider: { element, value }, with value to read and to set. told(value) is what it shows and says.
export function slider({ label, min, max, step = 1, value, told = String }, changed) {
  const output = element("output");
  const input = element("input", { type: "range", min, max, step, value, "aria-label": label });
  const show = () => {
    const value = told(input.valueAsNumber);
    write(output, value);
    change(input, { "aria-valuetext": value });
  };
  input.addEventListener("input", () => {
    show();
    changed(input.valueAsNumber);
  });
  show();
  return {
    element: element("label", { class: "live-slider" }, element("span", {}, label), input, output),
    get value() {
      return input.valueAsNumber;
    },
    set value(to) {
      input.value = to;
      show();
    },
  };
}

let groups = 0;

// Some names of which one is chosen: { element, value }.
export function choice({ label, options, value = options[0] }, changed) {
  const name = `live-choice-${(groups += 1)}`;
  const inputs = options.map((option) => (
    element("input", { type: "radio", name, value: option, checked: option === value, change: () => changed(option) })
  ));
  const labels = inputs.map((input, i) => element("label", {}, input, element("span", {}, options[i])));
  return {
    element: element("div", { class: "live-choice", role: "radiogroup", "aria-label": label },
      element("span", { "aria-hidden": "true" }, label), ...labels),
    get value() {
      return inputs.find(({ checked }) => checked).value;
    },
    set value(to) {
      inputs[options.indexOf(to)].checked = true;
    },
  };
}

export function button(text, pressed) {
  return element("button", { type: "button", class: "live-button", click: pressed }, text);
}

// Grey levels (0 to 255), row by row, as a picture; its size on the page is the style's.
export function picture(levels, label, side = Math.sqrt(levels.length)) {
  const canvas = element("canvas", { class: "live-picture", role: "img", "aria-label": label, width: side, height: side });
  paint(canvas, levels);
  return canvas;
}

// Paints other levels into it.
export function paint(canvas, levels) {
  painted(canvas, (data) => {
    for (let i = 0; i < levels.length; i++) {
      data[4 * i] = data[4 * i + 1] = data[4 * i + 2] = levels[i];
      data[4 * i + 3] = 255;
    }
  });
}

const SIGNED = [FIRST, SECOND].map((colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)));

// Paints numbers around zero: from nothing to FIRST where they are positive, to SECOND where negative.
export function paintSigned(canvas, numbers, largest = Math.max(...numbers.map(Math.abs), 1e-12)) {
  painted(canvas, (data) => {
    for (let i = 0; i < numbers.length; i++) {
      const colour = SIGNED[numbers[i] < 0 ? 1 : 0];
      for (let part = 0; part < 3; part++) data[4 * i + part] = colour[part];
      data[4 * i + 3] = Math.round(255 * Math.min(Math.abs(numbers[i]) / largest, 1));
    }
  });
}

function painted(canvas, fill) {
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  fill(pixels.data);
  context.putImageData(pixels, 0, 0);
}

// Follows a pointer that is pressed on an element, or moved over it where hover is wanted: moved([x, y], event), in
// shares of its width and height, from 0 to 1.
export function follow(target, moved, { hover = false } = {}) {
  const tell = (event) => {
    const { left, top, width, height } = target.getBoundingClientRect();
    const within = (share) => Math.min(Math.max(share, 0), 1);
    moved([within((event.clientX - left) / width), within((event.clientY - top) / height)], event);
  };
  target.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    target.setPointerCapture(event.pointerId);
    tell(event);
  });
  target.addEventListener("pointermove", (event) => {
    if (target.hasPointerCapture(event.pointerId) || (hover && event.pointerType === "mouse")) tell(event);
  });
}

// Runs an action at most once in each frame of the screen, with what it was last asked with.
export function perFrame(action) {
  let asked;
  return (...given) => {
    if (!asked) requestAnimationFrame(() => {
      const latest = asked;
      asked = undefined;
      action(...latest);
    });
    asked = given;
  };
}

// "98.6 %", as the book writes it.
export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}\u00a0%`;

// "a 4", "an 8".
export const article = (label) => `${label === 8 ? "an" : "a"} ${label}`;

// A number with a sign that is as wide as a plus.
export const minus = (text) => text.replace("-", "\u2212");

// Wilson's interval of a share, as digitlib/accuracy.py has it: [low, high].
export function wilson(right, count, z = 1.959963984540054) {
  const share = right / count;
  const middle = (share + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const reach = (z / (1 + (z * z) / count)) * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  return [Math.max(middle - reach, 0), Math.min(middle + reach, 1)];
}

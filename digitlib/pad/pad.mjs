// The drawing pad: a sheet to draw on, and a bar for each class that moves while one draws.
//
// One ES module in anywidget's form, export default { render({ model, el }) }, for any host. It reads
//   model.get("weights")   the bytes of a weights file: ArrayBuffer, typed array, DataView or base64
// or, where a server predicts instead,
//   model.get("classify")     async ({ levels, png }) => ({ label, name, reason, probabilities }), where levels are as
//                             "drawing" below, and await png() is the data: address of a PNG of them; the name may be
//                             left out
//   model.get("classes")      the names of what it tells apart; without them, the ten digits
//   model.get("preparation")  how it prepares drawings, "digit" or "picture"; without it, "digit"
// and sets, where the model has set(),
//   "drawing"     the 280 x 280 grey levels, base64, at most ten times a second
//   "prediction"  { label, name, reason, probabilities }; label and name are null for a reason: "blank", and
//                 "not a digit" or, where the classes aren't the ten digits, "none of these"
// A label counts the classes from 0. Their names are text of any length and script.
//
// Or, in any page, mount(place, address): the pad with the weights at an address, which is all that it asks for.
// What is drawn stays in the browser unless the host takes it. No level is read from a canvas, where some browsers add
// noise: they are computed from the strokes, and a canvas shows them.

performance.mark("pad-start");

const SHEET = 280; // pixels on each side of what is drawn on
const PEN = 22; // a tenth of a digit's height, as in MNIST
const SIDE = 28; // and of what the model sees
const BOX = 20;
const FAINT = 8; // fainter levels are nothing, as where a PNG of the sheet is read back (digitlib/hosts/limits.py)
const STEPS = 28; // of the grid on which keys move
const ROWS = 12; // of bars; more stand side by side
const PATIENCE = 5000; // milliseconds for a server's answer
const PALM = 1000; // milliseconds after a pen was near, in which a touch is the hand that holds it
const LARGEST = Math.fround(1e38); // every number of a weights file is smaller
const COLDEST = 1e-3; // and its temperature above this: by less, scores become infinite
const DIGITS = [..."0123456789"];
const PREPARATIONS = ["digit", "picture"];

const areDigits = (classes) =>
  classes.length === DIGITS.length && DIGITS.every((name, i) => name === classes[i]);

const blank = (classes) => (
  { label: null, name: null, reason: "blank", probabilities: classes.map(() => 0), doubt: null }
);

// ---------------------------------------------------------------- preprocessing
// A port of digitlib/preprocess.py, whose docstring is the contract: whole numbers below 2**53, so that both
// languages give the same image to the last grey level. An image is { levels, width, height }, row by row.

const PLACEMENTS = {
  mass: (ink) => centreByMass(fit(ink)),
  box: (ink) => centreBox(fit(ink)),
  plain: (_ink, sheet) => resample(sheet, SIDE, SIDE).levels, // "picture" in Python, for a square sheet
};

// Grey levels, bright ink on dark, become 784 levels; null where there is no ink.
export function preprocess(grey, width, height, placement = "mass") {
  if (grey.length !== width * height) {
    throw new RangeError(`expected ${width} x ${height} grey levels, got ${grey.length}`);
  }
  const sheet = { levels: grey, width, height };
  const ink = crop(sheet);
  const image = ink && PLACEMENTS[placement](ink, sheet);
  return image?.some(Boolean) ? image : null;
}

export function crop({ levels, width, height }) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (levels[i] === 0) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (right < 0) return null;
  const ink = { width: right + 1 - left, height: bottom + 1 - top };
  ink.levels = new Uint8Array(ink.width * ink.height);
  for (let y = 0; y < ink.height; y++) {
    const start = (top + y) * width + left;
    ink.levels.set(levels.subarray(start, start + ink.width), y * ink.width);
  }
  return ink;
}

export function fit(ink, box = BOX) {
  const long = Math.max(ink.width, ink.height);
  const scaled = (side) => Math.max(1, Math.floor((2 * side * box + long) / (2 * long)));
  return resample(ink, scaled(ink.width), scaled(ink.height));
}

// Area averaging, rows first: a level is the mean of what lies under it, halves up.
function resample({ levels, width, height }, columns, rows) {
  const [across, down] = [overlaps(columns, width), overlaps(rows, height)];
  const image = { levels: new Uint8Array(columns * rows), width: columns, height: rows };
  const sums = new Float64Array(width);
  const area = width * height;
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (const [y, share] of down[row]) {
      for (let x = 0, i = y * width; x < width; x++, i++) sums[x] += share * levels[i];
    }
    for (let column = 0; column < columns; column++) {
      let total = 0;
      for (const [x, share] of across[column]) total += share * sums[x];
      image.levels[row * columns + column] = Math.floor((2 * total + area) / (2 * area));
    }
  }
  return image;
}

// For each of the outputs the inputs under it, and how far, in units of 1 / (outputs * inputs) of the line.
function overlaps(outputs, inputs) {
  return Array.from({ length: outputs }, (_, output) => {
    const under = [];
    for (let input = Math.floor((output * inputs) / outputs); input * outputs < (output + 1) * inputs; input++) {
      const end = Math.min((output + 1) * inputs, (input + 1) * outputs);
      under.push([input, end - Math.max(output * inputs, input * outputs)]);
    }
    return under;
  });
}

export function centreByMass({ levels, width, height }) {
  const [columns, rows] = [new Float64Array(width), new Float64Array(height)];
  levels.forEach((level, i) => {
    columns[i % width] += level;
    rows[Math.floor(i / width)] += level;
  });
  return onField({ levels, width, height }, massOffset(columns), massOffset(rows));
}

export function centreBox(ink) {
  return onField(ink, Math.floor((SIDE - ink.width) / 2), Math.floor((SIDE - ink.height) / 2));
}

// Where a line of masses starts so that its centre of mass is nearest to pixel 14, halves up.
function massOffset(mass) {
  const total = mass.reduce((sum, part) => sum + part, 0);
  const moment = mass.reduce((sum, part, i) => sum + part * i, 0);
  const start = Math.floor((SIDE * total - 2 * moment + total) / (2 * total)) || 0; // no mass: NaN
  return Math.min(Math.max(start, 0), SIDE - mass.length);
}

function onField({ levels, width, height }, left, top) {
  const field = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < height; y++) field.set(levels.subarray(y * width, (y + 1) * width), (top + y) * SIDE + left);
  return field;
}

// ---------------------------------------------------------------- the network

// A weights file (safetensors) as { layers, provenance, calibration, classes, preparation }; see digitlib/weights.py,
// which refuses the same files.
export function readWeights(source) {
  try {
    const { notes, arrays, read } = openSafetensors(asBytes(source));
    const count = Object.keys(arrays).filter((name) => name.endsWith(".weight")).length;
    const layers = Array.from({ length: count }, (_, i) => dequantise(i, arrays, read));
    const said = readMetadata(notes);
    checkLayers(layers, said.classes.length);
    return { layers, ...said };
  } catch (error) {
    throw new Error(`expected a digitlib weights file: ${error.message.replace(/\s+/g, " ")}`);
  }
}

function asBytes(source) {
  if (typeof source === "string") return Uint8Array.from(atob(source), (letter) => letter.charCodeAt(0));
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  throw new Error(`got ${source === null ? "null" : typeof source} in place of its bytes`);
}

// Eight bytes of length, a JSON header, and raw arrays one after another to the end. read() copies one out, since in
// the file it may lie unaligned.
function openSafetensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes.length < 8 ? Infinity : 8 + Number(view.getBigUint64(0, true));
  const brief = `it is cut short or something else, at ${bytes.length} bytes`;
  if (start > bytes.length) throw new Error(brief);
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, start));
  const { __metadata__, ...arrays } = JSON.parse(text);
  const notes = __metadata__ ?? {};
  if (!isObject(notes) || !Object.values(notes).every((note) => typeof note === "string")) {
    throw new Error("expected texts in its metadata");
  }
  const places = Object.values(arrays).map((array) => array.data_offsets).sort(([a, b], [c, d]) => a - c || b - d);
  const end = places.reduce((last, [from, to]) => (from === last && to >= from ? to : NaN), 0);
  if (start + end !== bytes.length) throw new Error(brief);
  const read = ({ data_offsets: [from, to] }, Type) => new Type(bytes.slice(start + from, start + to).buffer);
  return { notes, arrays, read };
}

function fromJson(name, text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`expected ${name} as JSON, got ${text.slice(0, 40)}`);
  }
}

const isCalibration = (value) => isObject(value)
  && (value.temperature === undefined || (isBounded(value.temperature) && value.temperature > COLDEST))
  && (value.threshold === undefined || isBounded(value.threshold));

// The four JSON texts beside the numbers. A file that names no classes is of the ten digits.
function readMetadata(notes) {
  const usual = { provenance: {}, calibration: {}, classes: DIGITS, preparation: "digit" };
  const said = Object.fromEntries(Object.entries(usual).map(([name, value]) => (
    [name, notes[name] === undefined ? value : fromJson(name, notes[name])]
  )));
  const checks = {
    provenance: [isObject, "a JSON object"],
    calibration: [isCalibration, "a JSON object, its temperature above 0.001 and its threshold a number, below 1e+38"],
    classes: [areNames, "two or more distinct names"],
    preparation: [(value) => PREPARATIONS.includes(value), PREPARATIONS.join(" or ")],
  };
  for (const [name, [isRight, expected]] of Object.entries(checks)) {
    if (isRight(said[name])) continue;
    throw new Error(`expected ${name}, ${expected}, got ${JSON.stringify(said[name]).slice(0, 60)}`);
  }
  return said;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

const isBounded = (value) => Number.isFinite(value) && Math.abs(value) < LARGEST;

function areNames(value) {
  if (!Array.isArray(value) || value.length < 2 || new Set(value).size < value.length) return false;
  // Something besides spaces, which are Python's here: it counts a few more, and not the last.
  return value.every((name) => typeof name === "string" && /[^\s\x1c-\x1f\x85]|\ufeff/.test(name));
}

// Float32 weights, input by input, so that an input of zero is skipped whole.
function dequantise(i, arrays, read) {
  const parts = ["weight", "scale", "bias"].map((part) => arrays[`${i}.${part}`]);
  const [outputs, inputs] = parts[0]?.shape ?? [];
  const shapes = [[outputs, inputs], [outputs], [outputs]];
  const told = (part) => (part ? `${part.dtype} (${part.shape})` : "nothing");
  const right = parts.every((part, k) => told(part) === `${["I8", "F32", "F32"][k]} (${shapes[k]})`);
  if (!right) {
    throw new Error(`layer ${i}: expected I8 (out,in), F32 (out) and F32 (out), got ${parts.map(told).join(", ")}`);
  }
  const [numbers, scale, bias] = parts.map((part, k) => read(part, k ? Float32Array : Int8Array));
  const lengths = [outputs * inputs, outputs, outputs];
  if ([numbers, scale, bias].some(({ length }, k) => length !== lengths[k])) throw new Error(`layer ${i}: cut short`);
  const weight = new Float32Array(numbers.length);
  for (let output = 0, k = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++, k++) weight[input * outputs + output] = scale[output] * numbers[k];
  }
  return { weight, bias, inputs, outputs };
}

// A last layer of one output more than there are classes can say "none of these".
function checkLayers(layers, classes) {
  const widths = [SIDE * SIDE, ...layers.map(({ outputs }) => outputs)];
  layers.forEach(({ inputs, weight, bias }, i) => {
    if (inputs !== widths[i]) throw new Error(`layer ${i} has ${inputs} inputs, not ${widths[i]}`);
    if (![weight, bias].every((part) => part.every(isBounded))) {
      throw new Error(`layer ${i}: expected finite numbers, below 1e+38`);
    }
  });
  if (!layers.length) throw new Error("it holds no layers");
  if (![classes, classes + 1].includes(widths.at(-1))) {
    throw new Error(`its last layer has ${widths.at(-1)} outputs for ${classes} classes`);
  }
}

// Scores of an image of 784 levels. The ReLU between layers is the skipping of what isn't positive.
function scores({ layers }, image) {
  let values = Float32Array.from(image, (level) => level / 255);
  for (const { weight, bias, outputs } of layers) {
    const sums = Float64Array.from(bias);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value <= 0) continue;
      for (let j = 0; j < outputs; j++) sums[j] += value * weight[i * outputs + j];
    }
    values = sums;
  }
  return values;
}

// { label, name, reason, probabilities, doubt } of what preprocess() gave. doubt is the log odds of "none of these",
// null for weights that can't say it.
export function classify(network, image) {
  const { classes, calibration: { temperature = 1, threshold } } = network;
  if (!image) return blank(classes);
  const all = scores(network, image);
  const ofClasses = all.subarray(0, classes.length);
  const doubt = all.length > classes.length ? all[classes.length] - logSumExp(ofClasses) : null;
  const scaled = ofClasses.map((score) => score / temperature);
  const total = logSumExp(scaled);
  const probabilities = Array.from(scaled, (score) => Math.exp(score - total));
  if (doubt !== null && typeof threshold === "number" && doubt > threshold) {
    const reason = areDigits(classes) ? "not a digit" : "none of these";
    return { label: null, name: null, reason, probabilities, doubt };
  }
  const label = probabilities.indexOf(Math.max(...probabilities));
  return { label, name: classes[label], reason: null, probabilities, doubt };
}

function logSumExp(values) {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

// ---------------------------------------------------------------- files

// Drawings [{ image, label }] as the two files of MNIST's IDX format.
export function toIdx(drawings) {
  const images = idx([drawings.length, SIDE, SIDE]);
  const labels = idx([drawings.length]);
  drawings.forEach(({ image, label }, i) => {
    images.set(image, 16 + i * SIDE * SIDE);
    labels[8 + i] = label;
  });
  return { images, labels };
}

// A header, big-endian, 8 for bytes and the number of dimensions, with room for what follows.
function idx(shape) {
  const bytes = new Uint8Array(4 + 4 * shape.length + shape.reduce((a, b) => a * b, 1));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  shape.forEach((size, i) => view.setUint32(4 + 4 * i, size));
  return bytes;
}

function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function toBase64(bytes) {
  let letters = "";
  for (let i = 0; i < bytes.length; i += 8192) letters += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(letters);
}

// Grey levels of a square as a PNG's bytes.
async function toPng(levels, side) {
  const rows = new Uint8Array(side * (side + 1)); // each begins with its filter, 0 for none
  for (let y = 0; y < side; y++) rows.set(levels.subarray(y * side, (y + 1) * side), y * (side + 1) + 1);
  const packed = new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate")));
  const content = new Uint8Array(await packed.arrayBuffer());
  const header = [...bigEndian(side), ...bigEndian(side), 8, 0, 0, 0, 0]; // eight bits of grey, nothing unusual
  const chunks = [chunk("IHDR", header), chunk("IDAT", content), chunk("IEND", [])];
  return Uint8Array.from([0x89, ...codes("PNG\r\n\x1a\n"), ...chunks.flat()]);
}

// Length, name, content, and the CRC-32 of the two.
function chunk(name, content) {
  const bytes = [...codes(name), ...content];
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return [...bigEndian(content.length), ...bytes, ...bigEndian(~sum)];
}

const codes = (text) => Array.from(text, (letter) => letter.charCodeAt(0));

const bigEndian = (number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255);

// ---------------------------------------------------------------- the sheet

// Strokes, white on black, kept as points so that each can be taken back. What is drawn are their 280 x 280 grey
// levels; a canvas shows them.
class Sheet {
  pen = PEN;
  strokes = [];
  current = null; // the stroke under way
  number = 0; // counts the emptyings: an answer about an earlier sheet comes too late
  levels = new Uint8Array(SHEET * SHEET);
  #context;
  #pixels;

  constructor(canvas) {
    this.#context = canvas.getContext("2d", { willReadFrequently: true }); // in memory, where single pixels are put
    this.#pixels = this.#context.createImageData(SHEET, SHEET);
    this.#repaint();
  }

  begin(point) {
    this.current = { pen: this.pen, points: [point] };
    this.strokes.push(this.current);
    this.#show(paint(this.levels, this.pen, point, point)); // a tap is a dot
  }

  extend(point) {
    const { pen, points } = this.current;
    this.#show(paint(this.levels, pen, points.at(-1), point));
    points.push(point);
  }

  end() {
    this.current = null;
  }

  undo() {
    this.end();
    this.strokes.pop();
    if (!this.strokes.length) this.number += 1;
    this.#repaint();
  }

  clear() {
    this.end();
    this.strokes = [];
    this.number += 1;
    this.#repaint();
  }

  #repaint() {
    this.levels.fill(0);
    for (const { pen, points } of this.strokes) {
      points.forEach((point, i) => paint(this.levels, pen, points[Math.max(i - 1, 0)], point));
    }
    this.#show([0, 0, SHEET, SHEET]);
  }

  #show([left, top, right, bottom]) {
    const { data } = this.#pixels;
    for (let y = top; y < bottom; y++) {
      for (let i = y * SHEET + left, end = y * SHEET + right; i < end; i++) {
        data[4 * i] = data[4 * i + 1] = data[4 * i + 2] = this.levels[i];
        data[4 * i + 3] = 255;
      }
    }
    this.#context.putImageData(this.#pixels, 0, 0, left, top, right - left, bottom - top);
  }
}

// Paints a line with round ends into a sheet's levels, and gives the box [left, top, right, bottom] that it lies in. A
// pixel is covered as far as its centre lies inside the edge, from half a pixel outside to half a pixel inside.
function paint(levels, pen, from, to) {
  const reach = pen / 2 + 0.5;
  const within = (place) => Math.min(Math.max(Math.round(place), 0), SHEET);
  const [left, top] = [0, 1].map((axis) => within(Math.min(from[axis], to[axis]) - reach));
  const [right, bottom] = [0, 1].map((axis) => within(Math.max(from[axis], to[axis]) + reach));
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const square = dx * dx + dy * dy || 1; // a dot has no length
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const [across, down] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      const share = Math.min(Math.max((across * dx + down * dy) / square, 0), 1); // of the line, up to what is nearest
      const inside = reach - Math.sqrt((across - share * dx) ** 2 + (down - share * dy) ** 2);
      const level = Math.round(255 * Math.min(inside, 1));
      if (level >= FAINT && level > levels[y * SHEET + x]) levels[y * SHEET + x] = level;
    }
  }
  return [left, top, right, bottom];
}

// Tells how to find events on the sheet, which is scaled and may lie in a page that is turned or mirrored: of three of
// its corners it asks where they are shown.
function corners(board) {
  board.style.position = "relative";
  const marks = [["left", "top"], ["right", "top"], ["left", "bottom"]].map(([side, end]) => {
    const mark = document.createElement("span");
    Object.assign(mark.style, { position: "absolute", [side]: "0", [end]: "0" });
    return mark;
  });
  board.append(...marks);
  return () => {
    const [origin, ...ends] = marks.map((mark) => mark.getBoundingClientRect());
    const [[a, b], [c, d]] = ends.map((end) => [end.left - origin.left, end.top - origin.top]);
    return ({ clientX, clientY }) => {
      const [x, y] = [clientX - origin.left, clientY - origin.top];
      return [d * x - c * y, a * y - b * x].map((part) => (part * SHEET) / (a * d - b * c));
    };
  };
}

// Strokes follow the pointer. A pen wins over a hand that rests beside it: what that drew goes, and while the pen is
// near or was a moment ago, no touch draws. A touch that the browser takes for another gesture, as for two fingers that
// scroll, leaves nothing either.
function drawWithPointer(canvas, sheet, { started, changed }) {
  const find = corners(canvas.parentElement);
  let held = null; // the event that began the stroke
  let near = -Infinity; // when a pen was seen last
  const see = ({ pointerType }) => (near = pointerType === "pen" ? performance.now() : near);
  const drop = () => (sheet.current ? sheet.undo() : null);
  const end = (event) => {
    see(event);
    if (event.pointerId !== held?.pointerId) return;
    if (event.type === "pointercancel" && held.pointerType === "touch") drop();
    held = null;
    sheet.end();
    changed();
  };
  canvas.addEventListener("pointerdown", (event) => {
    see(event);
    const { pointerId, pointerType, button } = event;
    const rests = pointerType === "touch" && performance.now() < near + PALM;
    const wins = pointerType === "pen" && held?.pointerType === "touch";
    if (button !== 0 || rests || (held && held.pointerId !== pointerId && !wins)) return; // one pointer draws
    if (wins) drop();
    held = event;
    started();
    sheet.begin(find()(event));
    changed();
    canvas.setPointerCapture(pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    see(event);
    if (event.pointerId !== held?.pointerId || !sheet.current) return;
    if (!event.buttons) return end(event);
    const parts = event.getCoalescedEvents?.() ?? [];
    const place = find();
    for (const part of parts.length ? parts : [event]) sheet.extend(place(part));
    changed();
  });
  // A stroke ends where the pen is lifted. A browser may take the capture or the focus away before that, when a window
  // opens for instance; the hand draws on.
  for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, end);
  // Where text around the sheet is selected, the browser would drag that along and take the pen away.
  canvas.addEventListener("dragstart", (event) => event.preventDefault());
}

const MOVES = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  Home: [-1, -1], End: [-1, 1], PageUp: [1, -1], PageDown: [1, 1], // slantwise, as on a number pad
};

// A cursor on a grid of 28 x 28 that keys move, with the pen up or down.
function drawWithKeys(canvas, cursor, sheet, { started, changed, undo, clear, say }) {
  let at = [STEPS / 2, STEPS / 4];
  let stroke = null; // the last one that keys began
  const place = () => at.map((step) => ((step + 0.5) * SHEET) / STEPS);
  const show = () => {
    const down = Boolean(sheet.current);
    cursor.hidden = false;
    cursor.toggleAttribute("data-down", down);
    [cursor.style.left, cursor.style.top] = place().map((x) => `${(100 * x) / SHEET}%`);
    cursor.style.width = `${(100 * sheet.pen) / SHEET}%`;
    say(`Pen ${down ? "down" : "up"}, row ${at[1] + 1}, column ${at[0] + 1}`);
  };
  const move = ([right, down], far) => {
    at = [right, down].map((step, i) => Math.min(Math.max(at[i] + step * (far ? 4 : 1), 0), STEPS - 1));
    if (!sheet.current) return;
    sheet.extend(place());
    changed();
  };
  const lift = () => {
    sheet.end();
    changed();
  };
  const toggle = () => {
    if (sheet.current) return lift();
    started();
    sheet.begin(place());
    stroke = sheet.current;
    changed();
  };
  const actions = { " ": toggle, Escape: lift, Backspace: undo, Delete: clear };
  canvas.addEventListener("keydown", (event) => {
    const back = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey);
    if (!back && (event.ctrlKey || event.metaKey || event.altKey)) return;
    const step = MOVES[event.key];
    const action = back ? undo : step ? () => move(step, event.shiftKey) : actions[event.key];
    if (!action) return;
    event.preventDefault();
    if (event.repeat && !step) return;
    action();
    show();
  });
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && show());
  for (const leave of ["blur", "pointerdown"]) {
    canvas.addEventListener(leave, () => {
      cursor.hidden = true;
      if (sheet.current === stroke) sheet.end();
    });
  }
}

// ---------------------------------------------------------------- drawings of our own, on a square of 100 by 100

const SAMPLES = {
  2: [[[28, 32], [34, 18], [50, 12], [66, 20], [67, 36], [54, 56], [36, 76], [26, 88], [50, 84], [76, 87]]],
  7: [[[25, 16], [50, 14], [75, 15], [64, 38], [52, 62], [44, 88]], [[38, 52], [68, 50]]],
  "a small 5": [[[22, 61], [20, 74], [29, 72], [36, 78], [33, 88], [24, 91], [17, 88]], [[22, 61], [36, 60]]],
  "a scribble": [
    [[14, 40], [34, 16], [30, 70], [52, 20], [50, 82], [70, 24], [66, 74], [86, 34], [44, 60], [18, 82], [80, 88]],
  ],
};

// A smooth curve through points (Catmull-Rom), six pieces from one to the next, at the sheet's scale.
function smooth(points) {
  const at = (i) => points[Math.min(Math.max(i, 0), points.length - 1)];
  const curve = (a, b, c, d, t) => b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  const path = [points[0]];
  for (let i = 0; i < points.length - 1; i++) {
    for (let t = 1; t <= 6; t++) {
      path.push([0, 1].map((axis) => curve(at(i - 1)[axis], at(i)[axis], at(i + 1)[axis], at(i + 2)[axis], t / 6)));
    }
  }
  return path.map((point) => point.map((x) => (x * SHEET) / 100));
}

// Draws strokes as a hand would, or at once where the reader wants no motion; stops when going() is false.
async function play(sheet, strokes, changed, going) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const points of strokes) {
    const [first, ...rest] = smooth(points);
    sheet.begin(first);
    for (const point of rest) {
      if (!still) await new Promise(requestAnimationFrame);
      if (!going() || !sheet.current) return;
      sheet.extend(point);
      changed();
    }
    sheet.end();
  }
}

// ---------------------------------------------------------------- when to ask, when to tell

// Wraps a question so that only one is under way, and a change meanwhile is asked about when it is done. A question
// that failed is asked again by itself, a few times, a second later.
function latestOnly(question, show, fail, repeats) {
  let [underWay, changed, stopped] = [false, false, false];
  async function ask() {
    changed = true;
    if (underWay) return;
    underWay = true;
    for (let failures = 0; changed && !stopped; ) {
      changed = false;
      try {
        const answer = await question();
        if (stopped) break;
        show(answer);
        failures = 0;
      } catch (error) {
        if (stopped) break;
        failures += 1;
        changed ||= failures <= repeats;
        fail(error, changed);
        if (changed) await later(1000);
      }
    }
    underWay = false;
  }
  return Object.assign(ask, { stop: () => (stopped = true) });
}

const later = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// The promise, or an error where it takes too long: an answer that was lost on its way would be waited for in vain.
function inTime(promise, milliseconds) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`no answer in ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function oncePerFrame(action) {
  let frame = null;
  const run = () => {
    frame = null;
    action();
  };
  return Object.assign(() => (frame ??= requestAnimationFrame(run)), { stop: () => cancelAnimationFrame(frame) });
}

// Runs the action now or when the wait since the last run is over; the last call is never lost.
function atMostEvery(milliseconds, action) {
  let [timer, last] = [null, -Infinity];
  const run = () => {
    [timer, last] = [null, performance.now()];
    action();
  };
  const call = () => (timer ??= setTimeout(run, Math.max(0, last + milliseconds - performance.now())));
  return Object.assign(call, { stop: () => clearTimeout(timer) });
}

// Tells a screen reader what was last said, when nothing more has come for a while.
function speaker(region, wait = 700) {
  let timer = null;
  const parts = { where: "", what: "" };
  const say = (part, text) => {
    parts[part] = text;
    clearTimeout(timer);
    timer = setTimeout(() => {
      region.textContent = [parts.where, parts.what].filter(Boolean).join(". ");
      parts.where = "";
    }, wait);
  };
  return { say, stop: () => clearTimeout(timer) };
}

// ---------------------------------------------------------------- words

// What the pad says where it knows the ten digits, and where it knows anything else.
const OF_DIGITS = {
  invitation: "Draw a digit",
  here: "Draw a digit here",
  refusal: "Not a digit, I think",
  naming: (name) => `This is a ${name}`,
  collected: "This is a",
  choose: "Choose which digit it is first.",
  last: (name) => `the last is a ${name}`,
};
const OF_OTHERS = {
  invitation: "Draw something",
  here: "Draw here",
  refusal: "None of these, I think",
  naming: (name) => name, // no article fits "cat", "T-shirt/top" and "ä"
  collected: "This is",
  choose: "Choose what it is first.",
  last: (name) => `the last: ${name}`,
};

const wordsFor = (classes) => (areDigits(classes) ? OF_DIGITS : OF_OTHERS);

function sentence({ label, name, reason }, words) {
  if (label !== null) return words.naming(name);
  return reason === "blank" ? words.invitation : words.refusal;
}

// ---------------------------------------------------------------- the pad

const HELP = `Draw with mouse, finger or pen. With keys: arrows move the pen, Shift moves it further, Home, End,
  Page Up and Page Down move it slantwise; Space puts it down and lifts it; Backspace takes back the last stroke,
  Delete clears.`;

const button = (name, text) => `<button class="pad-button ${name}" type="button">${text}</button>`;

const radio = (id, value, text, checked = "") =>
  `<label><input type="radio" name="${id}-placement" value="${value}" ${checked}> ${text}</label>`;

// What doesn't depend on the classes; dress() adds the rest.
const markup = (id) => `
  <div class="pad-board">
    <div class="pad-sheet">
      <canvas class="pad-canvas" width="${SHEET}" height="${SHEET}" tabindex="0" role="application"
        aria-label="Drawing area" aria-describedby="${id}-help"></canvas>
      <span class="pad-invite" aria-hidden="true"></span>
      <span class="pad-cursor" hidden></span>
    </div>
    <p class="pad-help" id="${id}-help">${HELP}</p>
    <div class="pad-tools">
      ${button("pad-undo", "Undo")}
      ${button("pad-clear", "Clear")}
      <label class="pad-pen">Pen <input type="range" min="8" max="48" value="${PEN}"></label>
    </div>
  </div>
  <div class="pad-answer">
    <div class="pad-verdict">
      <p class="pad-guess"></p>
      <figure class="pad-seen">
        <canvas width="${SIDE}" height="${SIDE}" role="img" aria-label="28 by 28 pixels"></canvas>
        <figcaption>what the model sees</figcaption>
      </figure>
    </div>
    <ol class="pad-bars" aria-label="Probabilities"></ol>
  </div>
  <div class="pad-samples" role="group" aria-labelledby="${id}-try">
    <span id="${id}-try">Try</span>
    ${Object.keys(SAMPLES).map((name) => button("pad-sample", name)).join("")}
  </div>
  <details class="pad-more">
    <summary>More</summary>
    <div class="pad-extras">
      <fieldset class="pad-placement">
        <legend>How the drawing becomes 28&nbsp;×&nbsp;28</legend>
        ${radio(id, "mass", "as MNIST was made: fitted, centred by mass", "checked")}
        ${radio(id, "box", "bounding box centred")}
        ${radio(id, "plain", "plain resizing")}
      </fieldset>
      <fieldset class="pad-collect">
        <legend>Collect drawings in MNIST's format</legend>
        <label><span class="pad-collected"></span> <select class="pad-label" translate="no"></select></label>
        ${button("pad-keep", "Keep")}
        ${button("pad-drop", "Drop last")}
        ${button("pad-export", "Export")}
        <output class="pad-count">Nothing kept yet. What you keep stays in this page until you export it.</output>
      </fieldset>
      ${button("pad-save", "Save as PNG")}
    </div>
  </details>
  <p class="pad-spoken" role="status"></p>`;

const BAR = `
  <span class="pad-name" dir="auto" translate="no"></span>
  <span class="pad-track"><span class="pad-fill"></span></span>
  <span class="pad-percent"></span>`;

// Puts what the classes' names say into the pad. A name is text: what looks like HTML in it is shown as it is.
function dress(root, classes) {
  const part = (name) => root.querySelector(`.pad-${name}`);
  const digits = areDigits(classes);
  part("bars").replaceChildren(...classes.map(bar));
  part("bars").classList.toggle("pad-many", classes.length > ROWS);
  part("bars").style.setProperty("--pad-tile", `${Math.max(...classes.map(widthOf)) + 6}ch`);
  part("label").replaceChildren(new Option("…", ""), ...classes.map((name, i) => new Option(name, i)));
  part("invite").textContent = wordsFor(classes).here;
  part("collected").textContent = wordsFor(classes).collected;
  part("collect").hidden = classes.length > 256; // a label of the exported file is one byte
  part("samples").hidden = !digits;
  root.classList.toggle("pad-others", !digits);
}

function bar(name) {
  const row = document.createElement("li");
  row.innerHTML = BAR;
  Object.assign(row.querySelector(".pad-name"), { textContent: name, title: name });
  return row;
}

// About how many digits wide a name is: letters from the middle of Unicode on, Chinese ones for instance, are two.
const widthOf = (name) => [...name].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 2 : 1), 0);

// Shows an answer: the guess, the bars, and which of them is best.
function showAnswer(root, answer, words) {
  const guess = root.querySelector(".pad-guess");
  guess.textContent = sentence(answer, words);
  guess.title = answer.name ?? "";
  guess.dataset.label = answer.label ?? "";
  guess.translate = guess.textContent !== answer.name; // a sentence, by a browser that translates; a name stays
  root.classList.toggle("pad-refused", answer.label === null && answer.reason !== "blank");
  root.querySelectorAll(".pad-bars li").forEach((row, i) => {
    const share = answer.probabilities[i];
    row.classList.toggle("pad-best", i === answer.label);
    row.querySelector(".pad-fill").style.transform = `scaleX(${share})`;
    row.querySelector(".pad-percent").textContent = `${Math.round(100 * share)} %`;
  });
}

// What the model gets of the sheet; null for an empty one. A picture is taken as it is, wherever digits are put.
function prepared(sheet, preparation, placement = "mass") {
  return preprocess(sheet.levels, SHEET, SHEET, preparation === "picture" ? "plain" : placement);
}

// What a host is given of the sheet: its levels, and a way to the address of a PNG of them.
const given = (levels) => (
  { levels, png: async () => `data:image/png;base64,${toBase64(await toPng(levels, SHEET))}` }
);

// Shows the 784 levels that the model sees, or a dark field.
function showImage(canvas, image) {
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(SIDE, SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) {
    pixels.data.fill(image?.[i] ?? 0, 4 * i, 4 * i + 3);
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

// Labelled drawings, kept in the page until they are exported. known() tells classes and preparation; where these
// aren't the digits', a third file says them, as digitlib/idx.py reads it.
function collect(part, sheet, { known, clear }) {
  const kept = [];
  const tell = (text) => (part("count").textContent = text);
  const count = () => {
    const last = () => wordsFor(known().classes).last(kept.at(-1).name);
    tell(kept.length ? `${kept.length} kept; ${last()}.` : "Nothing kept.");
  };
  part("keep").addEventListener("click", () => {
    const { classes, preparation } = known();
    const image = prepared(sheet, preparation);
    const label = part("label").value;
    if (!image) return tell(`${wordsFor(classes).invitation} first.`);
    if (label === "") return tell(wordsFor(classes).choose);
    const said = JSON.stringify({ classes, preparation }); // what the label counts; a host may have exchanged it
    if (kept.some((other) => other.said !== said)) return tell("Export and drop what was kept of other classes first.");
    kept.push({ image, label: Number(label), name: classes[label], said });
    clear();
    count();
  });
  part("drop").addEventListener("click", () => {
    kept.pop();
    count();
  });
  part("export").addEventListener("click", () => {
    if (!kept.length) return tell("Keep a drawing first.");
    const { images, labels } = toIdx(kept);
    const type = "application/octet-stream"; // without it Chromium adds ".txt" to the names
    download("drawings-images-idx3-ubyte", new Blob([images], { type }));
    download("drawings-labels-idx1-ubyte", new Blob([labels], { type }));
    const { classes, preparation } = JSON.parse(kept[0].said);
    if (areDigits(classes) && preparation === "digit") return;
    download("drawings-classes.json", new Blob([kept[0].said], { type: "application/json" }));
  });
}

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "pad";
  Object.assign(root, { lang: "en", dir: "ltr" }); // whatever the page around it is
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab's keys stay out
  root.innerHTML = markup(`pad-${Math.random().toString(36).slice(2)}`);
  el.replaceChildren(root);
  const part = (name) => root.querySelector(`.pad-${name}`);
  const canvas = part("canvas");
  const sheet = new Sheet(canvas);
  const host = model.get("classify");
  const voice = speaker(part("spoken"));
  let network = null;
  let known = { classes: DIGITS, preparation: "digit" };
  let placement = "mass";
  let latest = blank(DIGITS);
  let plays = 0; // counts what was begun: a sample stops drawing itself when something else begins

  const publish = atMostEvery(100, () => {
    model.set("drawing", toBase64(sheet.levels));
    model.set("prediction", latest);
    model.save_changes?.();
  });

  function show({ label, name, reason, probabilities }) {
    latest = { label, name: name ?? known.classes[label] ?? null, reason, probabilities };
    const words = wordsFor(known.classes);
    showAnswer(root, latest, words);
    const share = label === null ? "" : `, ${Math.round(100 * probabilities[label])} %`;
    voice.say("what", sentence(latest, words) + share);
    if (model.set) publish();
  }

  function fail(error, again) {
    showAnswer(root, blank(known.classes), wordsFor(known.classes));
    const told = host ? `No answer from the classifier; ${again ? "asking again" : "draw on to try again"}` : error.message;
    part("guess").textContent = told;
    voice.say("what", told);
    console.error(error);
  }

  const ask = latestOnly(async () => {
    const asked = sheet.number;
    const image = prepared(sheet, known.preparation, placement);
    showImage(part("seen").querySelector("canvas"), image);
    if (!image) return blank(known.classes);
    const ours = () => classify(network ?? load(), image);
    const answer = host ? await inTime(host(given(sheet.levels.slice())), PATIENCE) : ours();
    return asked === sheet.number ? answer : blank(known.classes);
  }, show, fail, host ? 3 : 0);
  const changed = oncePerFrame(ask);

  function learn({ classes, preparation }) {
    known = { classes: classes ?? DIGITS, preparation: preparation ?? "digit" };
    dress(root, known.classes);
    part("placement").hidden = Boolean(host) || preparation === "picture"; // a server prepares in its own way
    showAnswer(root, blank(known.classes), wordsFor(known.classes));
  }
  function load() {
    network = null; // the former, where reading fails
    network = readWeights(model.get("weights"));
    learn(network);
    return network;
  }
  const started = () => {
    part("invite").hidden = true;
    return (plays += 1);
  };
  const change = (action) => () => {
    started();
    action();
    changed();
  };
  const undo = change(() => sheet.undo());
  const clear = change(() => sheet.clear());

  drawWithPointer(canvas, sheet, { started, changed });
  const say = (text) => voice.say("where", text);
  drawWithKeys(canvas, part("cursor"), sheet, { started, changed, undo, clear, say });
  part("undo").addEventListener("click", undo);
  part("clear").addEventListener("click", clear);
  part("save").addEventListener("click", async () => {
    download("drawing.png", new Blob([await toPng(sheet.levels, SHEET)], { type: "image/png" }));
  });
  part("pen").querySelector("input").addEventListener("input", (event) => (sheet.pen = Number(event.target.value)));
  root.querySelectorAll(".pad-sample").forEach((sample, i) => {
    sample.addEventListener("click", () => {
      clear();
      const mine = started();
      play(sheet, Object.values(SAMPLES)[i], changed, () => plays === mine);
    });
  });
  part("placement").addEventListener("change", (event) => {
    placement = event.target.value;
    changed();
  });
  collect(part, sheet, { known: () => known, clear });
  const orFail = (action) => () => {
    try {
      action();
    } catch (error) {
      fail(error);
    }
  };
  const reload = orFail(() => {
    load();
    changed();
  });
  model.on?.("change:weights", reload);

  learn(host ? { classes: model.get("classes"), preparation: model.get("preparation") } : {});
  showImage(part("seen").querySelector("canvas"), null);
  orFail(() => {
    if (!host) load();
    performance.mark("pad-ready");
  })();
  return () => {
    started();
    model.off?.("change:weights", reload);
    for (const waiting of [changed, ask, publish, voice]) waiting.stop();
    root.remove();
  };
}

// The pad in a page of any site. The place is an element or a selector of one; what is in it is replaced. The address
// is that of a weights file, as the page would fetch it. changed(prediction), if given, is called as "prediction" above
// is set. Gives, once the pad is there, a function that takes it away. Where no weights come, or something else, the
// place says why, with a button to try again, and the page hears of the error as of any that nobody caught.
export async function mount(place, address, { changed } = {}) {
  const el = typeof place === "string" ? document.querySelector(place) : place;
  if (!(el instanceof Element)) throw new TypeError(`expected an element, or a selector of one, got ${place}`);
  const set = changed && ((name, value) => name === "prediction" && changed(value));
  for (;;) {
    tell(el, "status", "The drawing pad is on its way.");
    try {
      const weights = await fetchBytes(address);
      readWeights(weights); // what is wrong with them is told here, where one can try again
      return render({ model: { get: (name) => ({ weights })[name], set }, el });
    } catch (error) {
      const again = document.createElement("button");
      Object.assign(again, { className: "pad-button", type: "button", textContent: "Try again" });
      tell(el, "alert", `The drawing pad could not start (${error.message}).`).append(again);
      reportError(error);
      await new Promise((done) => again.addEventListener("click", done));
    }
  }
}

// Says something in the place of the pad; its role tells a screen reader how urgent that is.
function tell(el, role, text) {
  const told = document.createElement("div");
  Object.assign(told, { className: "pad pad-told", lang: "en", dir: "ltr", role });
  told.append(Object.assign(document.createElement("p"), { textContent: text }));
  el.replaceChildren(told);
  return told;
}

async function fetchBytes(address) {
  const response = await fetch(address).catch((error) => {
    throw new Error(`no weights: ${address}: ${error.message}`);
  });
  if (!response.ok) throw new Error(`no weights: ${address} gave ${response.status}`);
  return response.arrayBuffer();
}

export default { render };

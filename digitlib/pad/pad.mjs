// The drawing pad: a canvas, ten bars that move while one draws, a guess and a Clear button.
//
// createPad(element, classify) builds it inside an element. classify(canvas) is the host's: it takes the
// 280 x 280 canvas, bright ink on black, and promises { label, reason, probabilities }, where label is null for
// a blank. One question is under way at a time; what was drawn meanwhile is asked next.

const SIDE = 280;
const PEN = 22; // a tenth of a digit's height, as in MNIST
const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

const BLANK = { label: null, probabilities: DIGITS.map(() => 0) };

const MARKUP = `
  <div class="pad-board">
    <canvas class="pad-canvas" width="${SIDE}" height="${SIDE}" role="img" aria-label="Drawing area: draw a digit with mouse, finger or pen"></canvas>
    <button class="pad-clear" type="button">Clear</button>
  </div>
  <div class="pad-answer">
    <output class="pad-guess" aria-live="polite"></output>
    <ol class="pad-bars">${DIGITS.map((digit) => `
      <li><span class="pad-name">${digit}</span><span class="pad-track"><span class="pad-fill"></span></span><span class="pad-percent"></span></li>`).join("")}
    </ol>
  </div>`;

export function createPad(element, classify) {
  element.classList.add("pad");
  element.innerHTML = MARKUP;
  const canvas = element.querySelector(".pad-canvas");
  const guess = element.querySelector(".pad-guess");
  const rows = [...element.querySelectorAll(".pad-bars li")];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let sheet = 0; // counts the clearings: an answer about an earlier sheet comes too late
  const ask = latestOnly(async () => {
    const asked = sheet;
    const answer = await classify(canvas);
    return asked === sheet ? answer : BLANK;
  }, show, fail);

  function show({ label, probabilities }) {
    guess.textContent = label === null ? "Draw a digit" : `This is a ${label}`;
    guess.dataset.label = label ?? "";
    rows.forEach((row, digit) => {
      row.classList.toggle("pad-best", digit === label);
      row.querySelector(".pad-fill").style.transform = `scaleX(${probabilities[digit]})`;
      row.querySelector(".pad-percent").textContent = `${Math.round(100 * probabilities[digit])} %`;
    });
  }

  function fail(error) {
    show(BLANK);
    guess.textContent = "No answer from the classifier; draw on to try again";
    console.error(error);
  }

  function clear() {
    context.fillStyle = "black";
    context.fillRect(0, 0, SIDE, SIDE);
    sheet += 1;
    show(BLANK);
    ask();
  }

  context.lineWidth = PEN;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = "white";
  drawWithPointer(canvas, context, ask);
  element.querySelector(".pad-clear").addEventListener("click", clear);
  clear();
}

// Strokes follow the pointer, at the canvas's own scale however large it is shown.
function drawWithPointer(canvas, context, changed) {
  let last = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height];
  };
  const draw = (event) => {
    const next = place(event);
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...next);
    context.stroke();
    last = next;
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (last || event.button !== 0) return; // a second finger does not join in
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    draw(event); // a tap is a dot
    changed();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last || !canvas.hasPointerCapture(event.pointerId)) return;
    for (const part of event.getCoalescedEvents?.() ?? []) draw(part);
    draw(event);
    changed();
  });
  canvas.addEventListener("lostpointercapture", () => {
    last = null;
    changed();
  });
}

// Wraps a question so that only one is under way, and a change meanwhile is asked about when it is done.
function latestOnly(question, show, fail) {
  let underWay = false;
  let changed = false;
  return async function ask() {
    changed = true;
    if (underWay) return;
    underWay = true;
    while (changed) {
      changed = false;
      try {
        show(await question());
      } catch (error) {
        fail(error);
      }
    }
    underWay = false;
  };
}

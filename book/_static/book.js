// What the theme leaves out for those who read with a keyboard, or by ear.

// What is wider than its place is moved by arrow keys, once one can get there; and it says what it is.
const WIDE = {
  "pre": "Code",
  ".pst-scrollable-table-container": "Table",
  ".cell_output > .output": "Output",
  ".math": "Formula",
};

function reach() {
  for (const [selector, name] of Object.entries(WIDE)) {
    for (const box of document.querySelectorAll(`.bd-article ${selector}`)) {
      const wide = box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX !== "visible";
      box.tabIndex = wide ? 0 : -1;
      for (const [key, value] of [["role", "group"], ["aria-label", `${name}, wider than the screen`]]) {
        wide ? box.setAttribute(key, value) : box.removeAttribute(key);
      }
    }
  }
}

// A panel beside the text says whether it is open. On a phone it lies over the text: it closes when one leaves it.
function steer(panel, box, button) {
  if (!panel || !button) return;
  const over = () => getComputedStyle(panel).position === "fixed";
  const shown = () => box.checked === over();
  const tell = () => button.setAttribute("aria-expanded", shown());
  const close = () => {
    box.checked = false;
    tell();
  };
  button.addEventListener("click", () => setTimeout(tell));
  box.addEventListener("change", tell);
  panel.addEventListener("keydown", () => setTimeout(tell)); // Escape closes it, says the theme
  panel.addEventListener("focusin", () => shown() || button.focus()); // where it closes, the theme goes in
  panel.addEventListener("focusout", ({ relatedTarget }) => {
    if (over() && relatedTarget && !panel.contains(relatedTarget)) close();
  });
  panel.addEventListener("click", ({ target }) => over() && target.closest("a") && close());
  addEventListener("resize", tell);
  tell();
}

// The search closes when one leaves it, and gives the keyboard back to where it was.
function leave(search) {
  let before;
  search.addEventListener("focusin", ({ relatedTarget }) => (before = relatedTarget));
  search.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget) search.classList.remove("show");
    else if (!search.classList.contains("show")) before?.focus();
  });
}

// A chapter has some thirty buttons that copy: each says what.
addEventListener("load", () => {
  for (const button of document.querySelectorAll(".copybtn")) {
    const [line] = button.previousElementSibling.textContent.trim().split("\n");
    button.setAttribute("aria-label", `Copy: ${line}`);
  }
});

document.addEventListener("DOMContentLoaded", () => {
  for (const side of ["primary", "secondary"]) {
    const box = document.getElementById(`pst-${side}-sidebar-checkbox`);
    steer(document.querySelector(`.bd-sidebar-${side}`), box, document.querySelector(`.${side}-toggle`));
  }
  leave(document.querySelector(".search-button__wrapper"));
  new ResizeObserver(reach).observe(document.querySelector("main"));
});

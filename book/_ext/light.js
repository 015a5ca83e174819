// What the pages use of Bootstrap's script, which is forty times as long: the section on the screen is marked in the
// page's contents, and who scrolls up is shown the way to the top.
document.addEventListener("DOMContentLoaded", () => {
  const entries = [...document.querySelectorAll(".bd-toc-nav a")]
    .map((link) => ({ link, section: document.getElementById(decodeURIComponent(link.hash.slice(1))) }))
    .filter(({ section }) => section);
  const upwards = document.getElementById("pst-back-to-top");
  let last = scrollY;

  function look() {
    const here = entries.filter(({ section }) => section.getBoundingClientRect().top < 0.4 * innerHeight).at(-1);
    for (const { link } of entries) {
      const marked = link.parentElement.contains(here?.link ?? null); // with the entry that it stands under
      link.classList.toggle("active", marked);
      link.parentElement.classList.toggle("active", marked);
    }
    if (upwards) upwards.style.display = scrollY < last && scrollY > innerHeight ? "block" : "none";
    last = scrollY;
  }

  let due = false; // once for each frame
  addEventListener("scroll", () => {
    if (!due) requestAnimationFrame(() => { due = false; look(); });
    due = true;
  }, { passive: true });
  upwards?.addEventListener("click", () => scrollTo(0, 0));
  look();
});

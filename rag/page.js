// What the conversation does on clicks and keys. `element` and `trigger` are Gradio's.
const live = () => {
  element.setAttribute("role", "log");
  element.setAttribute("aria-label", "Conversation");
  element.setAttribute("tabindex", "0");
};
live();
element.addEventListener("click", async (event) => {
  const at = (selector) => event.target.closest(selector);
  const link = at(".marker, .quoted");
  if (link) {
    event.preventDefault();
    trigger("select", { turn: Number(link.dataset.turn), marker: Number(link.dataset.marker) });
  }
  const starter = at(".starter");
  if (starter) trigger("submit", { question: starter.dataset.question });
  const copy = at(".copy");
  if (copy) {
    const said = copy.closest(".foot").querySelector(".thanks");
    if (navigator.clipboard) {  // which browsers give to pages by https, or of their own machine
      await navigator.clipboard.writeText(copy.dataset.markdown);
      said.textContent = "Copied.";
    } else said.textContent = "Browsers copy by https only.";
  }
  const thumb = at(".thumb");
  if (thumb) {
    const foot = thumb.closest(".foot");
    const good = thumb.dataset.good === "1";
    foot.querySelectorAll(".thumb").forEach((t) => t.setAttribute("aria-pressed", String(t === thumb)));
    const form = foot.nextElementSibling;
    form.hidden = good;
    if (good) send(foot, Number(thumb.dataset.turn), true, "");
    else form.querySelector("input").focus();
  }
});
element.addEventListener("submit", (event) => {
  const form = event.target.closest(".why");
  if (!form) return;
  event.preventDefault();
  form.hidden = true;
  send(form.previousElementSibling, Number(form.dataset.turn), false, form.querySelector("input").value);
});
function send(foot, turn, good, note) {
  trigger("like", { turn, good, note });
  foot.querySelector(".thanks").textContent = "Sent, thank you.";
}
// A new question, and then its answer, is brought into view from its first line; not where the
// reader has scrolled elsewhere while the answer was made. On phones the page itself scrolls.
const pane = element.closest("#conversation");  // which scrolls; `element` is as high as its content
let seen = { count: 0, working: false };
let placed = 0;
watch("value", () => {
  const turns = element.querySelectorAll(".turn");
  const count = turns.length;
  if (!count) return;
  const last = turns[count - 1];
  const working = last.querySelector(".status") !== null;
  const phone = matchMedia("(max-width: 800px)").matches;
  const scroller = phone ? document.scrollingElement : pane;
  const asked = count !== seen.count;
  const answered = seen.working && !working && Math.abs(scroller.scrollTop - placed) < 8;
  seen = { count, working };
  if (!asked && !answered) return;
  const top = phone ? 0 : pane.getBoundingClientRect().top;
  scroller.scrollTop += last.getBoundingClientRect().top - top - 16;
  placed = scroller.scrollTop;
});

// Bring the quote into view whenever another document or quote is shown.
element.setAttribute("role", "region");
element.setAttribute("aria-label", "Source document");
element.setAttribute("tabindex", "0");
const show = () => {
  const mark = element.querySelector("mark.active");
  if (!mark) return;
  if (element.querySelector("article").dataset.focus) {
    mark.scrollIntoView({ block: "center" });
    mark.focus({ preventScroll: true });
  } else {
    const pane = element.closest("#source");  // which scrolls; `element` is as high as its content
    const box = pane.getBoundingClientRect();
    pane.scrollTop += mark.getBoundingClientRect().top - box.top - box.height / 3;
  }
};
watch("value", show);

// KaTeX sets the formulas, which stand in the page as TeX between \\( and \\) or \\[ and \\].
for (const place of document.querySelectorAll(".arithmatex")) {
  const tex = place.textContent.trim().slice(2, -2);
  katex.render(tex, place, { displayMode: place.tagName === "DIV", throwOnError: false });
}

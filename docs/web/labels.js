// Names for screen readers that the theme leaves out.
document.querySelector(".md-search")?.setAttribute("aria-label", document.querySelector(".md-search__input").getAttribute("aria-label"));

// On a phone each cell of a table is a line of its own (site.css): it needs the words of its column.
for (const table of document.querySelectorAll(".md-typeset table:not([class])")) {
  const words = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
  for (const row of table.tBodies[0].rows)
    [...row.cells].forEach((cell, column) => {
      if (column > 0 && words[column] && cell.textContent.trim()) cell.dataset.column = words[column];
    });
}

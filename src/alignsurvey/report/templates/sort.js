document.querySelectorAll("table.sortable thead th[data-sort]").forEach(head => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending";
    head.closest("tr").querySelectorAll("th").forEach(one => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = head.closest("table").tBodies[1], place = Number(head.dataset.sort);
    const value = row => Number(row.cells[place].dataset.v ?? -Infinity);
    [...body.rows].sort((a, b) => (down ? value(b) - value(a) : value(a) - value(b)) || 0)
      .forEach(row => body.append(row));
  });
});

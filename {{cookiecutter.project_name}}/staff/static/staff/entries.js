// The entries of a form: the options of a filter that is chosen, all boxes of a table at once, and
// a question before anything is deleted.

const form = document.getElementById("entries-form");

function showOptions(filter) {
    filter.closest("tr").querySelector(".options").classList.toggle("hidden", !filter.selectedIndex);
}

for (const table of form.querySelectorAll("table")) {
    const all = table.querySelector("[data-all]");
    const boxes = [...table.querySelectorAll(".include input")];
    const update = () => (all.checked = boxes.every((box) => box.checked));
    if (!all) continue;
    update();
    table.addEventListener("change", ({ target }) => {
        if (target === all) boxes.forEach((box) => (box.checked = all.checked));
        else update();
    });
}

for (const filter of form.querySelectorAll("td:not(.options) > select")) {
    showOptions(filter);
    filter.addEventListener("change", () => showOptions(filter));
}

form.querySelector("[data-confirm]")?.addEventListener("click", (event) => {
    const isAny = form.querySelector("[name=selected]:checked");
    if (!isAny || !confirm(event.currentTarget.dataset.confirm)) event.preventDefault();
});

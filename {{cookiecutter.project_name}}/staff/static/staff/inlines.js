// Puts the rows of an inline in order: they are dragged by their heading, or moved by buttons.

const ROW = ".inline-related:not(.empty-form)";
let dragged;

// The field of a row for its order, or null where the rows have none.
const field = (row) => row.querySelector("input[name$='-_order']");
const rows = (group) => [...group.querySelectorAll(ROW)];

function move(row, up) {
    const other = up ? row.previousElementSibling : row.nextElementSibling;
    if (other?.matches(ROW)) other[up ? "before" : "after"](row);
}

function makeDraggable(row) {
    if (field(row)) row.querySelector("h3").draggable = true;
}

function listen(group) {
    rows(group).forEach(makeDraggable);
    group.addEventListener("formset:added", (event) => makeDraggable(event.target));
    group.addEventListener("click", (event) => {
        const button = event.target.closest("[data-order]");
        if (!button) return;
        move(button.closest(ROW), button.dataset.order === "up");
        button.focus();
    });
    group.addEventListener("dragstart", (event) => {
        dragged = event.target.matches?.("h3") && event.target.closest(ROW);
        if (dragged) event.dataTransfer.setData("text/plain", "");
    });
    group.addEventListener("dragover", (event) => {
        const row = event.target.closest(ROW);
        if (!dragged || !group.contains(dragged)) return;
        event.preventDefault();
        if (!row || row === dragged) return;
        const { top, height } = row.getBoundingClientRect();
        row[event.clientY < top + height / 2 ? "before" : "after"](dragged);
    });
    group.addEventListener("drop", (event) => event.preventDefault());
    group.addEventListener("dragend", () => (dragged = null));
    group.closest("form").addEventListener("submit", () => {
        rows(group).forEach((row, index) => field(row) && (field(row).value = index));
    });
}

// Django numbers the rows anew when one is removed, and those that are stored have to come first.
document.addEventListener("formset:removed", ({ detail }) => {
    const group = document.getElementById(`${detail.formsetName}-group`);
    const shown = rows(group);
    const put = (list) => list.forEach((row) => group.querySelector(".empty-form").before(row));
    put(shown.toSorted((one, other) => number(one) - number(other)));
    queueMicrotask(() => put(shown));
});
const number = (row) => Number(row.id.match(/\d+$/)[0]);

document.querySelectorAll(".inline-group").forEach(listen);

// Mezzanine's set-up of TinyMCE waits for an event of an older Django, and fails.
window.addEventListener("load", () => django.jQuery(document).off("formset:added"));

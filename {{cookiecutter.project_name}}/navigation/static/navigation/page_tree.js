// The tree of pages in the admin: its levels are unfolded, and pages are dragged, or moved by
// buttons. Of a large site, a level is loaded when it is unfolded.

const OPEN = "mezzanine-admin-tree"; // in localStorage, the IDs of what is unfolded
const tree = document.querySelector("#tree");
const status = document.querySelector("#tree-status");
const EDGE = 0.3; // of a row: what is dropped there stands before or after it, else below it

const level = (item) => item.querySelector(":scope > ol");
const above = (item) => item.parentNode.closest("li");
const title = (item) => item.querySelector(".title").textContent.trim();
const opened = () => (localStorage[OPEN] ?? "").split(",").filter(Boolean);

function remember(item, isOpen) {
    const others = opened().filter((id) => id !== item.id);
    localStorage[OPEN] = (isOpen ? [...others, item.id] : others).join();
}

// Put the rows that an address answers with into the place of one row.
async function load(address, row) {
    const answer = await fetch(address);
    if (!answer.ok) return location.reload(); // to log in, or to see what has changed
    const html = new DOMParser().parseFromString(await answer.text(), "text/html");
    const rows = [...html.querySelector("ol").children];
    row.replaceWith(...rows);
    await Promise.all(rows.map(foldAsBefore));
}

async function unfold(item, isOpen = true) {
    const below = level(item);
    item.querySelector(".tree-toggle").setAttribute("aria-expanded", isOpen);
    if (!below) return;
    below.hidden = !isOpen;
    const address = below.dataset.branch;
    if (isOpen && address) {
        delete below.dataset.branch;
        await load(address, below.firstElementChild);
    }
}

function foldAsBefore(item) {
    return item.id && unfold(item, opened().includes(item.id));
}

// Moving

const moves = {
    up: (item) => item.previousElementSibling?.before(item),
    down: (item) => item.nextElementSibling?.id && item.nextElementSibling.after(item),
    in: (item) => item.previousElementSibling && append(item, item.previousElementSibling),
    out: (item) => above(item)?.after(item),
    before: (item, other) => other.before(item),
    after: (item, other) => other.after(item),
    below: append,
};

async function append(item, parent) {
    if (!level(parent)) parent.append(document.createElement("ol"));
    await unfold(parent);
    remember(parent, true);
    const more = level(parent).querySelector(":scope > .more-pages");
    level(parent).insertBefore(item, more);
}

async function move(how, item, other) {
    const place = () => [item.parentNode, item.previousElementSibling];
    const was = place();
    await moves[how](item, other);
    if (place().every((node, index) => node === was[index])) return;
    const siblings = [...item.parentNode.children].filter((each) => each.id);
    status.textContent = `${title(item)}: ${siblings.indexOf(item) + 1} / ${siblings.length}`;
    await store(item, siblings);
}

async function store(item, siblings) {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    body.append("id", item.id);
    body.append("parent_id", above(item)?.id ?? "null");
    siblings.forEach((each) => body.append("siblings[]", each.id));
    const answer = await fetch(tree.dataset.ordering, { method: "POST", body });
    if ((await answer.text()) !== "ok") location.reload(); // where a message says why not
}

// Events

tree?.addEventListener("click", async (event) => {
    const target = event.target.closest("button, a");
    const item = target?.closest("li[id]");
    if (target?.matches(".more-pages a")) {
        event.preventDefault();
        load(target.getAttribute("href"), target.closest("li"));
    } else if (target?.matches(".tree-toggle")) {
        const isOpen = level(item).hidden;
        remember(item, isOpen);
        unfold(item, isOpen);
    } else if (target?.dataset.move) {
        await move(target.dataset.move, item);
        target.focus();
    } else if (target?.matches(".addlist a")) {
        remember(item, true); // where the new page will be
    }
});

let dragged, mark;

function point(row, how) {
    mark?.row.removeAttribute("data-drop");
    mark = row && { row, how };
    row?.setAttribute("data-drop", how);
}

tree?.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("li[id]");
    event.dataTransfer.setData("text/plain", "");
});

tree?.addEventListener("dragover", (event) => {
    const row = event.target.closest("li[id] > .row");
    if (!dragged || !row || dragged.contains(row)) return point();
    event.preventDefault();
    const { top, height } = row.getBoundingClientRect();
    const at = (event.clientY - top) / height;
    point(row, at < EDGE ? "before" : at > 1 - EDGE ? "after" : "below");
});

tree?.addEventListener("drop", (event) => {
    event.preventDefault();
    if (dragged && mark) move(mark.how, dragged, mark.row.parentNode);
});

tree?.addEventListener("dragend", () => {
    point();
    dragged = null;
});

tree?.querySelectorAll("li").forEach(foldAsBefore);

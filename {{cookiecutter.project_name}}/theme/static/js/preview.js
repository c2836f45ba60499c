// Shows the first page of the site in the look that is being chosen, before it is saved.

const preview = document.querySelector("#look-preview");
const frame = preview.querySelector("iframe");
const form = document.querySelector("#settings-form");

async function show() {
    const answer = await fetch(preview.dataset.address, { method: "POST", body: new FormData(form) });
    const { css, brand, errors } = await answer.json();
    preview.querySelector("[role=status]").textContent = errors.join(" ");
    const page = frame.contentDocument;
    const style = page.querySelector("#preview") ?? page.head.appendChild(page.createElement("style"));
    style.id = "preview";
    style.textContent = css;
    if (brand) page.querySelector(".brand").innerHTML = brand;
}

let waiting;
function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(show, 300);
}

frame.addEventListener("load", show);
form.addEventListener("input", soon);
window.addEventListener("focus", soon); // a file was chosen in another window
form.addEventListener("change", soon);
frame.srcdoc = await (await fetch("/")).text();

// Editing in the page itself. Staff alone load this.

const setting = document.querySelector("#editing");
const links = document.querySelectorAll(".editable-link");
document.body.append(setting.content.cloneNode(true));

// The buttons of the parts show while the one of the toolbar is on, which the browser remembers.

const toggle = document.querySelector("#editable-toolbar-toggle");

function show(isOn) {
    toggle.setAttribute("aria-pressed", isOn);
    document.documentElement.classList.toggle("is-editing", isOn);
    for (const link of links) link.hidden = !isOn;
}

toggle.addEventListener("click", () => {
    const isOn = toggle.getAttribute("aria-pressed") === "false";
    localStorage.setItem("editing", isOn ? "on" : "");
    show(isOn);
});
show(localStorage.getItem("editing") === "on");

// A part is edited in a dialog, which is made when it is asked for.

async function save(form) {
    const [wrong, button] = ["[role=alert]", "[type=submit]"].map((name) => form.querySelector(name));
    button.disabled = true;
    wrong.hidden = true;
    try {
        const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
        const words = (await answer.text()).trim();
        if (answer.ok && !answer.redirected && !words) return location.reload();
        wrong.textContent = answer.ok && !answer.redirected ? words : setting.dataset.failed;
    } catch {
        wrong.textContent = setting.dataset.failed;
    }
    wrong.hidden = false;
    button.disabled = false;
}

function edit(link) {
    const dialog = document.createElement("dialog");
    dialog.className = "editable-dialog";
    dialog.setAttribute("aria-label", link.getAttribute("aria-label"));
    dialog.append(link.previousElementSibling.content.cloneNode(true));
    document.body.append(dialog);
    dialog.showModal();
    const form = dialog.querySelector("form");
    let isChanged = false;
    const mayLeave = () => !isChanged || confirm(setting.dataset.leave);
    form.addEventListener("input", () => (isChanged = true));
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        save(form);
    });
    form.querySelector(".quiet").addEventListener("click", () => mayLeave() && dialog.close());
    dialog.addEventListener("cancel", (event) => {
        if (event.target === dialog && !mayLeave()) event.preventDefault();
    });
    dialog.addEventListener("close", (event) => event.target === dialog && dialog.remove());
    // As Django does for forms that come later, for widgets with a script.
    form.dispatchEvent(new CustomEvent("formset:added", { bubbles: true, detail: {} }));
}

for (const link of links) link.addEventListener("click", () => edit(link));

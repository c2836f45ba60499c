/* The page of the media library: uploads with progress, by drop too; a click that chooses a file. */
const entries = document.getElementById("media-entries");
const form = document.getElementById("media-upload");
const isPopup = window.parent !== window;

function answer(file) {
    parent.postMessage({mediaLibrary: file}, location.origin);
}

async function refresh() {
    const page = await fetch(location.href);
    const read = new DOMParser().parseFromString(await page.text(), "text/html");
    entries.replaceChildren(...read.getElementById("media-entries").childNodes);
}

async function uploadAll(files) {
    const stored = [];
    for (const file of files) {
        const line = document.createElement("li");
        const bar = document.createElement("progress");
        bar.max = 1;
        bar.value = 0;
        bar.setAttribute("aria-label", file.name);
        line.append(`${file.name} `, bar);
        document.getElementById("media-progress").append(line);
        try {
            stored.push(await mediaLibrary.upload(form.getAttribute("action"), file, {
                folder: form.elements.folder.value,
                replace: form.elements.replace?.checked,
                ...form.dataset,
                onprogress: share => { bar.value = share; },
            }));
            line.remove();
        } catch (error) {
            line.className = "errornote";
            line.textContent = `${file.name}: ${error.message}`;
        }
    }
    await refresh();
    const buttons = [...entries.querySelectorAll("button")];
    if (isPopup && stored.length === 1 && buttons.some(button => button.dataset.path === stored[0].path)) answer(stored[0]);
}

if (form) {
    form.querySelector(".media-send").hidden = true;
    form.addEventListener("change", event => {
        if (event.target.type === "file" && event.target.files.length) {
            uploadAll([...event.target.files]);
            event.target.value = "";
        }
    });
    for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
        document.addEventListener(name, event => {
            if (!event.dataTransfer?.types.includes("Files")) return;
            event.preventDefault();
            form.classList.toggle("media-over", name.startsWith("drage") || name === "dragover");
            if (name === "drop") uploadAll([...event.dataTransfer.files]);
        });
    }
}

entries.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (button) answer({...button.dataset});
});
document.addEventListener("keydown", event => {
    if (event.key === "Escape" && isPopup) answer(null);
});

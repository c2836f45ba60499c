/* window.mediaLibrary: choose a file in a dialog, upload one. For fields of forms, and for editors. */
(() => {
    if (window.mediaLibrary) return; // Mezzanine's templates name the scripts of a form twice
    // Here rather than in a style sheet, since an editor loads this script alone.
    const DIALOG = "box-sizing: border-box; display: flex; flex-direction: column; gap: .5rem; padding: .5rem;"
        + " width: min(64rem, 100vw); max-width: 100vw; height: min(48rem, 100dvh); max-height: 100dvh";

    /* Resolves to {path, url, name, type}, or to null if the dialog is closed without a file. The title of the dialog
       and the text of its button are words of the page that asks. */
    function choose(address, {type = "", folder = "", title = "", close: label = "×"} = {}) {
        const dialog = document.createElement("dialog");
        const frame = document.createElement("iframe");
        const close = document.createElement("button");
        const query = {_popup: 1, ...(type && {type}), ...(folder && {dir: folder})};
        dialog.className = "media-dialog";
        dialog.style.cssText = DIALOG;
        frame.style.cssText = "flex: 1; border: 0";
        close.style.alignSelf = "end";
        dialog.setAttribute("aria-label", title);
        frame.title = title;
        frame.src = `${address}?${new URLSearchParams(query)}`;
        close.type = "button";
        close.className = "button";
        close.textContent = label;
        close.addEventListener("click", () => dialog.close());
        dialog.append(close, frame);
        return new Promise(resolve => {
            let file = null;
            const answer = event => {
                if (event.source === frame.contentWindow && event.origin === location.origin && "mediaLibrary" in event.data) {
                    file = event.data.mediaLibrary;
                    dialog.close();
                }
            };
            window.addEventListener("message", answer);
            dialog.addEventListener("close", () => {
                window.removeEventListener("message", answer);
                dialog.remove();
                resolve(file);
            });
            document.body.append(dialog);
            dialog.showModal();
        });
    }

    /* Resolves to {path, url, name, type}; rejects with an Error whose message is for the user: that of the server, or
       one of the words of the page, for a file that is too large, a lost connection, and any other answer. */
    function upload(address, file, {folder = "", replace = false, limit = Infinity, onprogress = () => {}, ...words} = {}) {
        const name = file.name || `picture.${file.type.split("/")[1]}`;
        const data = new FormData();
        data.append("folder", folder);
        if (replace) data.append("replace", 1);
        data.append("Filedata", file, name);
        return new Promise((resolve, reject) => {
            if (file.size > limit) return reject(new Error(words.tooLarge));
            const request = new XMLHttpRequest();
            request.open("POST", address);
            request.responseType = "json";
            request.setRequestHeader("Accept", "application/json");
            request.setRequestHeader("X-CSRFToken", document.querySelector("[name=csrfmiddlewaretoken]").value);
            request.upload.addEventListener("progress", event => onprogress(event.loaded / event.total));
            request.addEventListener("error", () => reject(new Error(words.lost)));
            request.addEventListener("load", () => {
                const answer = request.response || {};
                if (answer.path) return resolve(answer);
                reject(new Error(answer.error || (request.status === 413 ? words.tooLarge : words.refused)));
            });
            request.send(data);
        });
    }

    function fill(field, path, isPicture) {
        const input = field.querySelector("input");
        const src = `${field.dataset.thumbnails}?${new URLSearchParams({path})}`;
        input.value = path;
        field.querySelector("img")?.remove();
        if (isPicture) field.prepend(Object.assign(new Image(80, 60), {alt: "", src}));
        field.querySelector("[data-media=clear]").hidden = !path;
        input.dispatchEvent(new Event("change", {bubbles: true}));
    }

    document.addEventListener("click", async event => {
        const button = event.target.closest(".media-field [data-media]");
        const field = button?.closest(".media-field");
        if (button?.dataset.media === "clear") {
            fill(field, "", false);
            field.querySelector("[data-media=choose]").focus();
        } else if (button) {
            const file = await choose(field.dataset.browse, field.dataset);
            if (file) fill(field, file.path, file.type === "Image");
        }
    });

    window.mediaLibrary = {choose, upload};
})();

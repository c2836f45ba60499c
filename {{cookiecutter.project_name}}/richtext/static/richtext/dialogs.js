// Questions to the writer, and the media library.

let number = 0;

export function make(name, properties = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
        if (key in node) node[key] = value;
        else node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
}

/** Ask for values in a dialog. `fields` are objects with name, label, value and, if need be, type,
 * required, options (a promise of {title, value} to choose from) and choose (a promise of a value).
 * Resolves to an object of the values by name, or to null if the writer changes their mind.
 */
export function ask(title, fields, { words, submit = words.apply }) {
    const id = `richtext-dialog-${(number += 1)}`;
    const form = make("form", { method: "dialog" }, make("h2", { id }, title));
    for (const field of fields) form.append(row(field, `${id}-${field.name}`, words));
    const apply = make("button", { className: "richtext-main" }, submit);
    const cancel = make("button", { type: "button" }, words.cancel);
    form.append(make("p", { className: "richtext-submit" }, apply, cancel));
    const dialog = make("dialog", { className: "richtext-dialog", "aria-labelledby": id }, form);
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
        let answer = null;
        form.addEventListener("submit", () => {
            const inputs = fields.map(({ name }) => form.elements[name]);
            const value = ({ type, checked, value: text }) =>
                type === "checkbox" ? checked : text.trim();
            answer = Object.fromEntries(inputs.map((input) => [input.name, value(input)]));
        });
        cancel.addEventListener("click", () => dialog.close());
        dialog.addEventListener("close", () => {
            dialog.remove();
            resolve(answer);
        });
    });
}

function row({ name, label, value, type = "text", required = false, options, choose }, id, words) {
    const input = make("input", { id, name, type, required });
    if (type === "checkbox") input.checked = Boolean(value);
    else input.value = value ?? "";
    if (type === "number") Object.assign(input, { min: 1, max: 50 });
    const line = make("p", {}, make("label", { htmlFor: id }, label), input);
    if (options) {
        const list = make("datalist", { id: `${id}-list` });
        input.setAttribute("list", list.id);
        line.append(list);
        options.then((all) => {
            for (const one of all) list.append(make("option", { value: one.value }, one.title));
        });
    }
    if (choose) {
        const button = make("button", { type: "button" }, words.choose);
        button.addEventListener("click", async () => {
            input.value = (await choose()) || input.value;
            input.focus();
        });
        line.append(button);
    }
    return line;
}

/** Show a message until the writer has read it. */
export const tell = (text, words) => ask(text, [], { words, submit: words.ok });

// The media library: `data` has the addresses of its script and of its views. The script is loaded
// when it is needed.

async function library(data) {
    if (!window.mediaLibrary) await import(data.library);
    return window.mediaLibrary;
}

/** Open the media library; resolves to the address of a file of that type, or to null. */
export async function choose(data, type) {
    const file = await (await library(data)).choose(data.browse, { ...JSON.parse(data.words), type });
    return file?.url ?? null;
}

/** Put a file into the media library; resolves to its address, rejects with an Error to show. */
export async function upload(data, file) {
    return (await (await library(data)).upload(data.upload, file, JSON.parse(data.words))).url;
}

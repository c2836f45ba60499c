// <rich-text data-…><textarea>…</textarea></rich-text> becomes an editor of the HTML in it.
// The field is what the form sends; it changes when the writer changes something, and not before.

import { Editor } from "../django_prose_editor/editor.js";
import { ask, choose, make, tell, upload } from "./dialogs.js";
import { finish, lost, prepare } from "./html.js";
import { cleanPasted } from "./paste.js";
import { extensions } from "./schema.js";
import { iconButton, toolbar } from "./toolbar.js";

const WIDEST = 1200; // pixels of a picture; Mezzanine makes one of that size

class RichText extends HTMLElement {
    connectedCallback() {
        // A form that is added to others gets its name and number first; see Django's inlines.js.
        queueMicrotask(() => {
            this.field ||= this.querySelector("textarea");
            const isTemplate = this.field.id.includes("__prefix__");
            if (this.isConnected && !this.editor && !isTemplate) this.start();
        });
    }

    start() {
        this.words = JSON.parse(this.dataset.words);
        this.page = make("div", { className: "richtext-page" });
        this.note = make("p", { className: "richtext-note", hidden: true, role: "status" });
        this.editor = this.makeEditor();
        const acts = {
            link: () => this.editLink(),
            picture: () => this.editPicture(),
            file: () => this.addFile(),
            table: () => this.addTable(),
        };
        const [bar, update] = toolbar(this.editor, acts, this.words);
        this.bar = bar;
        this.sourceButton = iconButton("source", "integration_instructions", this.words);
        this.sourceButton.addEventListener("click", () => this.toggleSource());
        this.sourceButton.classList.add("richtext-source");
        const head = make("div", { className: "richtext-head" }, bar, this.sourceButton);
        this.prepend(head, this.note, this.page);
        this.editor.on("transaction", update);
        update();
        for (const label of this.field.labels) {
            label.addEventListener("click", () => this.editor.commands.focus());
        }
        const whole = lost(this.field.value, finish(this.editor.getHTML())).length === 0;
        this.showSource(!whole, this.words.notWhole);
    }

    makeEditor() {
        const label = this.field.labels[0]?.textContent.trim().replace(/:$/, "") || this.words.text;
        return new Editor({
            element: this.page,
            editable: !this.field.disabled && !this.field.readOnly,
            extensions: extensions({ editLink: () => this.editLink() }),
            content: prepare(this.field.value),
            injectCSS: false,
            editorProps: {
                attributes: {
                    role: "textbox",
                    "aria-multiline": "true",
                    "aria-label": label,
                    dir: "auto",
                },
                transformPastedHTML: (html) => prepare(cleanPasted(html)),
                handlePaste: (_view, event) => this.takeFiles(event.clipboardData),
                handleDrop: (_view, event, _slice, isMoved) =>
                    !isMoved && this.takeFiles(event.dataTransfer, event),
                handleKeyDown: (_view, event) => this.toToolbar(event),
            },
            onUpdate: () => this.write(),
        });
    }

    write() {
        this.field.value = finish(this.editor.getHTML());
        this.field.dispatchEvent(new Event("input", { bubbles: true }));
    }

    toToolbar(event) {
        if (!event.altKey || event.key !== "F10") return false;
        this.bar.querySelector("[tabindex='0']").focus();
        return true;
    }

    showSource(shown, words = "") {
        this.classList.toggle("richtext-is-source", shown);
        this.sourceButton.setAttribute("aria-pressed", shown);
        this.bar.inert = shown;
        this.note.textContent = shown ? words : "";
        this.note.hidden = !this.note.textContent;
    }

    async toggleSource() {
        if (!this.classList.contains("richtext-is-source")) {
            this.showSource(true);
            return this.field.focus();
        }
        const before = this.field.value;
        this.editor.commands.setContent(prepare(before), { emitUpdate: false });
        const gone = lost(before, finish(this.editor.getHTML()));
        if (gone.length) {
            const title = `${this.words.wouldChange} ${gone.slice(0, 5).join(" ").slice(0, 300)}`;
            if (!(await ask(title, [], { words: this.words, submit: this.words.goOn }))) return;
            this.write();
        }
        this.showSource(false);
        this.editor.commands.focus();
    }

    /** Return the pages of the site to link to, from Mezzanine: a promise of {title, value}s. */
    async linksToChoose() {
        const answer = await fetch(this.dataset.links);
        return answer.ok ? answer.json() : [];
    }

    async editLink() {
        const { editor, words } = this;
        const { href, kept } = editor.getAttributes("link");
        this.links ||= this.linksToChoose().catch(() => []);
        const fields = [
            {
                name: "href",
                label: words.address,
                value: href,
                options: this.links,
                choose: () => choose(this.dataset, "File"),
            },
            {
                name: "blank",
                label: words.newWindow,
                type: "checkbox",
                value: kept?.target === "_blank",
            },
        ];
        const isNew = editor.state.selection.empty && href === undefined;
        if (isNew) fields.unshift({ name: "text", label: words.textOfLink, required: true });
        const answer = await ask(words.link, fields, { words });
        if (!answer) return editor.commands.focus();
        const { target, rel, ...others } = kept || {};
        const wasBlank = target === "_blank";
        const opens = { target: "_blank", rel: rel || "noopener" };
        const stays = wasBlank ? {} : { ...(target && { target }), ...(rel && { rel }) };
        return this.setLink(answer, { ...others, ...(answer.blank ? opens : stays) });
    }

    /** Make the selection, or a new text, a link; without an address, no link any more. */
    setLink({ href, text }, kept = null) {
        const chain = this.editor.chain().focus().extendMarkRange("link");
        if (!href || /^\s*(javascript|vbscript|data):/i.test(href)) return chain.unsetLink().run();
        const attrs = { href, kept };
        if (!text) return chain.setMark("link", attrs).run();
        return chain.insertContent({ type: "text", text, marks: [{ type: "link", attrs }] }).run();
    }

    async addFile() {
        const href = await choose(this.dataset, "File");
        if (!href) return;
        const name = decodeURIComponent(href.split("/").pop());
        this.setLink({ href, text: this.editor.state.selection.empty ? name : "" });
    }

    async editPicture() {
        const { editor, words } = this;
        const isThere = editor.isActive("image");
        const { src, alt, kept } = isThere ? editor.getAttributes("image") : {};
        const fields = [
            {
                name: "src",
                label: words.address,
                value: src,
                required: true,
                choose: () => choose(this.dataset, "Image"),
            },
            { name: "alt", label: words.alt, value: alt },
        ];
        if (!isThere) fields.push({ name: "caption", label: words.caption });
        const answer = await ask(words.picture, fields, { words });
        if (!answer?.src) return editor.commands.focus();
        const size = answer.src === src ? {} : await sizeOf(answer.src);
        const attrs = { src: answer.src, alt: answer.alt, kept: { ...kept, ...size } };
        const chain = editor.chain().focus();
        if (isThere) return chain.updateAttributes("image", attrs).run();
        const image = { type: "image", attrs };
        return chain.insertContent(answer.caption ? figure(image, answer.caption) : image).run();
    }

    async addTable() {
        const { words } = this;
        const fields = [
            { name: "rows", label: words.rows, type: "number", value: 3 },
            { name: "cols", label: words.columns, type: "number", value: 3 },
            { name: "withHeaderRow", label: words.toggleHeaderRow, type: "checkbox", value: true },
        ];
        const answer = await ask(words.table, fields, { words });
        if (!answer) return this.editor.commands.focus();
        const [rows, cols] = [Number(answer.rows) || 1, Number(answer.cols) || 1];
        return this.editor.chain().focus().insertTable({ ...answer, rows, cols }).run();
    }

    /** Upload pictures that were pasted or dropped; return whether there are any. */
    takeFiles(data, event) {
        const files = [...(data?.files || [])].filter((file) => file.type.startsWith("image/"));
        // Word and Excel add a picture of the text; a browser adds an <img> to a picture.
        const text = data?.getData("text/plain") || "";
        if (!files.length || text.trim()) return false;
        const place = event && { left: event.clientX, top: event.clientY };
        const found = place && this.editor.view.posAtCoords(place);
        if (found) this.editor.commands.setTextSelection(found.pos);
        this.uploadAll(files);
        return true;
    }

    async uploadAll(files) {
        this.page.setAttribute("aria-busy", "true");
        try {
            for (const file of files) {
                const src = await upload(this.dataset, file);
                const attrs = { src, alt: "", kept: await sizeOf(src) };
                this.editor.chain().focus().insertContent({ type: "image", attrs }).run();
            }
        } catch (error) {
            await tell(error.message || this.words.failed, this.words);
        } finally {
            this.page.removeAttribute("aria-busy");
        }
    }
}

/** Return a figure of the picture and its caption, as the editor has it. */
function figure(image, caption) {
    const bare = { kept: { "data-kind": "bare" } };
    const text = { type: "paragraph", content: [{ type: "text", text: caption }] };
    return {
        type: "container",
        attrs: { tag: "figure" },
        content: [
            { type: "paragraph", attrs: bare, content: [image] },
            { type: "container", attrs: { tag: "figcaption" }, content: [text] },
        ],
    };
}

/** Resolve to the width and height of a picture, no larger than a page needs, as attributes. */
async function sizeOf(src) {
    const picture = new Image();
    picture.src = src;
    try {
        await picture.decode();
    } catch {
        return {}; // of another site, or an SVG without a size
    }
    const { naturalWidth: width, naturalHeight: height } = picture;
    const share = Math.min(1, WIDEST / width);
    const [wide, high] = [width, height].map((size) => String(Math.round(size * share)));
    return { width: wide, height: high };
}

customElements.define("rich-text", RichText);

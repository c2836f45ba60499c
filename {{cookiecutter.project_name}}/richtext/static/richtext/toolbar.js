// The buttons above the text: a toolbar as WAI-ARIA has it, with the arrow keys inside.

import { make } from "./dialogs.js";

const isInTable = (editor) => editor.isActive("table");
const isInItem = (editor) => editor.isActive("listItem");
const aligned = (value) => (editor) =>
    [editor.getAttributes("paragraph"), editor.getAttributes("heading")].some(({ kept }) =>
        new RegExp(`text-align:\\s*${value}`).test(kept?.["data-held-style"]),
    );
const run =
    (name, ...values) =>
    (editor) =>
        editor.chain().focus()[name](...values).run();
const format = (name, icon, command) => ({
    name,
    icon,
    run: run(command),
    pressed: (editor) => editor.isActive(name),
});

/** Give blocks of the selection an alignment, or take it from them. */
function align(editor, value) {
    const without = (style = "") => style.replace(/(^|;)\s*text-align\s*:[^;]*;?/g, "$1").trim();
    const { from, to } = editor.state.selection;
    const style = aligned(value)(editor) ? "" : `text-align: ${value};`;
    editor.chain().focus().command(({ tr, state }) => {
        state.doc.nodesBetween(from, to, (node, position) => {
            if (!/^(paragraph|heading)$/.test(node.type.name)) return;
            const { "data-held-style": before, ...kept } = node.attrs.kept || {};
            const after = [without(before), style].filter(Boolean).join(" ");
            if (after) kept["data-held-style"] = after;
            tr.setNodeAttribute(position, "kept", kept);
        });
        return true;
    }).run();
}

const alignment = (value) => ({
    name: value,
    icon: `format_align_${value}`,
    run: (editor) => align(editor, value),
    pressed: aligned(value),
});
const inTable = (name, icon) => ({ name, icon, run: run(name), shown: isInTable });
const inItem = (name, icon, command) => ({
    name,
    icon,
    run: run(command, "listItem"),
    shown: isInItem,
});

/** Return the groups of buttons. `acts` are the functions behind those that ask for something. */
const groups = (acts) => [
    [
        format("bold", "format_bold", "toggleBold"),
        format("italic", "format_italic", "toggleItalic"),
        format("strike", "format_strikethrough", "toggleStrike"),
        format("code", "code", "toggleCode"),
        { name: "link", icon: "insert_link", run: acts.link, pressed: (e) => e.isActive("link") },
    ],
    [
        format("bulletList", "format_list_bulleted", "toggleBulletList"),
        format("orderedList", "format_list_numbered", "toggleOrderedList"),
        inItem("outdent", "format_indent_decrease", "liftListItem"),
        inItem("indent", "format_indent_increase", "sinkListItem"),
        format("blockquote", "format_quote", "toggleBlockquote"),
    ],
    [alignment("center"), alignment("right")],
    [
        { name: "picture", icon: "image", run: acts.picture, pressed: (e) => e.isActive("image") },
        { name: "file", icon: "attach_file", run: acts.file },
        { name: "table", icon: "grid_on", run: acts.table, pressed: isInTable },
        { name: "rule", icon: "horizontal_rule", run: run("setHorizontalRule") },
    ],
    [
        inTable("addRowAfter", "vertical_align_bottom"),
        inTable("deleteRow", "remove"),
        inTable("addColumnAfter", "keyboard_tab"),
        inTable("deleteColumn", "clear"),
        inTable("toggleHeaderRow", "border_top"),
        inTable("mergeOrSplit", "call_merge"),
        inTable("deleteTable", "delete"),
    ],
    [
        { name: "undo", icon: "undo", run: run("undo"), enabled: (e) => e.can().undo() },
        { name: "redo", icon: "redo", run: run("redo"), enabled: (e) => e.can().redo() },
        { name: "clear", icon: "format_clear", run: run("unsetAllMarks") },
    ],
];

const BLOCKS = {
    paragraph: (chain) => chain.setParagraph(),
    heading2: (chain) => chain.setHeading({ level: 2 }),
    heading3: (chain) => chain.setHeading({ level: 3 }),
    heading4: (chain) => chain.setHeading({ level: 4 }),
    codeBlock: (chain) => chain.setCodeBlock(),
};

function kindOfBlock(editor) {
    if (editor.isActive("codeBlock")) return "codeBlock";
    const heading = editor.isActive("heading") && `heading${editor.getAttributes("heading").level}`;
    return heading || (editor.isActive("paragraph") ? "paragraph" : "");
}

function blocksOf(editor, words) {
    const options = Object.keys(BLOCKS).map((value) => make("option", { value }, words[value]));
    const select = make("select", { "aria-label": words.block }, ...options);
    select.addEventListener("change", () => {
        BLOCKS[select.value](editor.chain().focus()).run();
    });
    return select;
}

export function iconButton(name, icon, words) {
    const sign = make("span", { className: "material-icons", "aria-hidden": "true" }, icon);
    return make("button", { type: "button", title: words[name], "aria-label": words[name] }, sign);
}

/** Return the toolbar of an editor, an element, and a function that brings it up to date. */
export function toolbar(editor, acts, words) {
    const select = blocksOf(editor, words);
    const updates = [() => (select.value = kindOfBlock(editor))];
    const about = { className: "richtext-toolbar", role: "toolbar", "aria-label": words.toolbar };
    const bar = make("div", about, select);
    for (const group of groups(acts)) {
        const box = make("div", { className: "richtext-group" });
        for (const item of group) {
            const button = iconButton(item.name, item.icon, words);
            button.addEventListener("click", () => item.run(editor));
            updates.push(() => {
                if (item.pressed) button.setAttribute("aria-pressed", item.pressed(editor));
                if (item.enabled) button.disabled = !item.enabled(editor);
                if (item.shown) button.hidden = !item.shown(editor);
            });
            box.append(button);
        }
        bar.append(box);
    }
    withArrowKeys(bar);
    return [bar, () => updates.forEach((update) => update())];
}

/** Make the toolbar one stop of the Tab key. */
function withArrowKeys(bar) {
    const all = [...bar.querySelectorAll("button, select")];
    const reach = (item) => {
        for (const one of all) one.tabIndex = one === item ? 0 : -1;
    };
    reach(all[0]);
    bar.addEventListener("focusin", ({ target }) => reach(target));
    bar.addEventListener("keydown", (event) => {
        const items = all.filter((item) => !item.disabled && !item.hidden);
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        const place = { Home: 0, End: items.length - 1 }[event.key];
        if (step === undefined && place === undefined) return;
        event.preventDefault();
        const now = items.indexOf(document.activeElement);
        items[place ?? (now + step + items.length) % items.length].focus();
    });
}

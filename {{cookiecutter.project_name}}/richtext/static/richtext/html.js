// HTML on its way into the editor and back. A field may hold any HTML: of an earlier editor, of an
// import, or typed by hand. What the editor has no notion of travels inside of a <raw-html>, or as
// an attribute that begins with "data-held-", and comes back as it was.

const words = (text) => new Set(text.split(" "));

// Elements of which the editor knows only that they hold paragraphs, or letters.
export const CONTAINERS = words(
    "address article aside center dd details dir div dl dt fieldset figcaption figure footer form" +
        " header hgroup legend main menu nav section summary",
);
export const SPANS = words(
    "abbr acronym bdi bdo big cite data del dfn font ins kbd label mark q samp small span time tt" +
        " var",
);
const FORMATS = words("a b code em i s strike strong sub sup u");
const BLOCKS = words(
    "blockquote caption col colgroup h1 h2 h3 h4 h5 h6 hr li ol p pre table tbody td tfoot th" +
        " thead tr ul",
);
const WITH_PARAGRAPHS = new Set([...CONTAINERS, "blockquote", "li", "td", "th"]);

// Where one paragraph alone needs no <p>.
const SHORT = words("dd dt figcaption legend li summary td th");

// What would run, or change the form around the editor; and styles, which browsers would spell in
// their own way.
const HELD_NAMES =
    /^(on.*|id|name|for|form|hidden|is|slot|style|contenteditable|autofocus|tabindex)$/i;
const HELD_VALUES = /^\s*(javascript|vbscript|data:text)/i;
const SPACES = /[ \t\r\n\f]+/g;

const isBlock = (name) => BLOCKS.has(name) || CONTAINERS.has(name);
const isInline = (name) => SPANS.has(name) || FORMATS.has(name);
const hasBlock = (node) => [...node.querySelectorAll("*")].some((one) => isBlock(one.localName));
const isText = (node) => node.nodeType === Node.TEXT_NODE;
const isElement = (node) => node.nodeType === Node.ELEMENT_NODE;

export function parse(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
}

/** Return the HTML of a fragment, which is empty afterwards. */
export function serialize(fragment) {
    const template = document.createElement("template");
    template.content.append(fragment);
    return template.innerHTML;
}

const source = (node) => (isElement(node) ? node.outerHTML : `<!--${node.data}-->`);

function element(name, attributes) {
    const made = parse(`<${name}></${name}>`).firstChild;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
}

/** Return whether the editor is to see a closed box in the place of a node. */
function isRaw(node) {
    if (isText(node)) return false;
    if (!isElement(node)) return true;
    const name = node.localName;
    if ([...node.attributes].some((attribute) => !/^[\w:.-]+$/.test(attribute.name))) return true;
    if (name === "img") return !node.getAttribute("src");
    if (!isInline(name)) return name !== "br" && !isBlock(name);
    const isEmpty = !node.textContent.trim() && !node.firstElementChild;
    return isEmpty && (!node.firstChild || node.attributes.length > 0);
}

/** Return HTML of a field as the editor takes it. */
export function prepare(html) {
    const root = parse(html);
    hide(root, false);
    wrapRuns(root, (run) => run.every((node) => isText(node) || node.localName === "raw-html"));
    return serialize(root);
}

function hide(parent, inCode) {
    for (const node of [...parent.childNodes]) {
        if (isText(node)) {
            if (!inCode) node.data = node.data.replace(SPACES, " "); // a line break alone would go
            continue;
        }
        if (isRaw(node)) {
            node.replaceWith(element("raw-html", { "data-html": source(node) }));
            continue;
        }
        hold(node);
        if (node.localName === "p") node.dataset.kind = "own";
        if (node.localName === "table") flatten(node);
        hide(node, inCode || node.localName === "pre");
        if (WITH_PARAGRAPHS.has(node.localName)) wrapRuns(node, () => true);
    }
}

function hold(node) {
    for (const { name, value } of [...node.attributes]) {
        if (HELD_NAMES.test(name) || (/^(href|src)$/.test(name) && HELD_VALUES.test(value))) {
            node.removeAttribute(name);
            node.setAttribute(`data-held-${name}`, value);
        }
    }
}

/** Put text that stands beside blocks, and what is inline, into paragraphs, if `when` says so. */
function wrapRuns(parent, when) {
    let run = [];
    for (const node of [...parent.childNodes, null]) {
        if (node && !(isElement(node) && (isBlock(node.localName) || hasBlock(node)))) {
            run.push(node);
            continue;
        }
        if (run.some((one) => !isText(one) || one.data.trim()) && when(run)) {
            const paragraph = element("p", { "data-kind": "bare" });
            run[0].before(paragraph);
            paragraph.append(...run);
        }
        run = [];
    }
}

/** Leave the rows of a table alone in it, each with what it was part of. */
function flatten(table) {
    const above = [...table.children].filter((node) => /^(caption|colgroup)$/.test(node.localName));
    if (above.length) table.dataset.head = above.map(source).join("");
    for (const node of above) node.remove();
    [...table.children].forEach((part, number) => {
        if (!/^(thead|tbody|tfoot)$/.test(part.localName)) return;
        const rows = [...part.children].filter((node) => node.localName === "tr");
        for (const row of rows) row.dataset.part = `${number}:${source(part.cloneNode())}`;
    });
}

/** Return HTML of the editor as a field holds it. */
export function finish(html) {
    const root = parse(html);
    unwrapParagraphs(root);
    for (const table of root.querySelectorAll("table")) raise(table);
    release(root);
    for (const box of root.querySelectorAll("raw-html")) box.replaceWith(parse(box.dataset.html));
    const made = serialize(root);
    return /^<p[^>]*><\/p>$/.test(made) ? "" : made;
}

function unwrapParagraphs(root) {
    const beside = (node) => [node.previousElementSibling, node.nextElementSibling];
    const isNew = (node) => node?.localName === "p" && !node.dataset.kind;
    const isBoxes = (node) =>
        node.firstChild && [...node.childNodes].every((one) => one.localName === "raw-html");
    const paragraphs = [...root.querySelectorAll("p")];
    const bare = paragraphs.filter((node) => {
        if (node.attributes.length > (node.dataset.kind ? 1 : 0)) return false;
        if (isBoxes(node)) return node.dataset.kind === "bare";
        if (node.dataset.kind === "bare") return !beside(node).some(isNew);
        if (!isNew(node) || node.parentNode === root) return false;
        if (!node.firstChild && !beside(node).some(Boolean)) return true;
        const isAlone = !beside(node).some((other) => other?.localName === "p");
        return isAlone && SHORT.has(node.parentNode.localName);
    });
    for (const node of paragraphs) node.removeAttribute("data-kind");
    for (const node of bare) node.replaceWith(...node.childNodes);
}

/** Give the rows of a table the parts that they had; new rows go to the part beside them. */
function raise(table) {
    const rows = [...table.children].flatMap((node) =>
        node.localName === "tr" ? [node] : [...node.children],
    );
    let last = rows.find((row) => row.dataset.part)?.dataset.part || ":<tbody></tbody>";
    let part = null;
    const parts = [];
    for (const row of rows) {
        const wanted = row.dataset.part || last;
        if (wanted !== last || !part) {
            const html = wanted.slice(wanted.indexOf(":") + 1);
            part = parse(`<table>${html}</table>`).firstChild.firstChild;
            parts.push(part);
        }
        last = wanted;
        delete row.dataset.part;
        part.append(row);
    }
    const head = parse(`<table>${table.dataset.head || ""}</table>`).firstChild;
    delete table.dataset.head;
    table.replaceChildren(...head.childNodes, ...parts);
}

function release(root) {
    for (const node of root.querySelectorAll("*")) {
        for (const { name, value } of [...node.attributes]) {
            if (!name.startsWith("data-held-")) continue;
            node.removeAttribute(name);
            node.setAttribute(name.slice("data-held-".length), value);
        }
    }
}

/** Return what is in `before` and no longer in `after`: an array of texts and tags, if any.
 *
 * It does not count how much white space there is, nor which of two formats is inside of the other,
 * nor a paragraph around text that stood in none.
 */
export function lost(before, after) {
    const read = [before, after].map((html) => {
        const root = parse(html);
        wrapRuns(root, () => true);
        for (const node of root.children) node.removeAttribute("data-kind");
        return pieces(root, [], false);
    });
    const [old, made] = read.map(joined);
    const [oldWords, newWords] = read.map(spaced);
    if (old.join("\n") === made.join("\n") && oldWords === newWords) return [];
    const left = [...made];
    const gone = old.filter((piece) => {
        const index = left.indexOf(piece);
        if (index >= 0) left.splice(index, 1);
        return index < 0;
    });
    return gone.length ? gone : [old.find((piece, index) => piece !== made[index]) || "…"];
}

/** Return the tags and texts inside of an element, an array of arrays: of a tag, null and itself;
 * of a text, the formats around it, itself without white space, and itself. */
function pieces(parent, formats, inCode) {
    return [...parent.childNodes].flatMap((node) => {
        const around = [...new Set(formats)].sort().join("");
        if (isText(node)) {
            const letters = inCode ? node.data : node.data.replace(SPACES, "");
            return [[around, letters, node.data]];
        }
        if (isRaw(node)) return [[null, around + source(node)]];
        if (/^(br|img)$/.test(node.localName)) return [[null, around + tag(node)]];
        if (!isBlock(node.localName)) return pieces(node, [...formats, tag(node)], inCode);
        const inside = pieces(node, formats, inCode || node.localName === "pre");
        return [[null, tag(node)], ...inside, [null, `</${node.localName}>`]];
    });
}

/** Return the pieces as texts, with those that have the same formats in one. */
function joined(all) {
    const texts = [];
    let last = null;
    for (const [around, text] of all.filter((piece) => piece[1])) {
        if (around !== null && around === last) texts[texts.length - 1] += text;
        else texts.push((around || "") + text);
        last = around;
    }
    return texts;
}

/** Return the words between the tags, a text. */
function spaced(all) {
    const text = all.map(([around, , words]) => (around === null ? "\0" : words)).join("");
    return text.replace(SPACES, " ").replace(/ ?\0[\0 ]*/g, "\0");
}

function tag(node) {
    const attributes = [...node.attributes]
        .filter(({ name, value }) => !(/^(col|row)span$/.test(name) && value === "1"))
        .map(({ name, value }) => ` ${name}="${value}"`);
    return `<${node.localName}${attributes.sort().join("")}>`;
}

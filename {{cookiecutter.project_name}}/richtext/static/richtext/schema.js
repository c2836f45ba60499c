// What the editor knows: the formats that its buttons make, and all other HTML well enough to show
// it and to give it back (see html.js).

import {
    Blockquote, Bold, BulletList, Code, CodeBlock, Document, Dropcursor, Extension, Gapcursor,
    HardBreak, Heading, History, HorizontalRule, Image, Italic, Link, ListItem, Mark, Node,
    OrderedList, Paragraph, Strike, Subscript, Superscript, Table, TableCell, TableHeader, TableRow,
    Text, Underline,
} from "../django_prose_editor/editor.js";
import { CONTAINERS, SPANS } from "./html.js";

const attribute = (name) => ({ default: null, parseHTML: (node) => node.getAttribute(name) });
const span = (name) => ({
    default: 1,
    parseHTML: (node) => Math.max(1, Number.parseInt(node.getAttribute(name), 10) || 1),
});
const elementName = (name) => ({
    default: name,
    rendered: false,
    parseHTML: (node) => node.localName,
});

/** Return an extension that makes the first of the elements, and keeps the others as they are. */
function of(extension, ...names) {
    return extension.extend({
        addAttributes: () => ({ tag: elementName(names[0]) }),
        parseHTML: () => names.map((tag) => ({ tag })),
        renderHTML: ({ node, mark, HTMLAttributes }) => {
            const tag = (mark || node).attrs.tag;
            return tag === "hr" || tag === "br" ? [tag, HTMLAttributes] : [tag, HTMLAttributes, 0];
        },
    });
}

const cell = (extension, name) =>
    extension.extend({
        addAttributes: () => ({
            colspan: span("colspan"),
            rowspan: span("rowspan"),
            colwidth: { default: null, rendered: false, parseHTML: () => null },
        }),
        parseHTML: () => [{ tag: name }],
    });

const Kept = Extension.create({
    name: "kept",
    addGlobalAttributes() {
        const types = this.extensions
            .filter(({ type, name }) => type !== "extension" && !/^(doc|text|rawHtml)$/.test(name))
            .map(({ name }) => name);
        const kept = {
            default: null,
            keepOnSplit: false, // no two elements get one id
            // Also those that an extension looks after: its value wins, in the old place.
            parseHTML: (node) => {
                const all = [...node.attributes].map(({ name, value }) => [name, value]);
                return all.length ? Object.fromEntries(all) : null;
            },
            renderHTML: ({ kept: all }) => all && { ...all, style: all["data-held-style"] },
        };
        return [{ types, attributes: { kept } }];
    },
});

const Container = Node.create({
    name: "container",
    group: "block",
    content: "block+",
    defining: true,
    addAttributes: () => ({ tag: elementName("div") }),
    parseHTML: () => [...CONTAINERS].map((tag) => ({ tag })),
    renderHTML: ({ node, HTMLAttributes }) => [node.attrs.tag, HTMLAttributes, 0],
});

const Span = Mark.create({
    name: "span",
    excludes: "", // one may be inside of another
    addAttributes: () => ({ tag: elementName("span") }),
    parseHTML: () => [...SPANS, "a:not([href])"].map((tag) => ({ tag })),
    renderHTML: ({ mark, HTMLAttributes }) => [mark.attrs.tag, HTMLAttributes, 0],
});

const RawHtml = Node.create({
    name: "rawHtml",
    group: "inline",
    inline: true,
    atom: true,
    addAttributes: () => ({ html: attribute("data-html") }),
    parseHTML: () => [{ tag: "raw-html" }],
    renderHTML: ({ node: { attrs } }) => [
        "raw-html",
        { "data-html": attrs.html, role: "img", "aria-label": attrs.html },
    ],
});

export function extensions({ editLink }) {
    return [
        Document, Text, Paragraph, History, Dropcursor, Gapcursor,
        of(Bold, "strong", "b"),
        of(Italic, "em", "i"),
        of(Underline, "u"),
        of(Strike, "s", "strike"),
        of(Subscript, "sub"),
        of(Superscript, "sup"),
        of(Code, "code").extend({ excludes: "" }),
        Span,
        Link.extend({
            addAttributes: () => ({ href: attribute("href") }),
            parseHTML: () => [{ tag: "a[href]" }],
            addKeyboardShortcuts: () => ({ "Mod-k": () => editLink() }),
        }).configure({ isAllowedUri: () => true }), // html.js holds what would run
        Heading,
        of(Blockquote, "blockquote"),
        of(BulletList, "ul"),
        of(OrderedList, "ol").extend({ addNodeView: null }),
        of(ListItem, "li").extend({ content: "block+" }),
        CodeBlock.extend({
            content: "inline*",
            marks: "_",
            addAttributes: () => ({}),
            parseHTML: () => [{ tag: "pre", preserveWhitespace: "full" }],
            renderHTML: ({ HTMLAttributes }) => ["pre", HTMLAttributes, 0],
        }),
        of(HorizontalRule, "hr"),
        of(HardBreak, "br"),
        Image.extend({
            addAttributes: () => ({ src: attribute("src"), alt: attribute("alt") }),
        }).configure({ inline: true, allowBase64: true }),
        Table,
        TableRow,
        cell(TableHeader, "th"),
        cell(TableCell, "td"),
        Container,
        RawHtml,
        Kept,
    ];
}

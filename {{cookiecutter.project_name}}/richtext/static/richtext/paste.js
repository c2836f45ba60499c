// What is pasted from elsewhere: structure and links are taken, and none of the looks that Word,
// Google Docs and web pages put into it.

import { parse, serialize } from "./html.js";

const SPANS = ["colspan", "rowspan"];
const KEPT = { a: ["href"], img: ["src", "alt"], td: SPANS, th: SPANS };
const SHOWN = /^(https?:|\/)/i; // Word names a file of the writer's computer
const DROPPED = "base, head, link, meta, script, style, title, xml";
const UNWRAPPED =
    "body, font, html, label, span, center, div, section, article, header, footer, main";

/** Return HTML of the clipboard, clean; what was copied from an editor of ours, as it is. */
export function cleanPasted(html) {
    if (html.includes("data-pm-slice")) return html;
    const root = parse(html);
    for (const node of root.querySelectorAll(DROPPED)) node.remove();
    for (const picture of root.querySelectorAll("img")) {
        if (!SHOWN.test(picture.getAttribute("src"))) picture.remove();
    }
    dropComments(root);
    makeLists(root);
    for (const node of root.querySelectorAll("*")) keepLooksThatMean(node);
    for (const node of [...root.querySelectorAll("*")]) {
        if (node.matches(UNWRAPPED) || node.localName.includes(":")) unwrap(node);
        else clean(node);
    }
    return serialize(root);
}

function dropComments(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_COMMENT);
    const comments = [];
    while (walker.nextNode()) comments.push(walker.currentNode);
    for (const comment of comments) comment.remove();
}

/** Make lists of Word's paragraphs that look like items, each with its level in its style. */
function makeLists(root) {
    let open = []; // the lists around the item before, the innermost last
    let previous = null;
    for (const item of root.querySelectorAll("p[style*='mso-list']")) {
        const level = Number(/mso-list:[^;]*level(\d)/.exec(item.getAttribute("style"))?.[1]);
        if (!level) continue;
        const bullet = item.querySelector("[style*='mso-list' i][style*='ignore' i]");
        const isOrdered = /^\s*\(?\w{1,4}[.)]/.test(bullet?.textContent || "");
        bullet?.remove();
        if (!previous || item.previousElementSibling !== previous) open = [];
        open.length = Math.min(open.length, level);
        while (open.length < level) {
            const list = document.createElement(isOrdered ? "ol" : "ul");
            if (open.length) lastItem(open.at(-1)).append(list);
            else item.before(list);
            open.push(list);
        }
        const made = document.createElement("li");
        made.append(...item.childNodes);
        open.at(-1).append(made);
        previous = open[0];
        item.remove();
    }
}

function lastItem(list) {
    return list.lastElementChild || list.appendChild(document.createElement("li"));
}

/** Say by an element what a style says: bold, italic, struck out. */
function keepLooksThatMean(node) {
    const style = (node.getAttribute("style") || "").replace(/\s/g, "").toLowerCase();
    const isLight = /(^|;)font-weight:(normal|[1-4]00)/.test(style);
    if (isLight && node.matches("b, strong")) return unwrap(node);
    if (!node.matches("span, font")) return;
    const names = [
        /(^|;)font-weight:(bold|[6-9]00)/.test(style) && "strong",
        /font-style:italic/.test(style) && "em",
        /text-decoration(-line)?:[^;]*line-through/.test(style) && "s",
    ].filter(Boolean);
    for (const name of names) {
        const made = document.createElement(name);
        made.append(...node.childNodes);
        node.append(made);
    }
}

function unwrap(node) {
    node.replaceWith(...node.childNodes);
}

function clean(node) {
    const name = node.localName;
    for (const attribute of [...node.attributes]) {
        if (!KEPT[name]?.includes(attribute.name)) node.removeAttribute(attribute.name);
    }
    if (name === "a" && !node.getAttribute("href")) unwrap(node);
    const isEmpty = !node.textContent.trim() && !node.querySelector("img");
    if (name === "p" && isEmpty) node.remove();
    else if (name === "p" && node.matches(":is(li, td, th) > :only-child")) unwrap(node);
}

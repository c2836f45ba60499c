// What is more comfortable with a script. Without it, all of the site works as well.

// A menu that unfolds closes when somebody clicks elsewhere, leaves it, or presses Escape.

const unfolded = () => document.querySelectorAll(".menu details[open], .search[open]");

function closeAllBut(target) {
    for (const details of unfolded()) if (!details.contains(target)) details.open = false;
}

document.addEventListener("click", (event) => closeAllBut(event.target));
document.addEventListener("focusin", (event) => closeAllBut(event.target));
document.addEventListener("keydown", (event) => {
    const inside = event.key === "Escape" && document.activeElement.closest("details[open]");
    if (inside && [...unfolded()].includes(inside)) {
        event.preventDefault();
        inside.open = false;
        inside.querySelector("summary").focus();
    }
});

// Who opens the search wants to type.

document.querySelector(".search")?.addEventListener("toggle", ({ target }) => {
    if (target.open) target.querySelector("input").focus();
});

// The pictures of a gallery open in front of the page.

function view(links, first) {
    const viewer = document.querySelector("#viewer").content.firstElementChild.cloneNode(true);
    const [picture, caption, place] = ["img", "figcaption", "output"].map((name) =>
        viewer.querySelector(name),
    );
    let shown = first;

    function show(number) {
        shown = (number + links.length) % links.length;
        const small = links[shown].querySelector("img");
        picture.src = links[shown].href;
        picture.alt = small.alt;
        caption.textContent = links[shown].dataset.description ?? "";
        place.textContent = `${shown + 1} / ${links.length}`;
    }

    viewer.addEventListener("click", ({ target }) => {
        const wanted = target.closest("button")?.value;
        if (wanted === "next") show(shown + 1);
        else if (wanted === "previous") show(shown - 1);
        else if (wanted === "close" || target === viewer) viewer.close();
    });
    viewer.addEventListener("keydown", ({ key }) => {
        const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
        if (key.startsWith("Arrow")) show(shown + ([forward, "ArrowDown"].includes(key) ? 1 : -1));
    });
    viewer.addEventListener("close", () => {
        viewer.remove();
        links[shown].focus();
    });
    show(first);
    document.body.append(viewer);
    viewer.showModal();
}

for (const gallery of document.querySelectorAll(".gallery")) {
    const links = [...gallery.querySelectorAll("a")];
    gallery.addEventListener("click", (event) => {
        const link = event.target.closest("a");
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        view(links, links.indexOf(link));
    });
}

// What another site shows is asked for on a click, and not before.

document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".embed > a");
    if (!link) return;
    event.preventDefault();
    const frame = document.createElement("iframe");
    Object.assign(frame, { src: link.href, title: link.title, allowFullscreen: true });
    link.parentElement.replaceWith(frame);
    frame.focus();
});

// Name, address and website of whoever comments stay in this browser, for the next comment.

for (const form of document.querySelectorAll("form[action*='/comment/']")) {
    const fields = ["name", "email", "url"].map((name) => form.elements[name]).filter(Boolean);
    for (const field of fields) {
        field.value ||= localStorage.getItem(`comment-${field.name}`) ?? "";
    }
    form.addEventListener("submit", () => {
        for (const field of fields) localStorage.setItem(`comment-${field.name}`, field.value);
    });
}

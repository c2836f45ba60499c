// What forms of Mezzanine's in the admin need.

// A description that is made of the text is not typed.
const generated = document.querySelector("#id_gen_description");
const description = document.querySelector("#id_description");
if (generated && description) {
    const follow = () => (description.readOnly = generated.checked);
    generated.addEventListener("change", follow);
    follow();
}

// The content of a post is HTML, and what is typed on the dashboard is not.
document.querySelector("#quick-blog-form")?.addEventListener("submit", ({ target }) => {
    const paragraph = document.createElement("p");
    const paragraphs = target.content.value.trim().split(/\n\s*\n/).map((text) => {
        paragraph.innerText = text;
        return paragraph.outerHTML;
    });
    target.content.value = paragraphs.join("");
});

// Choosing a site is enough.
for (const field of document.querySelectorAll("[data-submits]")) {
    field.addEventListener("change", () => field.form.submit());
}

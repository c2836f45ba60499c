// What Mezzanine's editing in place, which staff alone load, expects to know.

for (const [name, value] of Object.entries(document.querySelector("#editing").dataset)) {
    window[`__${name}`] = value;
}

/* Saves a line of the list as soon as it is changed. Without this file there is a button. */
(function () {
  "use strict";

  if (!window.htmx) return;

  // One line, so that what is half typed in another one is not sent.
  function save(line, extra) {
    const form = document.getElementById("lines");
    const values = Object.assign({}, extra);
    form.querySelectorAll(":scope > input[type=hidden]").forEach(function (field) {
      values[field.name] = field.value;
    });
    line.querySelectorAll("[name]").forEach(function (field) {
      if (field.form === form && field.type !== "submit") values[field.name] = field.value;
    });
    window.htmx.ajax("POST", form.action, { source: line, swap: "none", values: values });
  }

  document.addEventListener("change", function (event) {
    const line = event.target.closest("#lines .entry");
    if (line && event.target.form && event.target.form.id === "lines") save(line, {});
    if (event.target.matches("[data-tick-all]")) {
      boxes().forEach(function (box) {
        box.checked = event.target.checked;
      });
    }
    if (event.target.matches("[data-tick-all], [name=chosen]")) showTicked();
  });

  function boxes() {
    return Array.from(document.querySelectorAll("#lines [name=chosen]"));
  }

  // Who ticks a title is shown what can be done with it.
  function showTicked() {
    const n = boxes().filter((box) => box.checked).length;
    const form = document.getElementById("chosen");
    form.querySelector("[data-ticked]").textContent = n ? "· " + n + " ticked" : "";
    // On a small screen the open bar would hide the lines that are still to be ticked.
    if (window.matchMedia("(min-width: 40rem)").matches) form.querySelector("details").open = n > 0;
    document.getElementById("chosen-which").value = "chosen";
  }

  // "+1" saves its line; the Enter key in a line has saved it by its change.
  document.addEventListener("submit", function (event) {
    if (event.target.id !== "lines") return;
    event.preventDefault();
    const button = event.submitter;
    if (button && button.name === "plus") save(button.closest(".entry"), { plus: button.value });
  });

  function showTickAll() {
    document.querySelectorAll(".chosen__all[hidden]").forEach(function (label) {
      label.hidden = false;
    });
  }
  showTickAll();
  document.addEventListener("htmx:afterSettle", showTickAll);
})();

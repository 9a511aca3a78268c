/* Small comforts. Everything on the site works without this file. */
(function () {
  "use strict";

  // Close a message.
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-close]");
    if (button) button.closest(".message").remove();
  });

  // Menus close when the focus or a click goes elsewhere, and on Escape.
  function closeMenus(except) {
    document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      if (!menu.contains(except)) menu.open = false;
    });
  }
  document.addEventListener("click", function (event) {
    closeMenus(event.target);
  });
  document.addEventListener("focusin", function (event) {
    closeMenus(event.target);
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    const menu = event.target.closest("details[data-menu][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // What a menu holds is in sight once it is open.
  document.addEventListener(
    "toggle",
    function (event) {
      const panel = event.target.querySelector(".score-menu__panel");
      if (event.target.open && panel) panel.scrollIntoView({ block: "nearest" });
    },
    true
  );

  // A row of tabs that is wider than the screen shows the current one.
  function showCurrentTabs() {
    document.querySelectorAll(".tabs [aria-current]").forEach(function (tab) {
      const row = tab.parentElement;
      row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
    });
  }
  showCurrentTabs();
  document.addEventListener("htmx:afterSettle", showCurrentTabs);

  // Whoever works by keyboard keeps their place when what they pressed is replaced.
  let places = [];
  document.addEventListener("htmx:beforeRequest", function (event) {
    const from = document.activeElement;
    if (!from || from === document.body || !event.target.contains(from)) return;
    const menu = from.closest("details[data-menu]");
    const list = from.closest("#list, #entries, #for-you");
    places = [menu ? menu.querySelector("summary").id : from.id, list ? list.id : ""];
  });
  document.addEventListener("htmx:afterRequest", function () {
    for (const id of places) {
      if (document.activeElement !== document.body) return;
      const found = document.getElementById(id);
      if (found) found.focus({ preventScroll: true });
    }
  });
})();

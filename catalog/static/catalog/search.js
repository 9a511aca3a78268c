/* The search box of the header suggests titles while one types: the ARIA pattern of an editable
   combobox with a list box. htmx fetches the options; without this file Enter opens the results. */
(function () {
  "use strict";

  const input = document.getElementById("site-search");
  const list = document.getElementById("site-suggestions");
  const status = document.getElementById("site-search-status");
  if (!input || !list || !window.htmx) return;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  close();

  function options() {
    return Array.from(list.querySelectorAll("a[role=option]"));
  }

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function open() {
    if (!list.querySelector("[role=option]")) return close();
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  function activate(option) {
    options().forEach(function (each) {
      each.setAttribute("aria-selected", String(each === option));
    });
    if (!option) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function active() {
    return list.querySelector('a[aria-selected="true"]');
  }

  // The list goes with what is typed now: an answer that comes late is for something else.
  list.addEventListener("htmx:beforeSwap", function (event) {
    const asked = new URL(event.detail.xhr.responseURL).searchParams.get("q");
    if (asked !== input.value) event.detail.shouldSwap = false;
  });

  list.addEventListener("htmx:afterSwap", function () {
    if (document.activeElement !== input || !input.value.trim()) return close();
    open();
    const titles = list.querySelectorAll("a[id^=suggestion-]:not(#suggestion-all)").length;
    status.textContent = titles === 1 ? "1 title suggested" : titles + " titles suggested";
  });

  input.addEventListener("input", function () {
    activate(null);
    if (!input.value.trim()) {
      list.replaceChildren();
      status.textContent = "";
      close();
    }
  });

  input.addEventListener("focus", open);

  input.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      open();
      const all = options();
      if (list.hidden || !all.length) return;
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place more than there are options: the text itself.
      const place = (all.indexOf(active()) + 1 + step + all.length + 1) % (all.length + 1);
      activate(all[place - 1] || null);
    } else if (event.key === "Enter" && !list.hidden && active()) {
      event.preventDefault();
      active().click();
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault(); // the second Escape empties the field
      activate(null);
      close();
    } else if (event.key === "Tab") {
      close();
    }
  });

  // A press on an option must not take the focus away before the click opens it.
  list.addEventListener("mousedown", function (event) {
    if (event.button === 0) event.preventDefault();
  });
  document.addEventListener("focusin", function (event) {
    if (event.target !== input && !list.contains(event.target)) close();
  });
  document.addEventListener("click", function (event) {
    if (event.target !== input && !list.contains(event.target)) close();
  });
})();

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

  // All buttons of the form #act are sent by htmx: the page stays, only what has changed is new.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    const button = event.submitter;
    if (form.id !== "act" || !button || !window.htmx) return;
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form, button));
    const action = button.getAttribute("formaction");
    window.htmx.ajax("POST", action, { source: button, swap: "none", values: values });
  });

  // The one menu of scores moves to where it is opened.
  const template = document.getElementById("score-panel");
  const panel = template && template.content.firstElementChild.cloneNode(true);
  function closeScores(focus) {
    if (!panel || !panel.parentElement) return;
    const opener = panel.parentElement.querySelector("[data-score-menu]");
    panel.remove();
    if (!opener) return;
    opener.removeAttribute("aria-expanded");
    if (focus) opener.focus();
  }
  function openScores(opener) {
    const title = opener.dataset.scoreMenu;
    const own = opener.dataset.own;
    panel.querySelectorAll("[formaction]").forEach(function (button) {
      const action = button.getAttribute("formaction");
      button.setAttribute("formaction", action.replace(/\/\d+\//, "/" + title + "/"));
      if (button.name !== "score") return;
      button.id = "score-" + title + "-" + button.value;
      button.setAttribute("aria-pressed", String(button.value === own));
    });
    panel.querySelector("[data-plan]").hidden = "planned" in opener.dataset;
    panel.querySelector("[data-remove]").hidden = !("listed" in opener.dataset);
    opener.after(panel);
    opener.setAttribute("aria-expanded", "true");
    panel.scrollIntoView({ block: "nearest" });
    panel.querySelector("[aria-pressed=true], .scores__button").focus({ preventScroll: true });
  }
  document.addEventListener("click", function (event) {
    const opener = panel && event.target.closest("[data-score-menu]");
    const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (opener && isPlain) {
      event.preventDefault();
      const wasOpen = opener.hasAttribute("aria-expanded");
      closeScores(false);
      if (!wasOpen) openScores(opener);
    } else if (panel && !panel.contains(event.target)) {
      closeScores(false);
    }
  });
  document.addEventListener("focusin", function (event) {
    if (panel && panel.isConnected && !panel.parentElement.contains(event.target)) closeScores(false);
  });
  document.addEventListener("keydown", function (event) {
    if (!panel || !panel.contains(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") closeScores(true);
    // A digit is the score, 0 is ten.
    if (/^[0-9]$/.test(event.key)) {
      event.preventDefault();
      panel.querySelector('[value="' + (event.key === "0" ? "10" : event.key) + '"]').click();
    }
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const buttons = Array.from(panel.querySelectorAll(".scores__button"));
    const place = buttons.indexOf(event.target);
    if (step && place >= 0) {
      event.preventDefault();
      buttons[(place + step + buttons.length) % buttons.length].focus();
    }
  });

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
    const menu = from.closest(".score-menu");
    const opener = menu && menu.querySelector("[data-score-menu]");
    const list = from.closest("#list, #entries, #for-you");
    places = [opener ? opener.id : from.id, list ? list.id : ""];
  });
  document.addEventListener("htmx:afterRequest", function () {
    closeScores(true);
    for (const id of places) {
      if (document.activeElement !== document.body) return;
      const found = document.getElementById(id);
      if (found) found.focus({ preventScroll: true });
    }
  });
})();

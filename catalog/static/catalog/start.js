/* Scoring by keyboard where one begins. The page works without this file: every key has a button. */
(function () {
  "use strict";

  const page = document.querySelector(".start");
  if (!page || !window.htmx) return;

  function tiles() {
    return Array.from(page.querySelectorAll("[data-tile]"));
  }
  function isOpen(tile) {
    return !("score" in tile.dataset) && !("skipped" in tile.dataset);
  }

  // One tile of all is reached by Tab, and its buttons behind it.
  let current = "";
  function showCurrent() {
    const all = tiles();
    const chosen = all.find((tile) => tile.id === current) || all.find(isOpen) || all[0];
    current = chosen ? chosen.id : "";
    all.forEach(function (tile) {
      tile.tabIndex = tile === chosen ? 0 : -1;
      tile.querySelectorAll("a, button").forEach(function (each) {
        each.tabIndex = tile === chosen ? 0 : -1;
      });
    });
  }
  function go(tile) {
    if (!tile) return;
    current = tile.id;
    showCurrent();
    tile.focus();
    tile.scrollIntoView({ block: "nearest" });
  }

  // The next title without an answer; behind the last one, the button for others.
  function goOn(from) {
    const all = tiles();
    const place = all.indexOf(from);
    const next = all.slice(place + 1).find(isOpen) || all.slice(0, place).find(isOpen);
    if (next) go(next);
    else document.getElementById("start-more").focus();
  }

  function neighbour(tile, key) {
    const all = tiles();
    const place = all.indexOf(tile);
    const inRow = all.filter((each) => each.offsetTop === all[0].offsetTop).length || 1;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -inRow, ArrowDown: inRow }[key];
    if (step) return all[place + step];
    return { Home: all[0], End: all[all.length - 1] }[key];
  }

  function press(tile, selector) {
    const button = tile.querySelector(selector);
    if (button) button.click();
    return Boolean(button);
  }

  page.addEventListener("keydown", function (event) {
    const tile = event.target.closest("[data-tile]");
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = neighbour(tile, event.key);
    if (target) {
      go(target);
    } else if (/^[0-9]$/.test(event.key)) {
      const score = event.key === "0" ? "10" : event.key;
      press(tile, '[name="score"][value="' + score + '"]');
      tile.dataset.score = score; // as it will be: the answer comes in a moment
      goOn(tile);
    } else if (event.key.toLowerCase() === "s") {
      if (isOpen(tile) && press(tile, '[name="skip"]')) tile.dataset.skipped = "";
      goOn(tile);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      press(tile, '[name="take-back"]');
    } else {
      return;
    }
    event.preventDefault();
  });
  page.addEventListener("focusin", function (event) {
    const tile = event.target.closest("[data-tile]");
    if (!tile || tile.id === current) return;
    current = tile.id;
    showCurrent();
  });

  // What is pressed quickly is sent in order, one after the other, so that the list that is shown
  // at the end is that of the last score.
  let queue = Promise.resolve();
  document.addEventListener(
    "submit",
    function (event) {
      const button = event.submitter;
      if (event.target.id !== "act" || !button || !page.contains(button)) return;
      event.preventDefault();
      event.stopPropagation();
      const values = Object.fromEntries(new FormData(event.target, button));
      const path = button.getAttribute("formaction");
      if (button.name === "score") {
        button.parentElement.querySelectorAll("button").forEach(function (each) {
          each.setAttribute("aria-pressed", String(each === button));
        });
      }
      queue = queue.then(function () {
        const hadFocus = button.contains(document.activeElement) ? button.closest("[data-tile]") : null;
        // By the page and not by the button, which the answer before may have replaced.
        return window.htmx
          .ajax("POST", path, { source: page, swap: "none", values: values })
          .then(function () {
            // htmx gives the focus back to the button, which is now behind the new titles.
            if (button.id === "start-more") go(tiles()[0]);
            else if (hadFocus && document.activeElement === document.body) focusOn(hadFocus.id);
          });
      });
    },
    true
  );
  function focusOn(id) {
    const tile = document.getElementById(id);
    if (tile) tile.focus({ preventScroll: true });
  }

  document.addEventListener("htmx:oobAfterSwap", function (event) {
    showCurrent();
    if (event.detail.target.id === "start-titles") window.scrollTo({ top: 0 });
  });
  showCurrent();
})();

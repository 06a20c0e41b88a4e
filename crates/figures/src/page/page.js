"use strict";
// Tables that sort, filter, search and turn their pages, and texts that can be copied. All of it is in the page without
// this script, too.
(() => {
  const PAGE_SIZES = [25, 50, 100, 500];
  const MAX_CHOICES = 300;
  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  // A cell's number, its text, or null for an empty one, which is sorted to the end either way.
  const keyOf = (cell) => {
    if (!cell) return null;
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    return cell.textContent.trim() || null;
  };
  const compare = (left, right) => {
    const numbers = typeof left === "number" && typeof right === "number";
    return numbers ? left - right : words.compare(String(left), String(right));
  };

  // Of each table: shows all rows that were found, and returns what brings its page back.
  const printing = [];

  const enhance = (table) => {
    const frame = table.closest(".scroll");
    const name = frame.getAttribute("aria-label");
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...body.rows].map((element) => ({
      element,
      text: element.textContent.toLowerCase(),
      keys: heads.map((_, column) => keyOf(element.cells[column])),
    }));
    if (rows.length < 2) return;
    let sorted = null;
    let first = 0;
    let size = PAGE_SIZES[0];
    let found = rows;

    const search = make("input", { type: "search", autocomplete: "off", spellcheck: false });
    const status = make("p", {});
    status.setAttribute("role", "status");
    const previous = make("button", { type: "button", textContent: "Previous" });
    const next = make("button", { type: "button", textContent: "Next" });
    const sizes = make("select", {}, ...[...PAGE_SIZES, "all"].map((value) => make("option", { value, textContent: value })));
    const filters = heads.flatMap((head, column) => {
      if (!head.classList.contains("filter")) return [];
      const values = [...new Set(rows.map((row) => row.keys[column]))].filter((value) => value !== null);
      if (values.length > MAX_CHOICES) return [];
      const texts = new Map(rows.map((row) => [row.keys[column], row.element.cells[column].textContent]));
      const options = values.sort(compare).map((value, index) => make("option", { value: index, textContent: texts.get(value) }));
      const select = make("select", {}, make("option", { value: "", textContent: "all" }), ...options);
      return [{ column, values, select, name: head.textContent }];
    });

    const show = () => {
      const shown = size === "all" ? found : found.slice(first, first + size);
      body.replaceChildren(...shown.map((row) => row.element));
      const last = first + shown.length;
      const part = shown.length < found.length ? `${first + 1} to ${last} of ` : "";
      const all = found.length < rows.length ? ` (${rows.length} in all)` : "";
      status.textContent = `Shows ${part}${found.length} rows${all}`;
      previous.disabled = first === 0;
      next.disabled = last >= found.length;
    };
    const update = () => {
      const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const chosen = filters.filter((filter) => filter.select.value !== "");
      found = rows.filter((row) =>
        terms.every((term) => row.text.includes(term)) &&
        chosen.every((filter) => row.keys[filter.column] === filter.values[Number(filter.select.value)]));
      if (sorted) {
        const { column, sign } = sorted;
        found.sort((left, right) => {
          const [a, b] = [left.keys[column], right.keys[column]];
          if (a === null || b === null) return (a === null) - (b === null);
          return sign * compare(a, b);
        });
      }
      first = 0;
      show();
    };

    // Numbers first fall, words first rise; the third click brings back the order at first.
    const sortBy = (column) => {
      const begin = heads[column].classList.contains("n") ? -1 : 1;
      if (!sorted || sorted.column !== column) sorted = { column, sign: begin };
      else sorted = sorted.sign === begin ? { column, sign: -begin } : null;
      heads.forEach((head, index) => {
        if (sorted && sorted.column === index) head.setAttribute("aria-sort", sorted.sign > 0 ? "ascending" : "descending");
        else head.removeAttribute("aria-sort");
      });
      update();
    };
    heads.forEach((head, column) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      if (head.title) button.title = head.title;
      button.addEventListener("click", () => sortBy(column));
      head.replaceChildren(button);
    });

    const turn = (pages) => {
      first = Math.max(0, first + pages * size);
      show();
      // At once: who turns pages quickly would click beside a button that moves.
      frame.scrollIntoView({ block: "nearest", behavior: "instant" });
    };
    previous.addEventListener("click", () => turn(-1));
    next.addEventListener("click", () => turn(1));
    search.addEventListener("input", update);
    filters.forEach((filter) => filter.select.addEventListener("change", update));
    sizes.addEventListener("change", () => {
      size = sizes.value === "all" ? "all" : Number(sizes.value);
      first = 0;
      show();
    });

    const tools = make("div", { className: "tools" }, make("label", {}, "Search", search));
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", `${name}: search and filters`);
    tools.append(...filters.map((filter) => make("label", {}, filter.name, filter.select)));
    const isLong = rows.length > PAGE_SIZES[0];
    if (isLong) tools.append(make("label", {}, "Rows on a page", sizes));
    frame.before(tools);
    const pages = make("div", { className: "tools" }, status, ...(isLong ? [previous, next] : []));
    frame.after(pages);
    show();
    printing.push(() => {
      const page = [size, first];
      [size, first] = ["all", 0];
      show();
      return () => {
        [size, first] = page;
        show();
      };
    });
  };

  const addCopy = (frame) => {
    const text = frame.querySelector("pre");
    const button = make("button", { type: "button", textContent: "Copy" });
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.textContent);
      } catch {
        // Some browsers have no clipboard for a file: the text is selected, for a copy by the keyboard.
        getSelection().selectAllChildren(text);
        if (!document.execCommand("copy")) return;
      }
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    frame.append(button);
  };

  document.querySelectorAll("table.data").forEach(enhance);
  document.querySelectorAll(".code").forEach(addCopy);

  // On paper nothing opens by a click, and no page turns.
  let restored = [];
  addEventListener("beforeprint", () => {
    const closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((details) => { details.open = true; });
    restored = [() => closed.forEach((details) => { details.open = false; }), ...printing.map((print) => print())];
  });
  addEventListener("afterprint", () => {
    restored.forEach((restore) => restore());
    restored = [];
  });
})();

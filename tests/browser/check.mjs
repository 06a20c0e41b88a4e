// Report pages in a real Chromium: node check.mjs [--screenshots DIR] PAGE.html ...
//
// A page has to render without an error, ask for nothing, keep to a narrow screen, print, have no serious finding of axe,
// light and dark, and show all of its rows without its script. Its tables have to sort, filter, search and turn pages.
import assert from "node:assert/strict";
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const VIEWS = [
  { scheme: "light", width: 1280 }, { scheme: "dark", width: 1280 }, { scheme: "light", width: 320 }, { scheme: "dark", width: 320 },
];

const paths = process.argv.slice(2);
let screenshots = null;
if (paths[0] === "--screenshots") {
  screenshots = paths[1];
  mkdirSync(screenshots, { recursive: true });
  paths.splice(0, 2);
}
if (paths.length === 0) {
  console.error("usage: node check.mjs [--screenshots DIR] PAGE.html ...");
  process.exit(2);
}

/** A page of the browser that remembers what must not happen. */
const open = async (browser, path, { scheme = "light", width = 1280, script = true } = {}) => {
  const page = await browser.newPage();
  const faults = [];
  const url = pathToFileURL(resolve(path)).href;
  page.on("console", (message) => ["error", "warn", "warning"].includes(message.type()) && faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => request.url().split("#")[0] !== url && faults.push(`request: ${request.url().slice(0, 200)}`));
  await page.setJavaScriptEnabled(script);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setViewport({ width, height: 900 });
  await page.goto(url, { waitUntil: "load", timeout: 120_000 });
  return { page, faults };
};

const findings = async (page) => {
  // The page's own policy forbids scripts from elsewhere, so that axe is evaluated and not inserted.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter((violation) => ["serious", "critical"].includes(violation.impact));
  return serious.map(({ id, help, nodes }) => `axe: ${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
};

/** Every row of every table as the keys that it is sorted by, from the page without its script. */
const rowsWithoutScript = async (browser, path) => {
  const { page, faults } = await open(browser, path, { script: false });
  assert.deepEqual(faults, [], "without its script");
  const tables = await page.evaluate(() => [...document.querySelectorAll("table.data")].map((table) => ({
    numeric: [...table.tHead.rows[0].cells].map((cell) => cell.classList.contains("n")),
    rows: [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => ({
      value: cell.dataset.v === undefined ? null : Number(cell.dataset.v), text: cell.textContent.trim(),
    }))),
  })));
  await page.close();
  return tables;
};

/** What a table shows: a column's texts, the order of the columns, and the line below. */
const shown = (page, index, column = 0) => page.evaluate((index, column) => {
  const table = document.querySelectorAll("table.data")[index];
  return {
    texts: [...table.tBodies[0].rows].map((row) => row.cells[column].textContent.trim()),
    sort: [...table.tHead.rows[0].cells].map((cell) => cell.getAttribute("aria-sort")),
    status: table.closest(".scroll").nextElementSibling.querySelector("[role=status]").textContent,
  };
}, index, column);

/** The controls around a table as a selector: they are named by a mark that this sets. */
const mark = (page, index) => page.evaluate((index) => {
  const frame = document.querySelectorAll("table.data")[index].closest(".scroll");
  frame.id = `frame-${index}`;
  frame.previousElementSibling.id = `tools-${index}`;
  frame.nextElementSibling.id = `pages-${index}`;
}, index);

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** The texts of a column in the order that a sort should give. */
const sorted = (rows, column, sign) => {
  const keys = rows.map((row) => row[column].value ?? (row[column].text || null));
  const order = rows.map((_, index) => index).sort((a, b) => {
    const [left, right] = [keys[a], keys[b]];
    if (left === null || right === null) return (left === null) - (right === null);
    return sign * (typeof left === "number" && typeof right === "number" ? left - right : collator.compare(String(left), String(right)));
  });
  return order.map((index) => rows[index][column].text);
};

const checkSorting = async (page, index, { rows, numeric }) => {
  const first = await shown(page, index);
  for (let column = 0; column < numeric.length; column++) {
    const button = `#frame-${index} th:nth-child(${column + 1}) button`;
    for (const step of [1, 2]) {
      // The first by a click, the second by the keyboard.
      if (step === 1) await page.click(button);
      else { await page.focus(button); await page.keyboard.press("Enter"); }
      const sign = (numeric[column] ? -1 : 1) * (step === 1 ? 1 : -1);
      const now = await shown(page, index, column);
      assert.equal(now.sort[column], sign > 0 ? "ascending" : "descending", `aria-sort of column ${column}`);
      assert.equal(now.sort.filter(Boolean).length, 1, "only one column is sorted");
      assert.deepEqual(now.texts, sorted(rows, column, sign).slice(0, now.texts.length), `order by column ${column}`);
    }
    await page.keyboard.press("Space");
    const again = await shown(page, index);
    assert.deepEqual(again.texts, first.texts, "the third time brings back the order at first");
    assert.deepEqual(again.sort.filter(Boolean), []);
  }
};

const checkSearch = async (page, index, { rows }) => {
  const word = rows.at(-1).map((cell) => cell.text).join(" ").toLowerCase().split(/\s+/).filter((word) => word.length > 1 && word.length < 40)[0];
  if (!word) return;
  const input = `#tools-${index} input[type=search]`;
  await page.type(input, word);
  // The text of a row as the page has it: the cells without anything between them.
  const matching = rows.filter((row) => row.map((cell) => cell.text).join("").toLowerCase().includes(word));
  const now = await shown(page, index);
  assert.ok(matching.length > 0);
  assert.deepEqual(now.texts, matching.slice(0, now.texts.length).map((row) => row[0].text), `search for ${word}`);
  const all = matching.length < rows.length ? `${matching.length} rows (${rows.length} in all)` : `${rows.length} rows`;
  assert.ok(now.status.endsWith(all), `${now.status}: ${all}`);
  await page.type(input, " nothing-has-this-word");
  assert.match((await shown(page, index)).status, /^Shows 0 rows \(\d+ in all\)$/);
  await page.click(input, { count: 3 });
  await page.keyboard.press("Backspace");
  assert.equal((await shown(page, index)).status.includes("in all"), false);
};

const checkFilters = async (page, index, { rows }) => {
  const columns = await page.evaluate((index) => {
    const heads = [...document.querySelector(`#frame-${index} thead tr`).cells];
    return heads.flatMap((head, column) => (head.classList.contains("filter") ? [column] : []));
  }, index);
  const selects = await page.$$(`#tools-${index} label:not(:has(input)) select`);
  for (const [number, column] of columns.entries()) {
    const [value, text] = await selects[number].evaluate((select) => [select.options[1].value, select.options[1].textContent]);
    await selects[number].select(value);
    const expected = rows.filter((row) => row[column].text === text.trim());
    const now = await shown(page, index, column);
    assert.ok(expected.length > 0 && now.texts.every((shown) => shown === text.trim()), `filter by ${text}`);
    const all = expected.length < rows.length ? `${expected.length} rows (${rows.length} in all)` : `${rows.length} rows`;
    assert.ok(now.status.endsWith(all), `${now.status}: ${all}`);
    await selects[number].select("");
  }
};

const checkPages = async (page, index, { rows }) => {
  const first = await shown(page, index);
  assert.equal(first.texts.length, Math.min(25, rows.length));
  if (rows.length <= 25) return assert.equal(first.status, `Shows ${rows.length} rows`);
  assert.equal(first.status, `Shows 1 to 25 of ${rows.length} rows`);
  await page.focus(`#pages-${index} button:last-of-type`);
  await page.keyboard.press("Enter");
  const second = await shown(page, index);
  assert.deepEqual(second.texts, rows.slice(25, 50).map((row) => row[0].text), "the second page");
  await page.click(`#pages-${index} button`);
  assert.deepEqual((await shown(page, index)).texts, first.texts, "back to the first");
  await (await page.$$(`#tools-${index} select`)).at(-1).select("all");
  assert.equal((await shown(page, index)).texts.length, rows.length, "all rows on a page");
  await (await page.$$(`#tools-${index} select`)).at(-1).select("25");
};

const checkTables = async (page, tables) => {
  for (const [index, table] of tables.entries()) {
    if (table.rows.length < 2) continue;
    await mark(page, index);
    await checkPages(page, index, table);
    await checkSorting(page, index, table);
    await checkSearch(page, index, table);
    await checkFilters(page, index, table);
  }
};

/** What holds at every size and in both schemes. */
const checkView = async (browser, path, view) => {
  const { page, faults } = await open(browser, path, view);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= view.width, `the page is ${width} pixels wide on a screen of ${view.width}`);
  const landmarks = await page.evaluate(() => [document.title, document.querySelectorAll("h1").length, document.querySelectorAll("main").length]);
  assert.ok(landmarks[0].length > 0 && landmarks[1] === 1 && landmarks[2] === 1, `title, h1 and main: ${landmarks}`);
  const unnamed = await page.evaluate(() => [...document.querySelectorAll("svg")].filter((svg) => svg.getAttribute("role") !== "img" || !svg.getAttribute("aria-label")).length);
  assert.equal(unnamed, 0, "pictures without a name");
  assert.ok(await page.evaluate(() => document.scripts.length) <= 1, "no script but its own");
  if (screenshots) {
    const name = `${basename(path, ".html")}-${view.scheme}-${view.width}.png`;
    const height = Math.min(6000, await page.evaluate(() => document.documentElement.scrollHeight));
    await page.screenshot({ path: join(screenshots, name), clip: { x: 0, y: 0, width: view.width, height }, captureBeyondViewport: true });
  }
  const found = await findings(page);
  assert.deepEqual([...faults, ...found], [], `${view.scheme}, ${view.width} pixels`);
  await page.close();
};

/** On paper all rows of a table are there, and afterwards its first page again. */
const checkPrint = async (browser, path) => {
  const { page, faults } = await open(browser, path);
  const rows = (event) => page.evaluate((name) => {
    if (name) dispatchEvent(new Event(name));
    return [...document.querySelectorAll("table.data")].map((table) => table.tBodies[0].rows.length);
  }, event);
  const [before, printed, after] = [await rows(), await rows("beforeprint"), await rows("afterprint")];
  assert.deepEqual(after, before, "rows of a page after printing");
  const status = await page.evaluate(() => [...document.querySelectorAll("[role=status]")].map((line) => line.textContent));
  const found = status.map((line) => Number(line.match(/(\d+) rows/)[1])).filter((number) => number > 25);
  for (const number of found) assert.ok(printed.includes(number), `${number} rows were found, ${printed} are printed`);
  const pdf = await page.pdf({ format: "A4", timeout: 120_000 });
  assert.equal(Buffer.from(pdf.subarray(0, 5)).toString(), "%PDF-");
  assert.ok(pdf.length > 5000, `${pdf.length} bytes of PDF`);
  assert.deepEqual(faults, [], "print");
  await page.close();
};

const profile = mkdtempSync(join(tmpdir(), "report-browser-"));
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS, userDataDir: profile, headless: true, protocolTimeout: 300_000,
});
let failed = 0;
let tested = 0;
try {
  for (const path of paths) {
    const begin = Date.now();
    try {
      const tables = await rowsWithoutScript(browser, path);
      tested += tables.length;
      for (const view of VIEWS) await checkView(browser, path, view);
      const { page, faults } = await open(browser, path);
      await checkTables(page, tables);
      assert.deepEqual(faults, [], "tables");
      await page.close();
      await checkPrint(browser, path);
      const rows = tables.map((table) => table.rows.length);
      console.log(`ok    ${path}: ${tables.length} tables of ${rows.join(", ") || "no"} rows, ${((Date.now() - begin) / 1000).toFixed(1)} s`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${path}: ${error.message}`);
    }
  }
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
if (tested === 0) {
  failed += 1;
  console.log("FAIL  none of the pages has a table");
}
process.exit(failed > 0 ? 1 : 0);

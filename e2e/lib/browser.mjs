// Pages in a real Chromium that fail a test when anything goes to the console.

import assert from "node:assert/strict";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { ARGUMENTS, DESKTOP, executable, settled } from "./page.mjs";

export { DESKTOP, PHONE, open, settled } from "./page.mjs";

export const base = process.env.TRAILMAP_URL;
assert.ok(base, "TRAILMAP_URL: start the tests with `make e2e`, or name a running Trailmap");

/** The panels of the Overview, in order. */
export const PANELS = [
  "key-figures",
  "access-map",
  "events-by-outcome",
  "events-by-name",
  "sign-ins",
  "sign-ins-by-region",
  "top-console-users",
  "source-addresses",
  "errors",
  "recent-events",
];

let browser;
after(() => browser?.close());

/** A browser of its own: no cookie, no cache, no history. */
export async function context(options = {}) {
  browser ??= await chromium.launch({ executablePath: executable(), args: ARGUMENTS });
  return browser.newContext({ baseURL: base, viewport: DESKTOP, ...options });
}

/** Contexts that no test uses at present, by their options: their caches hold the program's files, and nothing else is left. */
const free = new Map();

/** A page whose `problems` lists console errors and warnings, exceptions, failed requests, dialogs and policy reports. */
export async function page(t, options = {}) {
  const key = JSON.stringify(options);
  const own = free.get(key)?.pop() ?? (await context(options));
  const page = await own.newPage();
  t.after(async () => {
    await page.evaluate(() => localStorage.clear()).catch(() => {});
    await Promise.all(own.pages().map((page) => page.close()));
    await own.clearCookies();
    free.set(key, [...(free.get(key) ?? []), own]);
  });
  page.setDefaultTimeout(20_000);
  watch(page);
  return page;
}

export function watch(page) {
  page.problems = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.problems.push(`exception: ${error.message}`));
  page.on("dialog", (dialog) => {
    page.problems.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  page.on("response", (response) => {
    if (response.status() >= 500) page.problems.push(`${response.status()} ${response.url()}`);
  });
}

export function clean(page) {
  assert.deepEqual(page.problems, [], "the console is clean");
}

export const panel = (page, id) => page.locator(`[data-panel="${id}"]`);

/** The exact number on a tile of the key figures. */
export async function figure(page, key) {
  const value = await panel(page, "key-figures").locator(`[data-figure="${key}"]`).first().evaluate((tile) => {
    const holder = tile.hasAttribute("data-value") ? tile : tile.querySelector("[data-value]");
    return holder?.getAttribute("data-value");
  });
  assert.match(value ?? "", /^-?[\d.]+$/, `the tile ${key} has a number`);
  return Number(value);
}

/** Marks the document, to notice when it is loaded anew. */
export const brand = (page) => page.evaluate(() => (window.branded = true));
export const branded = (page) => page.evaluate(() => window.branded === true);

/** Does `action`, and waits until the address has changed and all panels have their data again. */
export async function navigate(page, action) {
  const before = page.url();
  await action();
  await page.waitForFunction((before) => location.href !== before, before);
  // One frame for the panels to notice, then until they are done.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50))));
  await settled(page);
}

export const query = (page) => new URL(page.url()).searchParams;

/** The answer of an export address, as JSON. */
export async function json(path) {
  const answer = await fetch(new URL(path, base));
  assert.equal(answer.status, 200, path);
  return answer.json();
}

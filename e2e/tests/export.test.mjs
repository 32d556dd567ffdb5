// Exports: the same numbers as on the page, by address alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PANELS, base, clean, json, open, page, panel } from "../lib/browser.mjs";

const RANGE = "from=now-20d/d&to=now-1d/d";

/** Reads RFC 4180. */
function records(csv) {
  const rows = [[""]];
  let quoted = false;
  for (let at = 0; at < csv.length; at += 1) {
    const c = csv[at];
    const row = rows.at(-1);
    if (quoted && c === '"' && csv[at + 1] === '"') (row[row.length - 1] += '"'), (at += 1);
    else if (c === '"') quoted = !quoted;
    else if (!quoted && c === ",") row.push("");
    else if (!quoted && c === "\n") rows.push([""]);
    else if (quoted || c !== "\r") row[row.length - 1] += c;
  }
  return rows.filter((row) => row.length > 1 || row[0] !== "");
}

test("every panel has JSON, CSV and SVG at its address", async () => {
  for (const id of PANELS) {
    const data = await json(`/d/overview/${id}.json?${RANGE}`);
    assert.equal(data.panel.id, id);
    assert.match(data.window.from, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.ok(data.rows.length > 0, `${id}: rows`);
    const keys = data.columns.map((column) => column.key);
    for (const row of data.rows) assert.ok(Object.keys(row).every((key) => keys.includes(key)), `${id}: keys are columns`);

    const csv = await fetch(new URL(`/d/overview/${id}.csv?${RANGE}`, base));
    assert.match(csv.headers.get("content-type"), /^text\/csv/);
    assert.match(csv.headers.get("content-disposition"), /attachment; filename="[\w.-]+\.csv"/);
    const rows = records(await csv.text());
    assert.equal(rows.length, data.rows.length + 1, `${id}: a head and as many rows as the JSON`);

    const svg = await fetch(new URL(`/d/overview/${id}.svg?${RANGE}`, base));
    assert.equal(svg.status, 200, id);
    assert.match(svg.headers.get("content-type"), /^image\/svg\+xml/);
  }
});

test("the export holds what the table on the page shows", async (t) => {
  const alone = await page(t);
  await open(alone, `/d/overview/source-addresses?${RANGE}`);
  const data = await json(`/d/overview/source-addresses.json?${RANGE}`);
  const table = panel(alone, "source-addresses").locator("table[data-role=rows]").first();
  const cells = (key) => table.locator(`tr[data-row] td[data-key="${key}"]`).allInnerTexts();
  const digits = (text) => Number(text.replace(/\D/g, ""));
  const addresses = (await cells("source_ip")).map((text) => text.trim().split(/\s/)[0]);
  assert.ok(addresses.length > 3);
  assert.deepEqual(addresses, data.rows.map((row) => row.source_ip).slice(0, addresses.length));
  assert.deepEqual(
    (await cells("events")).map(digits),
    data.rows.map((row) => row.events).slice(0, addresses.length),
  );
  const rows = records(await (await fetch(new URL(`/d/overview/source-addresses.csv?${RANGE}`, base))).text());
  const at = data.columns.findIndex((column) => column.key === "source_ip");
  assert.deepEqual(rows.slice(1).map((row) => row[at]), data.rows.map((row) => row.source_ip));
  clean(alone);
});

test("the menu's links lead to the data of what is seen", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}&q=outcome:failure`);
  const menu = panel(overview, "errors").locator("details[data-role=menu]");
  await menu.locator("summary").click();
  for (const kind of ["json", "csv", "svg"]) {
    const href = await menu.locator(`a[data-export=${kind}]`).getAttribute("href");
    const url = new URL(href, base);
    assert.equal(url.pathname, `/d/overview/errors.${kind}`);
    assert.equal(url.searchParams.get("q"), "outcome:failure");
    assert.equal(url.searchParams.get("from"), "now-20d/d");
    assert.equal((await fetch(url)).status, 200, href);
  }
  clean(overview);
});

test("the SVG opens as an image", async (t) => {
  const blank = await page(t, { bypassCSP: true });
  await blank.goto("/healthz");
  for (const id of PANELS) {
    for (const theme of ["light", "dark"]) {
      const [width, height] = await blank.evaluate(
        (src) =>
          new Promise((resolve, reject) => {
            const image = new Image();
            image.onload = () => resolve([image.naturalWidth, image.naturalHeight]);
            image.onerror = () => reject(new Error(`${src} is no image`));
            image.src = src;
          }),
        `/d/overview/${id}.svg?${RANGE}&theme=${theme}`,
      );
      assert.ok(width > 100 && height > 50, `${id}, ${theme}: ${width} × ${height}`);
    }
  }
});

test("the map has a table of the same numbers", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  const table = panel(overview, "access-map").locator("details[data-role=as-table]").first();
  await table.locator("summary").click();
  const data = await json(`/d/overview/access-map.json?${RANGE}`);
  const top = data.rows[0];
  const text = await table.innerText();
  assert.ok(text.includes(top.country), `${top.country} is in the table`);
  assert.ok(text.replace(/[^\d\n\t ]/g, "").includes(String(top.events)), `${top.events} is in the table`);
  clean(overview);
});

test("one event, as it was delivered", async (t) => {
  const data = await json(`/d/overview/recent-events.json?${RANGE}`);
  const id = data.rows[0].event_id;
  const event = await json(`/event/${encodeURIComponent(id)}.json`);
  assert.equal(event.eventID, id);
  const shown = await page(t);
  const answer = await shown.goto(`/event/${encodeURIComponent(id)}`);
  assert.equal(answer.status(), 200);
  assert.ok((await shown.locator("body").innerText()).includes(id));
  assert.equal((await fetch(new URL("/event/no-such-event.json", base))).status, 404);
});

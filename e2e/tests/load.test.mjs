// The page loads, becomes interactive, and every panel shows something, without a word on the console.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PANELS, base, clean, figure, json, open, page, panel } from "../lib/browser.mjs";

test("the overview hydrates and all panels have content", async (t) => {
  const overview = await page(t);
  const answer = await open(overview, "/?range=30d");
  assert.equal(answer.status(), 200);
  assert.equal(await overview.locator("[data-panel]").count(), PANELS.length);
  for (const id of PANELS) {
    const frame = panel(overview, id);
    assert.equal(await frame.locator("[data-role=error]").count(), 0, `${id}: no error`);
    assert.equal(await frame.locator("[data-role=empty]").count(), 0, `${id}: not empty`);
    assert.ok((await frame.locator("[data-role=body]").innerText()).trim().length > 3, `${id}: text in its body`);
  }
  for (const id of ["access-map", "events-by-outcome", "events-by-name", "sign-ins", "errors"]) {
    assert.ok((await panel(overview, id).locator("svg a").count()) > 0, `${id}: marks are links`);
  }
  for (const id of ["top-console-users", "source-addresses"]) {
    assert.ok((await panel(overview, id).locator("table[data-role=rows] tr[data-row]").count()) > 2, `${id}: rows`);
  }
  clean(overview);
});

test("/ and /d/overview are the same page", async (t) => {
  const first = await page(t);
  await open(first, "/?range=7d");
  const events = await figure(first, "events");
  await open(first, "/d/overview?range=7d");
  assert.equal(await figure(first, "events"), events);
  clean(first);
});

test("every panel stands alone at its own address", async (t) => {
  const alone = await page(t);
  for (const id of PANELS) {
    await open(alone, `/d/overview/${id}?range=30d`);
    assert.equal(await alone.locator("[data-panel]").count(), 1, id);
    assert.equal(await panel(alone, id).locator("[data-role=error]").count(), 0, id);
  }
  clean(alone);
});

test("what does not exist is a 404 with a way back", async (t) => {
  const lost = await page(t);
  for (const path of ["/nowhere", "/d/nothing", "/d/overview/nothing"]) {
    const answer = await lost.goto(path);
    assert.equal(answer.status(), 404, path);
    assert.ok((await lost.locator('a[href^="/"]').count()) > 0, `${path}: a link`);
  }
});

test("the tile's number is the number of events in the export", async (t) => {
  const overview = await page(t);
  // A range that is over, so that both count the same.
  const range = "from=now-8d/d&to=now-1d/d";
  await open(overview, `/?${range}`);
  const exported = await json(`/d/overview/key-figures.json?${range}`);
  assert.equal(await figure(overview, "events"), exported.rows[0].events);
  assert.ok(exported.rows[0].events > 0);
});

test("assets are compressed and kept for ever, the page is neither stored nor framed", async () => {
  const html = await fetch(base);
  assert.match(html.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.match(html.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
  assert.doesNotMatch(html.headers.get("content-security-policy"), /'unsafe-inline'|'unsafe-eval'/);
  assert.equal(html.headers.get("x-content-type-options"), "nosniff");
  const assets = new Set((await html.text()).match(/\/pkg\/[\w.-]+/g));
  assert.ok(assets.size >= 3, "the page names its assets");
  for (const path of assets) {
    const answer = await fetch(new URL(path, base), { headers: { "accept-encoding": "br" } });
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers.get("content-encoding"), "br", path);
    assert.match(answer.headers.get("cache-control"), /immutable/, path);
    assert.match(path, /\.[0-9a-f]{12}\./, "the name carries its hash");
  }
});

// Without scripts: all is readable and every link and form works.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PANELS, clean, figure, page, panel, query } from "../lib/browser.mjs";

const RANGE = "from=now-20d/d&to=now-1d/d";
const noscript = (t) => page(t, { javaScriptEnabled: false });

test("all panels are readable", async (t) => {
  const overview = await noscript(t);
  await overview.goto(`/?${RANGE}`);
  assert.equal(await overview.locator("body[data-hydrated]").count(), 0);
  for (const id of PANELS) {
    const body = panel(overview, id).locator("[data-role=body]");
    assert.ok(await body.isVisible(), `${id} is visible`);
    assert.equal(await panel(overview, id).locator("[data-role=error], [data-role=empty]").count(), 0, id);
    assert.ok((await body.innerText()).trim().length > 3, `${id} has text`);
  }
  assert.ok((await panel(overview, "recent-events").locator("tr[data-row]").count()) > 10);
  clean(overview);
});

test("a link filters, its pill's link takes the filter away", async (t) => {
  const overview = await noscript(t);
  await overview.goto(`/?${RANGE}`);
  const all = await figure(overview, "events");
  await panel(overview, "top-console-users").locator('tr[data-row] td[data-key="actor"] a').first().click();
  assert.equal(await overview.locator("[data-pill]").count(), 1);
  assert.ok((await figure(overview, "events")) < all);
  await overview.locator("[data-pill] a[data-action=negate]").click();
  assert.match(query(overview).get("q"), /not/i);
  await overview.locator("[data-pill] a[data-action=remove]").click();
  assert.equal(await figure(overview, "events"), all);
});

test("a mark of a chart is a link", async (t) => {
  const overview = await noscript(t);
  await overview.goto(`/?${RANGE}`);
  const href = await panel(overview, "errors").locator("svg a").last().evaluate((link) => link.getAttribute("href") ?? link.getAttribute("xlink:href"));
  const answer = await overview.goto(href);
  assert.equal(answer.status(), 200);
  assert.ok((query(overview).get("q") ?? "") !== "", "it adds a filter");
  assert.ok((await figure(overview, "events")) > 0);
});

test("the filter's form keeps the range", async (t) => {
  const overview = await noscript(t);
  await overview.goto(`/?${RANGE}`);
  await overview.locator("form[data-role=filter] input[name=q]").fill("outcome:failure");
  await overview.locator("form[data-role=filter] input[name=q]").press("Enter");
  await overview.waitForURL(/q=/);
  assert.equal(query(overview).get("q"), "outcome:failure");
  assert.equal(query(overview).get("from"), "now-20d/d", "the range is kept");
  assert.equal(await overview.locator("[data-pill]").count(), 1);
});

test("the time picker opens and works", async (t) => {
  const overview = await noscript(t);
  await overview.goto("/?q=outcome:failure");
  await overview.locator("details[data-role=time] > summary").click();
  await overview.locator('details[data-role=time] a[data-range="7d"]').click();
  assert.equal(query(overview).get("range"), "7d");
  assert.equal(query(overview).get("q"), "outcome:failure", "the filter is kept");
});

test("a mistake in the filter is told", async (t) => {
  const overview = await noscript(t);
  await overview.goto(`/?${RANGE}&q=${encodeURIComponent("nope:")}`);
  assert.ok(await overview.locator("[data-error=filter]").isVisible());
});

test("an event of the list has a page of its own", async (t) => {
  const overview = await noscript(t);
  await overview.goto(`/?${RANGE}`);
  const link = panel(overview, "recent-events").locator('a[href^="/event/"]').first();
  await link.click();
  assert.match(overview.url(), /\/event\//);
  assert.ok((await overview.locator("body").innerText()).includes("eventSource"));
});

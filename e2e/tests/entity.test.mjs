// Pages about one thing: reached from values, filtered within, with the back button, and without scripts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { brand, branded, clean, figure, json, navigate, open, page, panel, query } from "../lib/browser.mjs";

const RANGE = "from=now-20d/d&to=now-1d/d";

/** A name that events have, as the data says it. */
async function actor() {
  const { rows } = await json(`/d/overview/top-console-users.json?${RANGE}`);
  return rows.map((row) => row.actor).find((name) => name && name !== "root");
}

test("an arrow beside a value leads to its page without loading it anew", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  await brand(overview);
  const row = panel(overview, "top-console-users").locator("tr[data-row]").first();
  const name = (await row.locator('td[data-key="actor"] a.value').innerText()).trim();
  await row.hover();
  await navigate(overview, () => row.locator('td[data-key="actor"] a[data-action=entity]').click());
  await overview.getByRole("heading", { level: 1, name }).waitFor();
  assert.ok(await branded(overview), "the document stayed");
  assert.match(overview.url(), /\/entity\/actor\/[^/?]+\?from=/);
  assert.equal(await overview.locator(".facts dt").first().innerText(), "First seen");
  const counted = await json(`/entity/actor/${encodeURIComponent(name)}.json?${RANGE}`);
  const figures = await json(counted.panels.find((panel) => panel.id === "key-figures").url);
  assert.equal(await figure(overview, "events"), figures.rows[0].events);
  await navigate(overview, () => overview.goBack());
  await overview.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await panel(overview, "access-map").waitFor();
  clean(overview);
});

test("a filter holds within the page, and goes again", async (t) => {
  const about = await page(t);
  await open(about, `/entity/actor/${encodeURIComponent(await actor())}?${RANGE}`);
  await brand(about);
  const all = await figure(about, "events");
  assert.ok(all > 0);
  const link = panel(about, "event-names").locator('td[data-key="event_name"] a.value').first();
  const name = (await link.innerText()).trim();
  await navigate(about, () => link.click());
  assert.match(about.url(), /\/entity\/actor\//);
  assert.equal(query(about).get("q"), `event_name:${name}`);
  const some = await figure(about, "events");
  assert.ok(some > 0 && some <= all, `${some} of ${all}`);
  assert.equal(await about.locator("[data-pill]").count(), 1, "what the page is about is no pill");
  await navigate(about, () => about.locator("[data-pill] a[data-action=remove]").click());
  assert.equal(await figure(about, "events"), all);
  assert.ok(await branded(about), "the document stayed");
  clean(about);
});

test("from one thing to another of another kind", async (t) => {
  const about = await page(t);
  await open(about, `/entity/actor/${encodeURIComponent(await actor())}?${RANGE}`);
  await brand(about);
  const row = panel(about, "source-addresses").locator("tr[data-row]").first();
  const address = (await row.locator('td[data-key="source_ip"] a.value').innerText()).trim();
  await row.hover();
  await navigate(about, () => row.locator('td[data-key="source_ip"] a[data-action=entity]').click());
  await about.getByRole("heading", { level: 1, name: address }).waitFor();
  assert.equal(await panel(about, "resources").locator("[data-role=error]").count(), 0);
  assert.ok((await panel(about, "sessions").locator("tr[data-row]").count()) > 0, "who called from here");
  assert.ok(await branded(about), "the document stayed");
  clean(about);
});

test("a resource's page begins with its changes, over a year", async (t) => {
  const { rows } = await json("/discover.json?range=30d&q=resource:*+and+read_only:false&columns=resource&limit=1");
  const about = await page(t);
  const object = await json("/discover.json?range=30d&q=resource:*.json+and+read_only:false&columns=resource&limit=1");
  const named = object.rows[0].resource.find((name) => name.endsWith(".json"));
  for (const name of [rows[0].resource[0], named]) {
    await open(about, `/entity/resource/${encodeURIComponent(name)}`);
    await about.getByRole("heading", { level: 1, name }).waitFor();
    assert.equal(await about.locator("[data-panel]").first().getAttribute("data-panel"), "changes");
    assert.ok((await panel(about, "changes").locator("tr[data-row]").count()) > 0);
  }
  clean(about);
});

test("without scripts all of it is there", async (t) => {
  const about = await page(t, { javaScriptEnabled: false });
  const answer = await about.goto(`/entity/actor/${encodeURIComponent(await actor())}?${RANGE}`);
  assert.equal(answer.status(), 200);
  assert.ok((await panel(about, "event-names").locator("tr[data-row]").count()) > 0);
  assert.equal(await about.locator(".skeleton").count(), 0, "nothing is left loading");
  const missing = await about.goto("/entity/actor/no-such-actor-anywhere");
  assert.equal(missing.status(), 404);
  assert.match(await about.locator("[data-role=error]").innerText(), /no-such-actor-anywhere/);
});

test("lists of events say who stands behind a session, and lead there", async (t) => {
  const { rows } = await json(`/discover.json?${RANGE}&q=identity_type:AssumedRole+and+origin:*&columns=event_id,actor,origin&limit=200`);
  const event = rows.find((row) => row.actor !== row.origin);
  assert.ok(event, "the sample has roles with people behind them");
  const filter = `event_id:${event.event_id}`;
  const paths = [`/?${RANGE}&q=${filter}&off=recent-events.writes`, `/discover?${RANGE}&q=${filter}`];
  const widths = [1440, 1024, 390];
  for (const [path, width] of paths.flatMap((path) => widths.map((width) => [path, width]))) {
    const list = await page(t, { viewport: { width, height: 900 } });
    await open(list, path);
    await brand(list);
    const by = list.locator('tr[data-row] td[data-key="actor"] .origin');
    assert.equal(await by.innerText(), `by ${event.origin}`);
    await navigate(list, () => by.locator("a").click());
    await list.getByRole("heading", { level: 1, name: event.origin }).waitFor();
    assert.equal(query(list).get("q"), null, "the filter stays behind");
    assert.ok(await branded(list), "the document stayed");
    clean(list);
  }
});

test("a panel of the page alone leads back to the page", async (t) => {
  const about = await page(t);
  const path = `/entity/actor/${encodeURIComponent(await actor())}`;
  await open(about, `${path}?${RANGE}&q=event_name:*`);
  await brand(about);
  await navigate(about, () => panel(about, "event-names").locator(".panel-title a").click());
  assert.match(about.url(), /\/d\/entity-actor\/event-names\?/);
  await navigate(about, () => about.locator("a.crumb.up").click());
  assert.equal(new URL(about.url()).pathname, path);
  assert.equal(query(about).get("q"), "event_name:*");
  assert.ok(await branded(about), "the document stayed");
  clean(about);
});

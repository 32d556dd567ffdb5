// Discover: events one by one, with their fields, columns, pages, values and surroundings; with scripts and without.

import assert from "node:assert/strict";
import { test } from "node:test";
import { grave } from "../lib/axe.mjs";
import { DESKTOP, PHONE, base, brand, branded, clean, json, navigate, open, page, panel, query, settled } from "../lib/browser.mjs";

const RANGE = "from=now-20d/d&to=now-1d/d";
const list = (page) => panel(page, "discover");
const rows = (page) => list(page).locator("tr[data-row]");
/** The addresses of the events that are shown. */
const events = (page) =>
  list(page).locator('tr[data-row] a[href^="/event/"]').evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
const heads = (page) => list(page).locator("th[data-key]").evaluateAll((heads) => heads.map((head) => head.dataset.key));
const total = async (page) => Number(await list(page).locator("[data-role=total]").getAttribute("data-total"));
const row = (page, index = 0) => rows(page).nth(index);

/** Opens a row and waits for what is in it. */
async function opened(page, index = 0) {
  await row(page, index).locator("button[data-action=open]").click();
  const event = list(page).locator("[data-role=event]").first();
  await event.waitFor();
  return event;
}

test("the newest events come first, and pages neither overlap nor leave out", async (t) => {
  const discover = await page(t);
  await open(discover, `/discover?${RANGE}&q=outcome:failure&limit=20`);
  await brand(discover);
  const answer = await json(`/discover.json?${RANGE}&q=outcome:failure&limit=60&columns=event_id,event_time`);
  assert.equal(await total(discover), answer.total);
  const expected = answer.rows.map((row) => `/event/${row.event_id}`);
  const first = await events(discover);
  assert.deepEqual(first, expected.slice(0, 20));
  await navigate(discover, () => list(discover).locator("[data-action=after]").first().click());
  assert.deepEqual(await events(discover), expected.slice(20, 40));
  assert.match(await list(discover).locator("[data-role=total]").innerText(), /^21–40 of/);
  await navigate(discover, () => list(discover).locator("[data-action=after]").first().click());
  assert.deepEqual(await events(discover), expected.slice(40, 60));
  await navigate(discover, () => list(discover).locator("[data-action=before]").first().click());
  await navigate(discover, () => list(discover).locator("[data-action=before]").first().click());
  assert.deepEqual(await events(discover), first, "back at the first");
  assert.ok(await branded(discover), "the document stayed");
  clean(discover);
});

test("columns are added, moved, sorted by and removed", async (t) => {
  const discover = await page(t);
  await open(discover, `/discover?${RANGE}&columns=event_time,actor,event_name`);
  await navigate(discover, () => discover.locator('li[data-field="aws_region"] a[data-action=column]').click());
  assert.deepEqual(await heads(discover), ["event_time", "actor", "event_name", "aws_region"]);
  const tool = async (key, action) => {
    const head = list(discover).locator(`th[data-key="${key}"]`);
    await head.hover();
    await navigate(discover, () => head.locator(`a[data-action=${action}]`).click());
  };
  await tool("aws_region", "left");
  assert.deepEqual(await heads(discover), ["event_time", "actor", "aws_region", "event_name"]);
  await tool("event_name", "remove");
  assert.deepEqual(await heads(discover), ["event_time", "actor", "aws_region"]);
  await tool("actor", "sort");
  const actors = await rows(discover).locator('td[data-key="actor"] .who > a.value bdi').allInnerTexts();
  assert.ok(actors.length > 10);
  assert.deepEqual(actors, actors.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  assert.equal(await list(discover).locator('th[data-key="actor"]').getAttribute("aria-sort"), "ascending");
  await discover.goBack();
  await settled(discover);
  assert.equal(query(discover).get("sort"), null, "a step back");
  clean(discover);
});

test("a row opens to its fields and the event; values are filtered for, out and for being there", async (t) => {
  const discover = await page(t);
  await open(discover, `/discover?${RANGE}&q=event_name:ConsoleLogin`);
  await brand(discover);
  const all = await total(discover);
  const event = await opened(discover);
  const raw = JSON.parse(await event.locator("pre[data-role=raw]").innerText());
  assert.equal(raw.eventName, "ConsoleLogin");
  const region = event.locator('.event-fields [data-key="aws_region"]');
  assert.equal(await region.locator("a.value").innerText(), raw.awsRegion);
  for (const key of ["actor", "account"]) {
    const href = await event.locator(`.event-fields [data-key="${key}"] a[data-action=entity]`).getAttribute("href");
    assert.ok(href.startsWith(`/entity/${key}/`), href);
  }
  await region.hover();
  await navigate(discover, () => region.locator("a[data-action=for]").click());
  assert.equal(query(discover).get("q"), `event_name:ConsoleLogin and aws_region:${raw.awsRegion}`);
  const there = await total(discover);
  assert.ok(there > 0 && there <= all);
  // The row is still open, and what is in it now adds to this filter.
  await discover.waitForFunction(
    (region) => document.querySelector(`[data-role=event] [data-key=outcome] a[data-action=out]`)?.href.includes(`aws_region:${region}`),
    raw.awsRegion,
  );
  await discover.goBack();
  await settled(discover);
  const again = list(discover).locator("[data-role=event]").first();
  await again.waitFor();
  const line = again.locator(".line", { hasText: '"eventType"' });
  await line.hover();
  await navigate(discover, () => line.locator("a[data-action=exists]").click());
  assert.equal(query(discover).get("q"), "event_name:ConsoleLogin and event_type:*");
  assert.equal(await total(discover), all);
  assert.ok(await branded(discover), "the document stayed");
  clean(discover);
});

test("values and the event are copied as they are", async (t) => {
  const discover = await page(t, { permissions: ["clipboard-read", "clipboard-write"] });
  await open(discover, `/discover?${RANGE}&q=event_category:Management`);
  const event = await opened(discover);
  const copied = () => discover.evaluate(() => navigator.clipboard.readText());
  const raw = JSON.parse(await event.locator("pre[data-role=raw]").innerText());
  await event.locator("[data-action=copy-json]").click();
  assert.deepEqual(JSON.parse(await copied()), raw);
  const name = event.locator('.event-fields [data-key="event_name"]');
  await name.hover();
  await name.locator("[data-action=copy]").click();
  assert.equal(await copied(), raw.eventName);
  clean(discover);
});

test("a field shows its values with their shares, and each is a filter", async (t) => {
  const discover = await page(t);
  await open(discover, `/discover?${RANGE}`);
  const all = await total(discover);
  await navigate(discover, () => discover.locator('li[data-field="event_source"] a[data-action=values]').click());
  const values = discover.locator('li[data-field="event_source"] [data-role=values]');
  const value = values.locator("li").first();
  await value.waitFor();
  assert.match(await values.innerText(), /\d+ values, in [\d.]+\s%/);
  const events = Number((await value.locator(".values-share").getAttribute("title")).replace(/\D/g, ""));
  assert.ok(events > 0 && events < all);
  await navigate(discover, () => value.locator("a.value").click());
  assert.equal(await total(discover), events, "as many as its share said");
  clean(discover);
});

test("what was around an event is found by number and by time, and stays marked", async (t) => {
  const discover = await page(t);
  await open(discover, `/discover?${RANGE}&q=outcome:failure`);
  // Far enough down that its account has events after it.
  const id = (await events(discover))[45];
  const event = await opened(discover, 45);
  const account = await event.locator('.event-fields [data-key="account"] a.value').innerText();
  await navigate(discover, () => event.locator("a[data-action=near-account]").click());
  const marked = list(discover).locator("tr.marked");
  assert.equal(await marked.count(), 1);
  assert.equal(await rows(discover).count(), 50);
  assert.equal((await events(discover)).indexOf(id), 25, "in the middle");
  assert.deepEqual([...new Set(await rows(discover).locator('td[data-key="account"]').allInnerTexts())], [account]);
  await discover.waitForFunction(() => {
    const { top, bottom } = document.querySelector("tr.marked").getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
  clean(discover);
});

test("exports hold all that is found, in the columns that are shown", async (t) => {
  const discover = await page(t);
  await open(discover, `/discover?${RANGE}&q=outcome:failure&columns=event_time,actor`);
  const href = (kind) => list(discover).locator(`[data-export=${kind}]`).getAttribute("href");
  const text = async (kind) => (await fetch(new URL(await href(kind), base))).text();
  const count = await total(discover);
  const lines = (await text("csv")).trim().split(/\r?\n/);
  assert.match(lines[0], /^event_time,actor/);
  assert.equal(lines.length, count + 1);
  const objects = (await text("ndjson")).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(objects.length, count);
  assert.deepEqual(Object.keys(objects[0]), ["event_time", "actor"]);
  const raw = (await text("raw")).trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(raw.every((row) => row.raw), "with the events as they were delivered");
});

test("a mistake and nothing found are told", async (t) => {
  const discover = await page(t);
  const answer = await discover.goto("/discover?columns=nope");
  assert.equal(answer.status(), 400);
  assert.ok(await discover.locator('[data-error="columns"]').isVisible());
  discover.problems.length = 0;
  await open(discover, `/discover?${RANGE}&q=actor:nobody-of-this-name`);
  assert.ok(await list(discover).locator("[data-role=empty]").isVisible());
  clean(discover);
});

for (const [name, options] of Object.entries({
  "wide and light": { viewport: DESKTOP, colorScheme: "light" },
  "narrow and dark": { viewport: PHONE, colorScheme: "dark" },
})) {
  test(`an audit finds nothing serious, and nothing sticks out: ${name}`, async (t) => {
    const discover = await page(t, { ...options, bypassCSP: true });
    await open(discover, "/discover?range=7d&field=actor");
    await opened(discover);
    assert.deepEqual(await grave(discover), []);
    const [scroll, client] = await discover.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(scroll <= client, `${scroll} px in ${client} px`);
    const event = await list(discover).locator("[data-role=event]").first().boundingBox();
    assert.ok(event.x >= 0 && event.x + event.width <= client + 1, "the opened event is in sight");
    await discover.goto(await row(discover).locator('a[href^="/event/"]').getAttribute("href"));
    await discover.waitForSelector("body[data-hydrated]");
    assert.deepEqual(await grave(discover), []);
    clean(discover);
  });
}

test("without scripts: columns, pages, values and the event's page work by links", async (t) => {
  const discover = await page(t, { javaScriptEnabled: false });
  const follow = async (link) => {
    const before = discover.url();
    await link.click();
    await discover.waitForURL((url) => url.href !== before, { waitUntil: "load" });
  };
  await discover.goto(`/discover?${RANGE}`);
  const first = await events(discover);
  assert.equal(first.length, 50);
  await follow(list(discover).locator("[data-action=after]").first());
  assert.ok((await events(discover)).every((event) => !first.includes(event)));
  await follow(list(discover).locator('th[data-key="event_name"] a[data-action=sort]'));
  assert.equal(query(discover).get("sort"), "event_name:asc");
  await follow(discover.locator('li[data-field="country"] a[data-action=values]'));
  assert.ok((await discover.locator('li[data-field="country"] [data-role=values] li').count()) > 1);
  await follow(discover.locator('li[data-field="country"] [data-role=values] li a.value').first());
  assert.match(query(discover).get("q"), /^country:/);
  const there = await total(discover);
  assert.ok(there > 0);
  await follow(rows(discover).first().locator('a[href^="/event/"]').first());
  assert.match(discover.url(), /\/event\//);
  const file = await discover.locator("[data-export=json]").getAttribute("href");
  assert.ok((await json(file)).eventSource);
  await follow(discover.locator("a[data-action=near]"));
  assert.equal(await list(discover).locator("tr.marked").count(), 1);
  clean(discover);
});

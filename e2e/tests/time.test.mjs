// Time: quick ranges, absolute ranges, dragging on a chart, an empty range, auto refresh, time zones.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PANELS, brand, branded, clean, figure, json, navigate, open, page, panel, query, settled } from "../lib/browser.mjs";

test("a quick range is chosen from the picker", async (t) => {
  const overview = await page(t);
  await open(overview, "/");
  await brand(overview);
  const day = await figure(overview, "events");
  await overview.locator("details[data-role=time] > summary").click();
  await navigate(overview, () => overview.locator('details[data-role=time] a[data-range="7d"]').click());
  assert.equal(query(overview).get("range"), "7d");
  assert.ok((await figure(overview, "events")) > day, "a week has more events than a day");
  assert.ok(await branded(overview));
  clean(overview);
});

test("an absolute range is typed into the picker", async (t) => {
  const overview = await page(t);
  await open(overview, "/");
  await overview.locator("details[data-role=time] > summary").click();
  const form = overview.locator("details[data-role=time]");
  await form.locator("input[name=from]").fill("now-3d/d");
  await form.locator("input[name=to]").fill("now-2d/d");
  await navigate(overview, () => form.locator("input[name=to]").press("Enter"));
  assert.equal(query(overview).get("from"), "now-3d/d");
  const { window } = await json(`/d/overview/events-by-outcome.json${new URL(overview.url()).search}`);
  assert.match(window.from, /T00:00:00Z$/);
  assert.ok(Date.parse(window.to) > Date.parse(window.from));
  clean(overview);
});

test("dragging on a time chart sets the range", async (t) => {
  const overview = await page(t);
  await open(overview, "/?from=now-20d/d&to=now-1d/d");
  await brand(overview);
  const chart = panel(overview, "events-by-outcome").locator("svg[data-from][data-to][data-plot]").first();
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  const [from, to] = await chart.evaluate((svg) => [svg.dataset.from, svg.dataset.to].map((edge) => +edge || Date.parse(edge)));
  const y = box.y + box.height * 0.4;
  await navigate(overview, async () => {
    await overview.mouse.move(box.x + box.width * 0.4, y);
    await overview.mouse.down();
    await overview.mouse.move(box.x + box.width * 0.5, y, { steps: 4 });
    await overview.mouse.move(box.x + box.width * 0.6, y, { steps: 4 });
    await overview.mouse.up();
  });
  assert.ok(await branded(overview));
  const [low, high] = ["from", "to"].map((edge) => Date.parse(query(overview).get(edge)));
  assert.ok(from < low && low < high && high < to, `${query(overview)} lies within the chart`);
  const share = (high - low) / (to - from);
  assert.ok(share > 0.1 && share < 0.4, `a fifth of the width is ${share} of the time`);
  assert.equal(query(overview).get("q") ?? "", "", "the mark below was not clicked");
  clean(overview);
});

test("an empty range says when the last event was, with a way there", async (t) => {
  const overview = await page(t);
  await open(overview, "/?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z");
  const empty = panel(overview, "recent-events").locator("[data-role=empty]");
  assert.match(await empty.innerText(), /last event was/i);
  assert.equal(await figure(overview, "events"), 0);
  await navigate(overview, () => empty.locator("a").first().click());
  assert.ok((await panel(overview, "recent-events").locator("tr[data-row]").count()) > 0, "the link leads to events");
  clean(overview);
});

test("a range that makes no sense is told, and the page stays usable", async (t) => {
  const overview = await page(t);
  const answer = await overview.goto("/?from=now&to=now-7d");
  assert.ok(answer.status() < 500);
  await overview.waitForSelector("body[data-hydrated]");
  await overview.locator("details[data-role=time] > summary").click();
  await navigate(overview, () => overview.locator('details[data-role=time] a[data-range="24h"]').click());
  assert.ok((await figure(overview, "events")) > 0);
});

test("auto refresh asks again by itself, and stops when switched off", async (t) => {
  const overview = await page(t);
  await open(overview, "/?range=24h&refresh=5s");
  const asked = [];
  overview.on("request", (request) => {
    if (request.url().includes("/api/")) asked.push(request.url());
  });
  // Real time: a page whose clock is ours would not be the page that readers have.
  await overview.waitForTimeout(6_500);
  assert.ok(asked.length >= PANELS.length, `panels were asked for again: ${asked.length} requests`);

  await overview.locator("details[data-role=refresh] > summary").click();
  await overview.locator('details[data-role=refresh] a[data-refresh="off"]').click();
  await overview.waitForURL((url) => !url.search.includes("refresh="));
  await settled(overview);
  asked.length = 0;
  await overview.waitForTimeout(6_500);
  assert.deepEqual(asked, [], "switched off");
  clean(overview);
});

test("live: what is stored shows within seconds, and the page stops listening when it is switched off", async (t) => {
  const overview = await page(t);
  const heard = overview.waitForRequest((request) => new URL(request.url()).pathname === "/live");
  await open(overview, "/?range=24h&refresh=live");
  await heard;
  await overview.locator("details[data-role=refresh] > summary").click();
  assert.equal(await overview.locator('details[data-role=refresh] a[aria-current=true]').innerText(), "Live");
  await overview.locator('details[data-role=refresh] a[data-refresh="off"]').click();
  await overview.waitForURL((url) => !url.search.includes("refresh="));
  clean(overview);
});

test("local time is a toggle; addresses stay in UTC", async (t) => {
  const overview = await page(t, { timezoneId: "Asia/Tokyo" });
  await open(overview, "/?from=now-5d/d&to=now-2d/d");
  const cell = panel(overview, "recent-events").locator('tr[data-row] td[data-key="event_time"]').first();
  const utc = await cell.innerText();
  await overview.locator("button[data-action=zone]").click();
  await overview.waitForFunction(
    ([before]) => document.querySelector('[data-panel="recent-events"] td[data-key="event_time"]').innerText !== before,
    [utc],
  );
  assert.equal(query(overview).get("from"), "now-5d/d");
  await overview.locator("button[data-action=zone]").click();
  await overview.waitForFunction(
    ([before]) => document.querySelector('[data-panel="recent-events"] td[data-key="event_time"]').innerText === before,
    [utc],
  );
  clean(overview);
});

/** What a clock in that zone shows at a time, as pages write it. */
const clock = (stamp, timeZone) =>
  `${new Date(stamp).toLocaleString("sv-SE", { timeZone })} ${timeZone === "UTC" ? "UTC" : "Local"}`;

/** Asserts that all times of a part are shown in that zone. */
async function shows(part, timeZone) {
  await part.locator("time", { hasText: timeZone === "UTC" ? "UTC" : "Local" }).first().waitFor();
  const times = await part.locator("time").evaluateAll((times) => times.map((time) => [time.dateTime, time.innerText]));
  assert.ok(times.length > 0);
  for (const [stamp, text] of times) assert.equal(text, clock(stamp, timeZone));
}

test("what the server renders follows the zone: an opened event, its page, the head of a thing's page", async (t) => {
  // Two offsets a year.
  const timezoneId = "Europe/Berlin";
  const discover = await page(t, { timezoneId });
  await open(discover, "/discover?from=now-20d/d&to=now-1d/d&limit=3&q=actor:*");
  const zone = () => discover.locator("button[data-action=zone]").click();
  await discover.locator("button[data-action=open]").first().click();
  const opened = discover.locator("tr.opened");
  await shows(opened, "UTC");
  await zone();
  await shows(opened, timezoneId);
  await zone();
  await shows(opened, "UTC");
  await zone();
  // Opened while the zone is local; and on pages that come later.
  await discover.locator("button[data-action=open]").nth(1).click();
  await shows(opened.nth(1), timezoneId);
  const time = discover.locator('tr[data-row] td[data-key="event_time"] a').first();
  const event = await time.getAttribute("href");
  await time.click();
  await discover.waitForURL(/\/event\//);
  await shows(discover.locator(".event-page"), timezoneId);
  await discover.goto(event);
  await shows(discover.locator(".event-page"), timezoneId);
  const whose = await discover.locator('.event-fields [data-key="actor"] a[data-action=entity]').getAttribute("href");
  await discover.goto(whose);
  await shows(discover.locator(".entity-known"), timezoneId);
  await zone();
  await shows(discover.locator(".entity-known"), "UTC");
  clean(discover);

  const plain = await page(t, { timezoneId, javaScriptEnabled: false });
  await plain.goto(event);
  await shows(plain.locator(".event-page"), "UTC");
});

// Filters: by click, by pill, by typing, by address; with the back button, and when they are wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { base, brand, branded, clean, context, figure, json, navigate, open, page, panel, query, settled, watch } from "../lib/browser.mjs";

const RANGE = "from=now-20d/d&to=now-1d/d";

/** A click as a mouse does it, in the middle of what is drawn; marks can be thin or lie below labels. */
const press = (mark) => mark.dispatchEvent("click");

test("a click on a row of a table adds its filter without loading the page anew", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  await brand(overview);
  const all = await figure(overview, "events");
  const link = panel(overview, "top-console-users").locator('tr[data-row] td[data-key="actor"] a').first();
  const actor = (await link.innerText()).trim();
  await navigate(overview, () => link.click());
  assert.ok(await branded(overview), "the document stayed");
  assert.ok(query(overview).get("q").includes(actor), `${query(overview).get("q")} names ${actor}`);
  assert.equal(await overview.locator("[data-pill]").count(), 1);
  assert.ok((await overview.locator("[data-pill]").innerText()).includes(actor));
  const some = await figure(overview, "events");
  assert.ok(some > 0 && some < all, `${some} of ${all} events`);
  clean(overview);
});

for (const [id, where] of [
  ["access-map", "a country of the map"],
  ["events-by-name", "a bar over time"],
  ["errors", "a bar of a ranking"],
  ["events-by-outcome", "an area or its legend"],
]) {
  test(`a click on ${where} adds its filter`, async (t) => {
    const overview = await page(t);
    await open(overview, `/?${RANGE}`);
    await brand(overview);
    // A bar over time may set the range, too; its legend entry adds the filter alone.
    const marks = panel(overview, id).locator('svg a[href*="q="], svg a.mark');
    await navigate(overview, () => press(marks.last()));
    assert.ok(await branded(overview), "the document stayed");
    assert.ok((query(overview).get("q") ?? "") !== "" || query(overview).get("from") !== "now-20d/d", overview.url());
    assert.equal(await panel(overview, id).locator("[data-role=error]").count(), 0);
    clean(overview);
  });
}

test("a pill is negated and removed", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  const all = await figure(overview, "events");
  await open(overview, `/?${RANGE}&q=outcome:failure`);
  const failures = await figure(overview, "events");
  await navigate(overview, () => overview.locator("[data-pill] a[data-action=negate]").click());
  assert.equal((await figure(overview, "events")) + failures, all, "what is and what is not make all");
  assert.match(query(overview).get("q"), /not/i);
  await navigate(overview, () => overview.locator("[data-pill] a[data-action=negate]").click());
  assert.equal(await figure(overview, "events"), failures, "negated twice");
  await navigate(overview, () => overview.locator("[data-pill] a[data-action=remove]").click());
  assert.equal(await overview.locator("[data-pill]").count(), 0);
  assert.equal(await figure(overview, "events"), all);
  assert.equal(query(overview).get("q") ?? "", "");
  clean(overview);
});

test("a filter is typed, and the back button takes it back", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  await brand(overview);
  const all = await figure(overview, "events");
  await overview.locator("form[data-role=filter] input[name=q]").fill("eventName:Get* and not userIdentity.type:AWSService");
  await navigate(overview, () => overview.locator("form[data-role=filter] input[name=q]").press("Enter"));
  assert.ok(await branded(overview), "the document stayed");
  const some = await figure(overview, "events");
  assert.ok(some > 0 && some < all);
  assert.ok((await overview.locator("[data-pill]").count()) >= 1);
  await navigate(overview, () => overview.goBack());
  assert.equal(await figure(overview, "events"), all);
  assert.equal(await overview.locator("[data-pill]").count(), 0);
  await navigate(overview, () => overview.goForward());
  assert.equal(await figure(overview, "events"), some);
  clean(overview);
});

test("the address, opened in another browser, shows the same", async (t) => {
  const first = await page(t);
  await open(first, `/?${RANGE}`);
  await navigate(first, () => panel(first, "source-addresses").locator('td[data-key="source_ip"] a').first().click());
  const second = await (await context()).newPage();
  t.after(() => second.context().close());
  watch(second);
  await open(second, first.url());
  for (const key of ["events", "error_rate", "actors", "source_ips", "countries", "accounts"]) {
    assert.equal(await figure(second, key), await figure(first, key), key);
  }
  const rows = (page) => panel(page, "recent-events").locator("tr[data-row]").allInnerTexts();
  assert.deepEqual(await rows(second), await rows(first));
  assert.deepEqual(
    await second.locator("[data-pill]").allInnerTexts(),
    await first.locator("[data-pill]").allInnerTexts(),
  );
  clean(second);
});

test("filters of two clicks are joined by and", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}&q=outcome:failure`);
  const link = panel(overview, "source-addresses").locator('td[data-key="country"] a').first();
  await navigate(overview, () => link.click());
  assert.equal(await overview.locator("[data-pill]").count(), 2);
  const filter = query(overview).get("q");
  const exported = await json(`/d/overview/key-figures.json?${RANGE}&q=${encodeURIComponent(filter)}`);
  assert.equal(exported.rows[0].events, await figure(overview, "events"));
  assert.ok(exported.rows[0].events > 0);
});

test("a mistake is shown under the bar, points at its column, and the page stays usable", async (t) => {
  const overview = await page(t);
  await overview.goto(`/?${RANGE}&q=${encodeURIComponent("event_name:(Get* or")}`);
  await overview.waitForSelector("body[data-hydrated]");
  const error = overview.locator("[data-error=filter]");
  const text = await error.innerText();
  assert.match(text, /\^/, "a caret points at the column");
  assert.equal(await overview.locator("form[data-role=filter] input[name=q]").inputValue(), "event_name:(Get* or");
  await overview.locator("form[data-role=filter] input[name=q]").fill("event_name:Get*");
  await navigate(overview, () => overview.locator("form[data-role=filter] input[name=q]").press("Enter"));
  assert.equal(await error.count(), 0);
  assert.ok((await figure(overview, "events")) > 0);
});

test("a mistake is a 400 that names its place in the export", async () => {
  const { base } = await import("../lib/browser.mjs");
  const answer = await fetch(new URL(`/d/overview/errors.json?q=${encodeURIComponent('actor:"alice')}`, base));
  assert.equal(answer.status, 400);
  const { error } = await answer.json();
  assert.ok(error.message.length > 5, JSON.stringify(error));
});

test("rows of recent events open to the raw event", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}&q=event_category:Management`);
  await brand(overview);
  const recent = panel(overview, "recent-events");
  await recent.locator("button[data-action=open]").first().click();
  const raw = recent.locator("[data-role=event] pre[data-role=raw]").first();
  await raw.waitFor();
  const event = JSON.parse(await raw.innerText());
  assert.ok(event.eventTime && event.eventSource, "CloudTrail's own event");
  assert.ok(await branded(overview));
  clean(overview);
});

test("the writes switch of recent events is on, and can be switched off", async (t) => {
  const overview = await page(t);
  await open(overview, `/d/overview/recent-events?${RANGE}`);
  const reads = async () => (await json(`/d/overview/recent-events.json${new URL(overview.url()).search}`)).rows;
  const names = (await reads()).map((row) => row.event_name);
  assert.ok(!names.some((name) => /^(Get|List|Describe)/.test(name)), "writes only");
  await navigate(overview, () => panel(overview, "recent-events").locator('a[href*="recent-events.writes"]').first().click());
  await settled(overview);
  assert.ok((await reads()).some((row) => /^(Get|List|Describe)/.test(row.event_name)), "reads, too");
});

test("a filter is completed by keyboard: field, operator, a value that events have, and what joins them", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  const input = overview.locator("form[data-role=filter] input[name=q]");
  const options = overview.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
  assert.equal(await input.getAttribute("aria-expanded"), "false");
  await input.pressSequentially("event_na");
  await options.first().waitFor();
  assert.equal(await input.getAttribute("aria-expanded"), "true");
  await input.press("ArrowDown");
  assert.equal(await input.getAttribute("aria-activedescendant"), await options.first().getAttribute("id"));
  await input.press("Enter");
  assert.equal(await input.inputValue(), "event_name:");
  const value = options.filter({ hasText: /[0-9] events?$/ }).first();
  await value.waitFor();
  await input.pressSequentially("console");
  await options.first().filter({ hasText: "ConsoleLogin" }).waitFor();
  await input.press("ArrowDown");
  await input.press("Tab");
  assert.equal(await input.inputValue(), "event_name:ConsoleLogin ");
  await options.filter({ hasText: /^and/ }).waitFor();
  await input.press("Escape");
  assert.equal(await input.getAttribute("aria-expanded"), "false");
  await navigate(overview, () => input.press("Enter"));
  assert.equal(query(overview).get("q"), "event_name:ConsoleLogin");
  await input.press("End");
  await input.pressSequentially(" ");
  await options.filter({ hasText: /^or/ }).click();
  assert.equal(await input.inputValue(), "event_name:ConsoleLogin or ");
  clean(overview);
});

test("Down before the newest suggestions are there takes none of the older ones", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  const input = overview.locator("form[data-role=filter] input[name=q]");
  const options = overview.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
  await input.pressSequentially("ev");
  await options.first().waitFor();
  let answer;
  const held = new Promise((resolve) => (answer = resolve));
  await overview.route("**/api/completion?*", async (route) => {
    await held;
    await route.continue();
  });
  await input.press("ArrowDown");
  await input.pressSequentially("ent_na");
  await input.press("ArrowDown");
  assert.equal(await input.getAttribute("aria-activedescendant"), null, "nothing of the older list");
  answer();
  // The first of what came is what was asked for.
  await overview.waitForFunction(() => document.querySelector("input[name=q]").hasAttribute("aria-activedescendant"));
  await input.press("Enter");
  assert.equal(await input.inputValue(), "event_name:");
  clean(overview);
});

test("how filters are written stands beside the bar: examples that are links", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}&q=country:*`);
  await brand(overview);
  const syntax = overview.locator("details[data-role=syntax]");
  await syntax.locator("summary").click();
  const links = syntax.locator("a");
  assert.ok((await links.count()) > 8);
  for (const link of await links.all()) {
    const asked = new URL(await link.getAttribute("href"), base).searchParams;
    assert.equal(asked.get("q"), await link.innerText());
    assert.equal(asked.get("from"), "now-20d/d");
    // Each is understood.
    await json(`/d/overview/events-by-name.json?${asked}`);
  }
  await navigate(overview, () => links.first().click());
  assert.equal(query(overview).get("q"), "outcome:failure");
  assert.equal(await overview.locator("details[data-role=syntax][open]").count(), 0, "closed once followed");
  // They follow the page and its range.
  await navigate(overview, () => overview.locator('#nav a[data-go="d"]').click());
  await syntax.locator("summary").click();
  assert.match(await links.first().getAttribute("href"), /^\/discover\?from=/);
  assert.ok(await branded(overview), "the document stayed");
  clean(overview);

  const plain = await page(t, { javaScriptEnabled: false });
  await plain.goto(`/d/errors?${RANGE}`);
  await plain.locator("details[data-role=syntax] > summary").click();
  await plain.locator("details[data-role=syntax] a").nth(1).click();
  assert.equal(query(plain).get("q"), "event_name:Delete*");
  assert.equal(new URL(plain.url()).pathname, "/d/errors");
});

test("any text finds events, a range narrows numbers", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  const all = await figure(overview, "events");
  for (const filter of ["consolelogin", "hour >= 12"]) {
    await open(overview, `/?${RANGE}&q=${encodeURIComponent(filter)}`);
    const some = await figure(overview, "events");
    assert.ok(some > 0 && some < all, `${filter}: ${some} of ${all}`);
    const exported = await json(`/d/overview/key-figures.json?${RANGE}&q=${encodeURIComponent(filter)}`);
    assert.equal(exported.rows[0].events, some);
  }
  clean(overview);
});

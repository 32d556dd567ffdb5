// What frames every page: the way to other pages, keys, kiosk, pinned filters, recent ranges, crosshair, annotations.

import assert from "node:assert/strict";
import { test } from "node:test";
import { grave } from "../lib/axe.mjs";
import { PHONE, base, brand, branded, clean, figure, navigate, open, page, panel, query, settled } from "../lib/browser.mjs";

const RANGE = "from=now-20d/d&to=now-1d/d";
const nav = (page) => page.locator("#nav");
const pills = (page) => page.locator("[data-pill]");

/** Waits for the address to be the one that `test` is true of. */
const arrived = (page, path) => page.waitForFunction((path) => location.pathname === path, path);

test("navigation keeps range and pinned filter, leaves the filter, and never loads the document anew", async (t) => {
  const overview = await page(t);
  await open(overview, `/d/overview?${RANGE}&q=outcome:failure&pin=event_name:Get*`);
  await brand(overview);
  assert.equal(await nav(overview).locator("[aria-current=page]").innerText(), "Overview");
  await nav(overview).getByText("Discover").click();
  await arrived(overview, "/discover");
  await settled(overview);
  assert.ok(await branded(overview), "the document stayed");
  assert.equal(query(overview).get("from"), "now-20d/d");
  assert.equal(query(overview).get("pin"), "event_name:Get*");
  assert.equal(query(overview).get("q"), null);
  assert.equal(await nav(overview).locator("[aria-current=page]").innerText(), "Discover");
  assert.equal(await pills(overview).count(), 1);
  clean(overview);
});

test("a panel's page after the first asks for its data alone", async (t) => {
  const overview = await page(t);
  await open(overview, `/d/overview?${RANGE}`);
  await brand(overview);
  const asked = [];
  overview.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await panel(overview, "errors").locator(".panel-title a").click();
  await arrived(overview, "/d/overview/errors");
  await settled(overview);
  assert.ok(await branded(overview), "the document stayed");
  assert.deepEqual(asked.filter((path) => path !== "/favicon.svg"), ["/api/panel"]);
  clean(overview);
});

test("narrow, the pages are in a menu that opens without scripts", async (t) => {
  const phone = await page(t, { viewport: PHONE, javaScriptEnabled: false });
  await phone.goto(`/?${RANGE}`);
  assert.ok(await nav(phone).isHidden());
  await phone.locator("[popovertarget=nav]").click();
  await nav(phone).getByText("Discover").click();
  await phone.waitForURL("**/discover?**");
  assert.equal(query(phone).get("from"), "now-20d/d");
});

test("keys: /, t, r, ?, g and a letter; never while typing", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  await brand(overview);
  await overview.keyboard.press("/");
  assert.equal(await overview.evaluate(() => document.activeElement.name), "q");
  await overview.keyboard.type("?tr");
  assert.equal(await overview.locator("input[name=q]").inputValue(), "?tr", "typed, not meant");
  assert.equal(await overview.locator("dialog[open]").count(), 0);
  await overview.locator("input[name=q]").fill("");
  await overview.locator("h1").click();

  await overview.keyboard.press("t");
  assert.equal(await overview.locator("details[data-role=time][open]").count(), 1);
  await overview.keyboard.press("Escape");
  assert.equal(await overview.locator("details[data-role=time][open]").count(), 0);

  const again = overview.waitForRequest((request) => request.url().includes("/api/panel"));
  await overview.keyboard.press("r");
  await again;
  await settled(overview);

  await overview.keyboard.press("?");
  assert.ok((await overview.locator("dialog#help[open]").innerText()).includes("Full screen"));
  await overview.keyboard.press("Escape");
  assert.equal(await overview.locator("dialog[open]").count(), 0);

  await overview.keyboard.press("g");
  await overview.keyboard.press("d");
  await arrived(overview, "/discover");
  await settled(overview);
  assert.ok(await branded(overview), "the document stayed");
  clean(overview);
});

test("kiosk shows the panels alone, by key and by address, and has a way out", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  await navigate(overview, () => overview.keyboard.press("f"));
  assert.equal(query(overview).get("kiosk"), "1");
  assert.ok(await overview.locator("form[data-role=filter]").isHidden());
  assert.ok(await overview.locator("h1").isVisible());
  await navigate(overview, () => overview.keyboard.press("f"));
  assert.equal(query(overview).get("kiosk"), null);
  assert.ok(await overview.locator("form[data-role=filter]").isVisible());
  clean(overview);

  const wall = await page(t, { javaScriptEnabled: false });
  await wall.goto(`/?${RANGE}&kiosk=1`);
  assert.ok(await wall.locator("form[data-role=filter]").isHidden());
  await wall.locator("[data-action=leave-kiosk]").click();
  assert.ok(await wall.locator("form[data-role=filter]").isVisible());
});

test("a condition is pinned, counts on every page, and is unpinned", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  const all = await figure(overview, "events");
  await open(overview, `/?${RANGE}&q=outcome:failure`);
  const failures = await figure(overview, "events");
  await navigate(overview, () => pills(overview).locator("[data-action=pin]").click());
  assert.equal(query(overview).get("pin"), "outcome:failure");
  assert.equal(query(overview).get("q"), null);
  assert.equal(await figure(overview, "events"), failures, "it still counts");
  await nav(overview).getByText("Discover").click();
  await arrived(overview, "/discover");
  await settled(overview);
  const total = overview.locator("[data-role=total]");
  assert.equal(Number(await total.getAttribute("data-total")), failures, "on Discover as well");
  await navigate(overview, () => pills(overview).locator("[data-action=unpin]").click());
  assert.equal(query(overview).get("q"), "outcome:failure");
  await navigate(overview, () => pills(overview).locator("[data-action=remove]").click());
  assert.equal(Number(await total.getAttribute("data-total")), all);
  clean(overview);
});

test("a pinned filter that cannot be read is told, also by the export", async (t) => {
  const answer = await fetch(new URL(`/d/overview/errors.json?pin=${encodeURIComponent('actor:"')}`, base));
  assert.equal(answer.status, 400);
  assert.equal((await answer.json()).error.parameter, "pin");
  const overview = await page(t);
  await overview.goto(`/?pin=${encodeURIComponent('actor:"')}`);
  assert.ok(await overview.locator("[data-error=pin]").isVisible());
});

test("ranges that were chosen are offered again", async (t) => {
  const overview = await page(t);
  await open(overview, "/?range=3d");
  await open(overview, "/?range=24h");
  const recent = overview.locator("[data-role=recent] a");
  assert.deepEqual(await recent.allTextContents(), ["Last 3 days"], "quick ranges are there anyway");
  await overview.keyboard.press("t");
  await navigate(overview, () => recent.click());
  assert.equal(query(overview).get("range"), "3d");
  clean(overview);
});

test("a pointer over a time chart shows its time on all of them, with values; arrow keys move it", async (t) => {
  const overview = await page(t, { viewport: { width: 1440, height: 2000 } });
  await open(overview, `/?${RANGE}`);
  const chart = panel(overview, "events-by-outcome");
  const box = await chart.locator(".picture-svg").boundingBox();
  await overview.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const lines = await overview.locator(".crosshair").count();
  assert.ok(lines >= 2, `${lines} charts show the time`);
  const heads = await overview.locator(".tip .tip-head").allInnerTexts();
  assert.equal(heads.length, lines);
  // What the chart says is what the export says.
  const text = await overview.locator(".tip").first().innerText();
  const rows = (await (await fetch(new URL(`/d/overview/events-by-outcome.json?${RANGE}`, base))).json()).rows;
  const number = Number(text.match(/Success\s+([\d,]+)/)[1].replaceAll(",", ""));
  assert.ok(rows.some((row) => row.outcome === "success" && row.events === number), `${text} is a bucket's`);

  await overview.mouse.move(5, 5);
  assert.equal(await overview.locator(".crosshair, .tip").count(), 0);
  await chart.locator(".picture-svg").focus();
  await overview.keyboard.press("ArrowRight");
  const first = await overview.locator(".tip-head").first().innerText();
  await overview.keyboard.press("ArrowRight");
  assert.notEqual(await overview.locator(".tip-head").first().innerText(), first);
  await overview.keyboard.press("Escape");
  assert.equal(await overview.locator(".crosshair").count(), 0);
  clean(overview);
});

test("what is in a tooltip stays text", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}`);
  const row = panel(overview, "errors").locator("svg .row:has(title)").first();
  await row.evaluate((row) => (row.querySelector("title").textContent = "<img src=x>\nsecond"));
  await row.scrollIntoViewIfNeeded();
  // What scrolls hides the tooltip.
  await overview.waitForTimeout(300);
  const box = await row.boundingBox();
  await overview.mouse.move(box.x + 10, box.y + box.height / 2);
  assert.deepEqual(await overview.locator(".tip p").allInnerTexts(), ["<img src=x>", "second"]);
  assert.equal(await overview.locator(".tip img").count(), 0);
  clean(overview);
});

test("a condition is marked on time charts; its flags say how many and lead to the events", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}&q=event_name:ConsoleLogin`);
  const all = Number((await figure(overview, "events")).toString());
  await navigate(overview, () => pills(overview).locator("[data-action=mark]").click());
  assert.equal(query(overview).get("annotate"), "event_name:ConsoleLogin");
  const flags = panel(overview, "events-by-outcome").locator("svg a.annotation");
  await flags.first().waitFor({ state: "attached" });
  const counts = await flags.evaluateAll((flags) =>
    flags.map((flag) => Number(flag.querySelector("title").textContent.match(/\n([\d,]+) event/)[1].replaceAll(",", ""))),
  );
  assert.equal(counts.reduce((sum, count) => sum + count, 0), all, "all of them are marked");
  await flags.first().dispatchEvent("click");
  await arrived(overview, "/discover");
  await settled(overview);
  const total = await overview.locator("[data-role=total]").getAttribute("data-total");
  assert.equal(Number(total), counts[0]);
  assert.equal(query(overview).get("q"), "event_name:ConsoleLogin");
  clean(overview);
});

test("inspect shows what was asked, with values, time and rows, also without scripts", async (t) => {
  const overview = await page(t);
  await open(overview, `/?${RANGE}&q=outcome:failure`);
  await brand(overview);
  const errors = panel(overview, "errors");
  await errors.locator("[data-role=menu] summary").click();
  await errors.locator("[data-action=inspect]").click();
  await arrived(overview, "/d/overview/errors/inspect");
  const statement = overview.locator("[data-statement='']");
  await statement.waitFor();
  assert.ok(await branded(overview), "the document stayed");
  const sql = await statement.locator(".sql").innerText();
  assert.match(sql, /\nfrom|\n  from/i, "lines of its own");
  const numbers = new Set(sql.match(/\$\d+/g));
  assert.equal(await statement.locator(".binds dt").count(), numbers.size, "a value for each $");
  assert.match(await statement.locator(".took").innerText(), /ms.*rows? read from .*event.*rows? given/s);
  const { rows } = await (await fetch(new URL(`/d/overview/errors.json?${RANGE}&q=outcome:failure`, base))).json();
  assert.equal(await overview.locator(".inspect tbody tr").count(), rows.length);
  clean(overview);

  const plain = await page(t, { javaScriptEnabled: false });
  await plain.goto(`/d/overview/errors/inspect?${RANGE}`);
  assert.ok((await plain.locator("[data-statement='']").count()) === 1);
});

test("the frame's pages pass an accessibility audit and fit a phone", async (t) => {
  for (const colorScheme of ["light", "dark"]) {
    const phone = await page(t, { viewport: PHONE, colorScheme, bypassCSP: true });
    for (const path of ["/d/overview/errors/inspect", "/?kiosk=1&", `/?pin=outcome:failure&annotate=event_name:ConsoleLogin&q=event_name:Get*&`]) {
      await phone.goto(`${path}${path.includes("?") ? "" : "?"}range=7d`);
      await phone.waitForSelector("body[data-hydrated]");
      assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} fits`);
      assert.deepEqual(await grave(phone), [], path);
    }
  }
});

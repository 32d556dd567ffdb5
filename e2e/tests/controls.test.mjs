// Controls above a dashboard's panels, its annotations, and changes that are not saved.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DESKTOP, clean, open, page } from "../lib/browser.mjs";
import { settled } from "../lib/page.mjs";

const control = (page, key) => page.locator(`[data-control="${key}"]`);
const filter = (page) => new URL(page.url()).searchParams.get("q") ?? "";
const path = (page) => new URL(page.url()).pathname;

test("values are found, chosen, joined and let go; the address says which", async (t) => {
  const own = await page(t, { viewport: DESKTOP });
  await open(own, "/?range=30d&q=outcome:success");
  const region = control(own, "aws_region");
  assert.equal(await region.locator(".chosen").textContent(), "All");
  await region.locator("summary").click();
  const values = region.locator(".control-value");
  await values.first().waitFor();
  const [first, second] = await values.allTextContents();
  await values.first().click();
  await own.waitForURL(/aws_region/);
  await settled(own);
  assert.equal(filter(own), `outcome:success and aws_region:${first}`);
  assert.equal(await region.locator(".chosen").textContent(), first);
  assert.equal(await region.getAttribute("open"), null, "a value that is chosen closes the list");
  await own.locator("[data-panel=access-map] svg").first().waitFor();

  await region.locator("summary").click();
  await region.locator("input").fill(second.slice(0, 6).toUpperCase());
  await region.locator("li", { hasText: second }).locator(".tick").click();
  await own.waitForFunction(() => /or/.test(new URL(location).searchParams.get("q")));
  assert.equal(filter(own), `outcome:success and aws_region:(${first} or ${second})`);
  assert.notEqual(await region.getAttribute("open"), null, "ticks leave the list open");
  assert.equal(await region.locator(".chosen").textContent(), `${first} +1`);
  await own.keyboard.press("Escape");
  assert.equal(await region.getAttribute("open"), null);
  assert.equal(await own.evaluate(() => document.activeElement.parentElement.dataset.control), "aws_region");

  await region.locator("summary").press("Enter");
  await region.locator(".control-all").click();
  await own.waitForFunction(() => !/aws_region/.test(location.search));
  assert.equal(filter(own), "outcome:success");
  clean(own);
});

test("without scripts the values are a link away", async (t) => {
  const own = await page(t, { javaScriptEnabled: false });
  await own.goto("/?range=30d");
  const actor = control(own, "actor");
  await actor.locator("summary").click();
  await actor.getByRole("link", { name: "Values, in Discover" }).click();
  assert.equal(path(own), "/discover");
  await own.locator("[data-role=values] li").first().waitFor();
});

test("a dashboard's own controls and annotations; leaving them unsaved is asked about", async (t) => {
  const own = await page(t, { viewport: DESKTOP });
  await own.goto("/dashboards");
  await own.locator(`[data-dashboard="overview"]`).getByRole("button", { name: "Clone Overview" }).click();
  await own.waitForURL(/\/d\/overview-\d+/);
  const home = path(own);
  await own.goto(`${home}/edit`);
  await own.waitForSelector("body[data-hydrated]");
  const top = own.locator("[data-role=top]");
  await top.locator("summary").click();
  await top.locator("input[value=account]").uncheck();
  await top.locator("input[value=country]").check();
  await top.locator("[name=annotation-title]").last().fill("Console");
  await top.locator("[name=annotation-filter]").last().fill("event_name:ConsoleLogin");

  // The reader stays.
  await own.getByRole("link", { name: "Dashboards" }).first().click();
  assert.deepEqual(own.problems, ["dialog: Leave without saving?"]);
  assert.equal(path(own), `${home}/edit`);
  own.problems.length = 0;

  await own.getByRole("button", { name: "Save", exact: true }).click();
  await own.waitForURL((url) => url.pathname === home);
  await open(own, `${home}?range=7d`);
  assert.deepEqual(
    await own.locator("[data-control]").evaluateAll((all) => all.map((one) => one.dataset.control)),
    ["aws_region", "event_source", "actor", "country"],
  );
  const flag = own.locator("[data-panel=events-by-outcome] .annotation").first();
  await flag.waitFor({ state: "attached" });
  assert.match(await flag.locator("title").textContent(), /^Console\n/);
  await open(own, "/?range=7d");
  assert.equal(await own.locator(".annotation").count(), 0, "another dashboard has none");

  await own.goto("/dashboards");
  await own.locator(`[data-dashboard="${home.slice(3)}"]`).getByRole("button", { name: /^Delete/ }).click();
  await own.waitForURL(/deleted=/);
  clean(own);
});

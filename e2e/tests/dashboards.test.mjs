// Dashboards of one's own: made, cloned, changed, looked back at, deleted and brought back, taken along; without scripts, too.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { DESKTOP, PHONE, clean, json, open, page, panel } from "../lib/browser.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const path = (page) => new URL(page.url()).pathname;
const row = (page, id) => page.locator(`[data-dashboard="${id}"]`);

/** A clone of the Overview, open; returns its id. */
async function clone(page) {
  await page.goto("/dashboards");
  await row(page, "overview").getByRole("button", { name: "Clone Overview" }).click();
  await page.waitForURL(/\/d\/overview-\d+/);
  return path(page).split("/")[2];
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with scripts" : "without scripts";

  test(`clone, delete, undo: ${how}`, async (t) => {
    const own = await page(t, { javaScriptEnabled });
    const id = await clone(own);
    assert.ok(await panel(own, "errors").isVisible());
    await own.goto("/dashboards");
    await row(own, id).getByRole("button", { name: /^Delete/ }).click();
    await own.waitForURL(/deleted=/);
    assert.equal(await own.locator("[data-role=deleted]").count(), 1);
    assert.equal((await own.request.get(`/d/${id}.json`)).status(), 404);
    await own.getByRole("button", { name: /^Undo/ }).click();
    await own.waitForURL(`**/d/${id}`);
    assert.equal((await own.request.get(`/d/${id}.json`)).status(), 200);
    clean(own);
  });

  test(`export, import, and a mistake in a file: ${how}`, async (t) => {
    const own = await page(t, { javaScriptEnabled });
    const dashboard = await json("/d/overview.json");
    const file = (of) => ({ name: "a.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(of)) });
    await own.goto("/dashboards");
    await own.locator("input[type=file]").setInputFiles(file({ ...dashboard, id: "taken-along", title: "Taken <b>along</b>" }));
    await own.getByRole("button", { name: "Import" }).click();
    await own.waitForURL(/\/d\/taken-along/);
    assert.equal(await own.locator("h1").first().innerText(), "Taken <b>along</b>");
    const back = await json(`${path(own)}.json`);
    assert.deepEqual(back.tiles, dashboard.tiles);
    await own.goto("/dashboards");
    await own.locator("input[type=file]").setInputFiles(file({ ...dashboard, titel: "x" }));
    await own.getByRole("button", { name: "Import" }).click();
    await own.waitForSelector("[data-role=refused]");
    assert.match(await own.locator("[data-role=refused]").innerText(), /titel/);
    assert.deepEqual(own.problems.filter((problem) => !problem.includes("400 (Bad Request)")), []);
  });
}

test("the history shows what changed, and a version comes back", async (t) => {
  const own = await page(t);
  const id = await clone(own);
  await own.goto(`/d/${id}/edit`);
  const dashboard = await json(`/d/${id}.json`);
  dashboard.title = "Mine";
  dashboard.tiles.pop();
  await own.locator("textarea[name=text]").fill(JSON.stringify(dashboard));
  await own.locator("input[name=note]").fill("Fewer panels");
  await own.getByRole("button", { name: "Save", exact: true }).click();
  await own.waitForURL(`**/d/${id}`);
  assert.equal(await own.locator("h1").first().innerText(), "Mine");
  await own.goto(`/d/${id}/history`);
  const text = await own.locator("[data-version='2']").innerText();
  for (const line of ["Fewer panels", "title", "Removed “Recent events”"]) assert.ok(text.includes(line), `${line} in ${text}`);
  await own.getByRole("button", { name: "Restore version 1" }).click();
  await own.waitForSelector("[data-version='3']");
  assert.equal((await json(`/d/${id}.json`)).title, "Copy of Overview");
  clean(own);
});

test("links between these pages need no load, and the way back works", async (t) => {
  const own = await page(t);
  const id = await clone(own);
  await open(own, `/d/${id}?range=7d`);
  await own.evaluate(() => (window.branded = true));
  await own.locator("[data-action=edit]").click();
  await own.waitForSelector("textarea[name=text]");
  assert.equal(new URL(own.url()).searchParams.get("range"), "7d");
  await own.locator("a.crumb", { hasText: "Dashboards" }).click();
  await own.waitForSelector(`[data-dashboard="${id}"]`);
  await own.goBack();
  await own.waitForSelector("textarea[name=text]");
  await own.goBack();
  await panel(own, "errors").waitFor();
  assert.equal(await own.evaluate(() => window.branded), true);
  clean(own);
});

for (const [name, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
  for (const colorScheme of ["light", "dark"]) {
    test(`axe finds nothing serious: ${colorScheme}, ${name}`, async (t) => {
      const own = await page(t, { colorScheme, viewport, bypassCSP: true });
      const id = await clone(own);
      for (const address of ["/dashboards", `/d/${id}/edit`, `/d/${id}/history`]) {
        await own.goto(address);
        await own.waitForSelector("body[data-hydrated]");
        await own.evaluate(AXE);
        const { violations } = await own.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        const grave = violations.filter((violation) => ["serious", "critical"].includes(violation.impact));
        assert.deepEqual(grave.map(({ id, nodes }) => [address, id, nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`)]), []);
        const [scroll, client] = await own.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        assert.ok(scroll <= client, `${address}: ${scroll} px in ${client} px`);
      }
    });
  }
}

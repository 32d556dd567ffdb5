// Every built-in dashboard: it loads, hydrates, says nothing on the console, fits a phone, and passes an audit.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { grave } from "../lib/axe.mjs";
import { PHONE, clean, open, page, panel, settled } from "../lib/browser.mjs";

const folder = new URL("../../model/src/dashboards/", import.meta.url);
const IDS = ["sign-ins", "identity-and-access", "network", "errors", "changes", "data-and-audit"];
// Only a database of autonomous systems, which the tests have not, tells networks.
const EMPTY = ["networks", "new-networks"];

for (const id of IDS) {
  test(`${id}: every panel has something to show`, async (t) => {
    const { tiles } = JSON.parse(await readFile(new URL(`${id}.json`, folder), "utf8"));
    // The page's policy would keep the audit out.
    const shown = await page(t, { bypassCSP: true, colorScheme: IDS.indexOf(id) % 2 ? "dark" : "light" });
    await open(shown, `/d/${id}?range=30d`);
    assert.equal(await shown.locator("[data-panel]").count(), tiles.length);
    for (const { panel: own } of tiles) {
      assert.equal(await panel(shown, own.id).locator('[data-role="error"]').count(), 0, `${own.id} failed`);
      const empty = await panel(shown, own.id).locator('[data-role="empty"]').count();
      assert.equal(empty, EMPTY.includes(own.id) ? 1 : 0, `${own.id} is ${empty ? "" : "not "}empty`);
    }
    clean(shown);
    assert.deepEqual(await grave(shown), []);
  });
}

test("390 px wide: no dashboard scrolls sideways", async (t) => {
  const phone = await page(t, { viewport: PHONE, hasTouch: true, isMobile: true });
  for (const id of IDS) {
    await open(phone, `/d/${id}?range=7d`);
    const [scroll, client] = await phone.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    assert.ok(scroll <= client, `${id}: ${scroll} px in ${client} px`);
  }
  clean(phone);
});

test("a panel without events says what that means", async (t) => {
  const shown = await page(t);
  await open(shown, "/d/identity-and-access?range=30d&q=event_name:NoSuchCall");
  await settled(shown);
  assert.match(await panel(shown, "root-activity").innerText(), /No root activity in this range: good\./);
  clean(shown);
});

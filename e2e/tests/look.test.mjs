// Themes, narrow screens, and what an accessibility audit finds.

import assert from "node:assert/strict";
import { test } from "node:test";
import { grave } from "../lib/axe.mjs";
import { DESKTOP, PHONE, clean, open, page, panel, settled } from "../lib/browser.mjs";

/** How bright the page's background is, 0 to 255. */
const brightness = (page) =>
  page.evaluate(() => {
    const parts = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).map(Number);
    // color(srgb …) and oklch(…) count from 0 to 1.
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = parts.length ? canvas.getImageData(0, 0, 1, 1).data : [255, 255, 255];
    return (red + green + blue) / 3;
  });

test("the theme follows the system, and a toggle that lasts", async (t) => {
  const overview = await page(t, { colorScheme: "light" });
  await open(overview, "/");
  assert.ok((await brightness(overview)) > 180, "light");
  await overview.emulateMedia({ colorScheme: "dark" });
  assert.ok((await brightness(overview)) < 80, "dark");
  assert.equal(await overview.locator("html[data-theme]").count(), 0, "nothing chosen yet");
  await overview.locator("button[data-action=theme]").first().click();
  await overview.waitForSelector("html[data-theme]");
  const chosen = await overview.locator("html").getAttribute("data-theme");
  const shown = await brightness(overview);
  assert.equal(chosen === "dark", shown < 80, `${chosen} is what is shown`);
  await open(overview, "/?range=7d");
  assert.equal(await overview.locator("html").getAttribute("data-theme"), chosen, "after loading anew");
  assert.ok(Math.abs((await brightness(overview)) - shown) < 1);
  clean(overview);
});

for (const colorScheme of ["light", "dark"]) {
  for (const [name, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    for (const path of ["/?range=7d&q=outcome:failure", "/d/overview/errors?range=7d"]) {
      test(`axe finds nothing serious: ${path}, ${colorScheme}, ${name}`, async (t) => {
        // The page's policy would keep the audit out.
        const audited = await page(t, { colorScheme, viewport, bypassCSP: true });
        await open(audited, path);
        assert.deepEqual(await grave(audited), []);
      });
    }
  }
}

test("390 px wide: nothing scrolls sideways but tables in their frames", async (t) => {
  const phone = await page(t, { viewport: PHONE, hasTouch: true, isMobile: true });
  for (const path of ["/?range=7d&q=outcome:failure", "/d/overview/source-addresses?range=7d", "/d/overview/access-map?range=7d"]) {
    await open(phone, path);
    const [scroll, client, wide] = await phone.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
      [...document.querySelectorAll("body *")]
        .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .slice(0, 5)
        .map((element) => `${element.tagName} ${element.className}`),
    ]);
    assert.ok(scroll <= client, `${path}: ${scroll} px in ${client} px: ${wide.join(", ")}`);
  }
  clean(phone);
});

test("no layout shift while the page loads and after a filter", async (t) => {
  const overview = await page(t);
  await overview.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await open(overview, "/?range=7d");
  await overview.waitForTimeout(300);
  const shift = await overview.evaluate(() => window.shift);
  assert.ok(shift < 0.02, `layout shift ${shift}`);
});

test("the map zooms by its buttons", async (t) => {
  const overview = await page(t);
  await open(overview, "/d/overview/access-map?range=7d");
  const map = panel(overview, "access-map");
  const state = () => map.locator("svg").first().evaluate((svg) => svg.outerHTML.slice(0, 2000) + (svg.querySelector("g[transform]")?.getAttribute("transform") ?? ""));
  const whole = await state();
  await map.locator("button[data-action=zoom-in]").click();
  await overview.waitForTimeout(400);
  assert.notEqual(await state(), whole, "zoomed in");
  await map.locator("button[data-action=zoom-reset]").click();
  await overview.waitForTimeout(400);
  assert.equal(await state(), whole, "whole again");
  await settled(overview);
  clean(overview);
});

test("pages with places carry the database's attribution", async (t) => {
  const overview = await page(t);
  await open(overview, "/");
  assert.match(await overview.locator("[data-role=attribution]").innerText(), /DB-IP/i);
  assert.match(await overview.locator("[data-role=attribution] a").first().getAttribute("href"), /^https:\/\/(www\.)?db-ip\.com/);
});

// Strings that attackers choose are text everywhere: on pages, in pictures, in exports.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { PANELS, base, clean, json, open, page, panel } from "../lib/browser.mjs";

// The fixture's events lie in this range, alone.
const RANGE = "from=2020-02-03T00:00:00Z&to=2020-02-04T00:00:00Z";
const { Records } = JSON.parse(await readFile(new URL("../fixtures/hostile.json", import.meta.url), "utf8"));

test("no script of an event runs, each is shown as text", async (t) => {
  const overview = await page(t);
  for (const path of ["/", ...PANELS.map((id) => `/d/overview/${id}`)]) {
    await open(overview, `${path}?${RANGE}&off=recent-events.writes`);
    assert.equal(await overview.evaluate(() => window.hacked), undefined, path);
    const foreign = await overview.evaluate(
      () =>
        [...document.querySelectorAll("img, iframe, script, object, embed, base, [onerror], [onload], [onclick], [onmouseover]")]
          // The page's own scripts carry its nonce, and what they hold is data.
          .filter((element) => !element.nonce && /hacked/.test(element.outerHTML))
          .map((element) => element.outerHTML.slice(0, 200)),
    );
    assert.deepEqual(foreign, [], path);
  }
  const text = await panel(overview, "recent-events").innerText();
  assert.ok(text.includes("<script>"), "shown as it is written");
  clean(overview);
});

test("opened rows and event pages are as safe", async (t) => {
  const overview = await page(t);
  await open(overview, `/d/overview/recent-events?${RANGE}&off=recent-events.writes`);
  const buttons = overview.locator("button[data-action=open]");
  for (let at = 0; at < (await buttons.count()); at += 1) await buttons.nth(at).click();
  await overview.locator("pre[data-role=raw]").first().waitFor();
  assert.equal(await overview.evaluate(() => window.hacked), undefined);
  for (const { eventID } of Records) {
    const answer = await overview.goto(`/event/${encodeURIComponent(eventID)}`);
    assert.equal(answer.status(), 200, eventID);
    await overview.waitForSelector("body[data-hydrated]");
    assert.equal(await overview.evaluate(() => window.hacked), undefined, eventID);
  }
  clean(overview);
});

test("the picture is well-formed XML without scripts", async (t) => {
  const blank = await page(t, { bypassCSP: true });
  await blank.goto("/healthz");
  for (const id of PANELS) {
    const svg = await (await fetch(new URL(`/d/overview/${id}.svg?${RANGE}`, base))).text();
    const problem = await blank.evaluate((svg) => {
      const document = new DOMParser().parseFromString(svg, "image/svg+xml");
      if (document.querySelector("parsererror")) return document.querySelector("parsererror").textContent;
      const bad = document.querySelector("script, foreignObject, image, [onload], [onerror], [onclick]");
      const link = [...document.querySelectorAll("a")].find((a) => /^\s*(javascript|data):/i.test(a.getAttribute("href") ?? ""));
      return (bad ?? link)?.outerHTML ?? "";
    }, svg);
    assert.equal(problem, "", id);
  }
});

test("a cell that a spreadsheet would run is quoted", async () => {
  const csv = await (await fetch(new URL(`/d/overview/recent-events.csv?${RANGE}&off=recent-events.writes`, base))).text();
  assert.ok(csv.includes("HYPERLINK"), "the fixture's formula is there");
  for (const cell of csv.split(/\r?\n/).flatMap((line) => line.split(","))) {
    assert.doesNotMatch(cell.replace(/^"/, ""), /^[=+@\t]/, cell);
  }
});

test("nothing is lost or changed in the export", async () => {
  const data = await json(`/d/overview/recent-events.json?${RANGE}&off=recent-events.writes`);
  assert.equal(data.rows.length, Records.length);
  for (const record of Records) {
    assert.deepEqual(await json(`/event/${encodeURIComponent(record.eventID)}.json`), record);
  }
});

test("the address cannot bring markup, either", async (t) => {
  const overview = await page(t);
  const payload = `"><img src=x onerror=window.hacked=1><script>window.hacked=1</script>`;
  for (const path of [
    `/?q=${encodeURIComponent(payload)}`,
    `/?q=${encodeURIComponent(`actor:"${payload.replaceAll('"', '\\"')}"`)}`,
    `/?range=${encodeURIComponent(payload)}`,
    `/?from=${encodeURIComponent(payload)}&to=now`,
    `/d/${encodeURIComponent(payload)}`,
    `/d/overview/${encodeURIComponent(payload)}`,
    `/event/${encodeURIComponent(payload)}`,
  ]) {
    const answer = await overview.goto(path);
    assert.ok(answer.status() < 500, `${path}: ${answer.status()}`);
    await overview.waitForLoadState("load");
    assert.equal(await overview.evaluate(() => window.hacked), undefined, path);
  }
  assert.deepEqual(overview.problems.filter((problem) => /dialog|exception|Content Security Policy/.test(problem)), []);
});

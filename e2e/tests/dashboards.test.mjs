// Dashboards of one's own: made, cloned, changed, looked back at, deleted and brought back, taken along; without scripts, too.

import assert from "node:assert/strict";
import { test } from "node:test";
import { grave } from "../lib/axe.mjs";
import { DESKTOP, PHONE, clean, json, open, page, panel } from "../lib/browser.mjs";

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
  await own.locator("[data-role=json] summary").click();
  await own.locator("textarea[name=json]").fill(JSON.stringify(dashboard));
  await own.getByRole("button", { name: "Take this over" }).click();
  await own.waitForFunction(() => document.querySelector("input[name=title]").value === "Mine");
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
  await own.waitForSelector("[data-tile=errors]");
  assert.equal(new URL(own.url()).searchParams.get("range"), "7d");
  await own.locator("a.crumb", { hasText: "Dashboards" }).click();
  await own.waitForSelector(`[data-dashboard="${id}"]`);
  await own.goBack();
  await own.waitForSelector("[data-tile=errors]");
  await own.goBack();
  await panel(own, "errors").waitFor();
  assert.equal(await own.evaluate(() => window.branded), true);
  clean(own);
});

/** The panels of the editor, in order. */
const tiles = (page) => page.locator("[data-tile]").evaluateAll((all) => all.map((tile) => tile.dataset.tile));

for (const javaScriptEnabled of [true, false]) {
  test(`the editor's buttons move, size and remove: ${javaScriptEnabled ? "with scripts, by keyboard" : "without scripts"}`, async (t) => {
    const own = await page(t, { javaScriptEnabled });
    const id = await clone(own);
    await own.goto(`/d/${id}/edit`);
    if (javaScriptEnabled) await own.waitForSelector("body[data-hydrated]");
    const before = await tiles(own);
    const press = async (name) => {
      const button = own.locator("[data-tile=errors]").getByRole("button", { name });
      const spec = await own.locator("input[name=spec]").getAttribute("value");
      if (javaScriptEnabled) {
        await button.focus();
        await own.keyboard.press("Enter");
      } else {
        await button.click();
      }
      await own.waitForFunction((spec) => document.querySelector("input[name=spec]")?.value !== spec, spec);
    };
    await press(/towards the start/);
    const at = before.indexOf("errors");
    assert.equal((await tiles(own)).indexOf("errors"), at - 1);
    if (javaScriptEnabled) {
      assert.match(await own.locator("[data-role=said]").innerText(), /Errors is number/);
      const focused = await own.evaluate(() => document.activeElement.getAttribute("aria-label"));
      assert.match(focused, /^Move towards the start: Errors/, "the focus stays on the button");
    }
    await press(/^Narrower/);
    await press(/^Higher/);
    await own.locator("[data-tile=key-figures]").getByRole("button", { name: /^Remove/ }).click();
    await own.locator("[data-tile=key-figures]").waitFor({ state: "detached" });
    await own.getByRole("button", { name: "Save", exact: true }).click();
    await own.waitForURL(`**/d/${id}`);
    const saved = await json(`/d/${id}.json`);
    const old = (await json("/d/overview.json")).tiles.find((tile) => tile.panel.id === "errors").place;
    const { place } = saved.tiles.find((tile) => tile.panel.id === "errors");
    assert.deepEqual(place, { columns: old.columns - 1, height: old.height + 40 });
    assert.ok(!saved.tiles.some((tile) => tile.panel.id === "key-figures"));
    assert.equal(await panel(own, "key-figures").count(), 0);
    clean(own);
  });
}

test("panels are dragged to another place and by their corners", async (t) => {
  const own = await page(t);
  const id = await clone(own);
  await own.goto(`/d/${id}/edit`);
  await own.waitForSelector("body[data-hydrated]");
  const drag = async (from, to) => {
    await own.mouse.move(from.x, from.y);
    await own.mouse.down();
    await own.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
    await own.mouse.move(to.x, to.y, { steps: 4 });
    await own.mouse.up();
  };
  const tile = (name) => own.locator(`[data-tile=${name}]`);
  const head = await tile("events-by-outcome").locator("[data-drag]").boundingBox();
  const first = await tile("key-figures").boundingBox();
  await drag({ x: head.x + 40, y: head.y + 12 }, { x: first.x + 60, y: first.y + 30 });
  await own.waitForFunction(() => document.querySelector("[data-tile]").dataset.tile === "events-by-outcome");
  await own.waitForFunction(() => JSON.parse(document.querySelector("input[name=spec]").value).tiles[0].panel.id === "events-by-outcome");
  await tile("sign-ins").scrollIntoViewIfNeeded();
  const before = await tile("sign-ins").evaluate((tile) => ({ ...tile.dataset }));
  const corner = await tile("sign-ins").locator("[data-resize]").boundingBox();
  const grid = await own.locator("[data-role=grid]").boundingBox();
  await drag({ x: corner.x + 8, y: corner.y + 8 }, { x: corner.x + 8 - (2 * grid.width) / 12, y: corner.y + 38 });
  const of = { columns: Number(before.columns) - 2, height: Number(before.height) + 60 };
  await own.waitForFunction((of) => {
    const { tiles } = JSON.parse(document.querySelector("input[name=spec]").value);
    const { place } = tiles.find((tile) => tile.panel.id === "sign-ins");
    return place.columns === of.columns && place.height === of.height;
  }, of);
  clean(own);
});

test("a new panel is shown while it is described, with its mistakes, and saved", async (t) => {
  const own = await page(t);
  await own.goto("/dashboards");
  await own.waitForSelector("body[data-hydrated]");
  await own.getByLabel("Title").fill("Failures here");
  await own.getByRole("button", { name: "Create" }).click();
  await own.waitForURL(/\/edit/);
  await own.waitForSelector("body[data-hydrated]");
  await own.getByRole("button", { name: "Make a new one" }).click();
  await own.waitForSelector("#preview");
  await own.locator("[name=panel_title]").fill("Who fails");
  await own.locator("[name=by]").fill("actor");
  await own.locator("#preview svg").first().waitFor();
  await own.locator("[name=filter]").fill("outcom:failure");
  await own.waitForSelector("#preview [data-role=refused]");
  assert.match(await own.locator("#preview [data-role=refused]").innerText(), /no field outcom/);
  assert.equal(await own.evaluate(() => document.activeElement.getAttribute("name")), "filter", "typing is not disturbed");
  await own.locator("[name=filter]").fill("outcome:failure");
  await own.locator("#preview svg").first().waitFor();
  assert.match(await own.locator("[data-role=sql]").innerText(), /SQL: \d+ statements/);
  await own.getByRole("button", { name: "Apply" }).click();
  await own.waitForSelector("[data-tile=who-fails]");
  await own.getByRole("button", { name: "Save", exact: true }).click();
  await own.waitForURL(/\/d\/failures-here[^/]*$/);
  await panel(own, "who-fails").locator("svg").first().waitFor();
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
        assert.deepEqual(await grave(own), [], address);
        const [scroll, client] = await own.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        assert.ok(scroll <= client, `${address}: ${scroll} px in ${client} px`);
      }
    });
  }
}

const WORDS = `# On call

**Ask** [the team](https://wiki.example/team) or look at [the errors](/d/errors?range=7d).

| Account | Owner |
|---|---|
| 111111111111 | ~~ops~~ platform |

<script>window.broken = 1</script><img src=x onerror="window.broken = 2"> [no](javascript:window.broken=3) [no](//evil.example)
![a picture](https://wiki.example/a.png)`;

for (const javaScriptEnabled of [true, false]) {
  test(`words are set, and nothing in them runs: ${javaScriptEnabled ? "with" : "without"} scripts`, async (t) => {
    const own = await page(t, { javaScriptEnabled });
    const tile = { place: { columns: 6, height: 300 }, panel: { id: "words", title: "Read me", mark: "text", text: WORDS } };
    const of = { version: 1, id: `words-${javaScriptEnabled}`, title: "Notes", description: "", tiles: [tile] };
    await own.goto("/dashboards");
    await own.locator("input[type=file]").setInputFiles({ name: "a.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(of)) });
    await own.getByRole("button", { name: "Import" }).click();
    await own.waitForURL(/\/d\/words-/);
    const words = panel(own, "words").locator(".panel-text");
    await words.waitFor();
    assert.equal(await words.locator("h3").innerText(), "On call");
    assert.equal(await words.locator("td").nth(1).innerText(), "ops platform");
    assert.deepEqual(
      await words.locator("a").evaluateAll((links) => links.map((link) => [link.innerText, link.getAttribute("href"), link.rel])),
      [
        ["the team", "https://wiki.example/team", "noopener noreferrer"],
        ["the errors", "/d/errors?range=7d", ""],
        ["a picture", "https://wiki.example/a.png", "noopener noreferrer"],
      ],
    );
    assert.equal(await words.locator("script, img").count(), 0);
    assert.match(await words.innerText(), /<script>window.broken = 1<\/script><img src=x/);
    if (javaScriptEnabled) {
      await own.waitForSelector("body[data-hydrated]");
      await own.evaluate(() => (window.stays = true));
      // Loaded again by the browser, they are the same.
      const before = await words.innerHTML();
      await own.locator("[data-action=refresh]").click();
      await own.waitForTimeout(300);
      assert.equal(await words.innerHTML(), before);
      assert.equal(await own.evaluate(() => window.broken), undefined);
      await words.getByRole("link", { name: "the errors" }).click();
      await own.waitForURL(/\/d\/errors\?range=7d/);
      assert.equal(await own.evaluate(() => window.stays), true, "without loading the page anew");
    }
    clean(own);
  });
}

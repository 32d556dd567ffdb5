// The page about ingest, on a server of its own that watches a folder.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { grave } from "../lib/axe.mjs";
import { PHONE, clean, page } from "../lib/browser.mjs";
import { folder, remove, start, stop } from "../lib/trailmap.mjs";

let data;
let drop;
let trailmap;

const event = (number) => ({
  eventVersion: "1.11",
  userIdentity: { type: "IAMUser", userName: "alice", accountId: "111122223333" },
  eventTime: new Date(Date.now() - number * 60_000).toISOString().replace(/\.\d+/, ""),
  eventSource: "s3.amazonaws.com",
  eventName: "GetObject",
  awsRegion: "eu-west-1",
  sourceIPAddress: "192.0.2.1",
  eventID: `${String(number).padStart(8, "0")}-0000-4000-8000-000000000000`,
  recipientAccountId: "111122223333",
});
const records = (numbers) => JSON.stringify({ Records: numbers.map(event) });
const whole = gzipSync(records([...Array(500).keys()].map((number) => number + 100)));

before(async () => {
  data = await folder();
  drop = join(data, "drop");
  await mkdir(drop);
  await writeFile(join(drop, "good.json"), records([1, 2, 3]));
  await writeFile(join(drop, "strange.json"), '{"Records":[{"userAgent":"<img src=x onerror=window.hacked=1>"}]}');
  await writeFile(join(drop, "damaged.json.gz"), whole.subarray(0, whole.length / 2));
  const config = join(data, "sources.toml");
  await writeFile(config, `[[source]]\nname = "drop"\ntype = "folder"\npath = "${drop}"\npoll = "1s"\n`);
  trailmap = await start(data, "serve", "--config", config);
});

after(async () => {
  if (trailmap) await stop(trailmap.child);
  await remove(data);
});

const shown = async (ingest) => {
  await ingest.goto(`${trailmap.url}/ingest`);
  await ingest.waitForSelector("body[data-hydrated]");
  await ingest.locator("[data-role=failed]").waitFor({ timeout: 30_000 });
};

test("each source is shown with its state and counts, and follows by itself", async (t) => {
  const ingest = await page(t, { bypassCSP: true });
  await shown(ingest);
  const source = ingest.locator("[data-source=drop]");
  // Counts follow what was read by a moment: each is waited for.
  for (const part of ["Up to date", "Folder", "Kept aside", "Failed to read"]) await source.getByText(part, { exact: true }).waitFor();
  const stored = async () => Number((await source.locator("dt:text-is('Events stored') + dd").innerText()).replaceAll(",", ""));
  assert.equal(await ingest.evaluate(() => window.hacked), undefined);
  assert.deepEqual(await grave(ingest), []);

  const before = await stored();
  await writeFile(join(drop, "more.json"), records([4, 5, 6, 7]));
  for (const end = Date.now() + 30_000; (await stored()) !== before + 4; ) {
    assert.ok(Date.now() < end, `${before} events, then ${await stored()}`);
    await ingest.waitForTimeout(200);
  }
  clean(ingest);
});

test("what failed is read again at a click, and is gone when that goes well", async (t) => {
  const ingest = await page(t);
  await shown(ingest);
  const failed = ingest.locator("[data-role=failed]");
  assert.ok((await failed.innerText()).includes("gzip ends early"));
  await failed.getByRole("button", { name: "Retry all objects that failed" }).click();
  await failed.getByText("Will be read again").waitFor();
  await failed.getByRole("button", { name: /^Retry .*damaged/ }).waitFor({ timeout: 30_000 });
  await writeFile(join(drop, "damaged.json.gz"), whole);
  await failed.waitFor({ state: "detached", timeout: 30_000 });
  clean(ingest);
});

test("on a phone nothing sticks out, without scripts it works", async (t) => {
  const phone = await page(t, { viewport: PHONE, javaScriptEnabled: false });
  await phone.goto(`${trailmap.url}/ingest`);
  assert.ok(await phone.locator("[data-source=drop]").isVisible());
  assert.ok(await phone.locator("[data-role=rejected]").isVisible());
  await phone.getByRole("button", { name: /^Read again .*strange/ }).first().click();
  await phone.locator("[data-role=failed]").getByText("Will be read again").waitFor();
});

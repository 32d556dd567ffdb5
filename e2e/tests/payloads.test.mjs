// Hundreds of payloads in every field of events, names and titles: on no page, in no file does anything of them run, load, or
// become an element. On a server of its own, with users.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { context, settled, watch } from "../lib/browser.mjs";
import { DAY, DRAWN, FIELDS, LINES, PAYLOADS, RECORDS, dashboard, eventId, foreign } from "../lib/payloads.mjs";
import { folder, remove, run, start, stop } from "../lib/trailmap.mjs";

const PASSWORD = "plum-anchor-violin-72";
const COLUMNS = "event_time,user_agent,actor,session,resource,error_message,source_address,userIdentity.arn,requestParameters.tagging";
const SAME_ORIGIN = { "sec-fetch-site": "same-origin" };

let data;
let trailmap;
let reader;
let outside;

before(async () => {
  data = await folder();
  const drop = join(data, "drop");
  await mkdir(drop);
  await writeFile(join(data, "events.json"), JSON.stringify({ Records: RECORDS }));
  // What is no event, and what is no file of events, under names that are payloads, too.
  const rejected = PAYLOADS.slice(0, 60).map((payload) => ({ eventVersion: "1.11", eventID: payload, [payload]: payload }));
  const names = LINES.filter((name) => !name.includes("/")).slice(0, 40);
  for (const name of names) await writeFile(join(drop, `${name}.json`), JSON.stringify({ Records: rejected.splice(0, 3) }));
  for (const name of names.slice(0, 10)) await writeFile(join(drop, `${name}.json.gz`), "no gzip <img src=x onerror=__pwned(1)>");
  const config = join(data, "sources.toml");
  await writeFile(config, `[[source]]\nname = "drop"\ntype = "folder"\npath = "${drop}"\npoll = "1s"\n`);
  trailmap = await start(data, "serve", "--access", "accounts", "--config", config);
  await run(data, "ingest", join(data, "events.json"));
  reader = await signedIn();
  outside = createServer((_, answer) => answer.end("<!doctype html><title>A wiki</title><iframe width=900 height=600></iframe>"));
  await new Promise((listening) => outside.listen(0, "127.0.0.1", listening));
});

after(async () => {
  outside?.close();
  if (trailmap) await stop(trailmap.child);
  await remove(data);
});

/** A browser that tells of whatever ran, was asked for elsewhere, or was kept from it. */
async function watched(options = {}) {
  const own = await context({ baseURL: trailmap.url, acceptDownloads: true, ...options });
  own.told = [];
  await own.exposeBinding("__pwned", ({ frame }, what) => own.told.push(`a script ran: ${what} at ${frame.url()}`));
  await own.exposeBinding("__told", (_, what) => own.told.push(what));
  await own.addInitScript(() =>
    addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sourceFile, sample }) =>
      window.__told(`policy: ${effectiveDirective} ${blockedURI} ${sourceFile} ${sample} on ${location.href}`),
    ),
  );
  own.on("request", (request) => {
    const url = new URL(request.url());
    const ours = [new URL(trailmap.url).host, `localhost:${outside?.address()?.port}`].includes(url.host);
    if (!ours && !["data:", "blob:"].includes(url.protocol)) own.told.push(`asked for ${url}`);
  });
  return own;
}

async function signedIn() {
  const own = await watched({ userAgent: LINES[30] });
  const [, key] = trailmap.log().match(/welcome\?key=(\S+)/);
  const form = { key, name: LINES[22], password: PASSWORD, again: PASSWORD };
  const answer = await own.request.post("/welcome", { form, headers: SAME_ORIGIN, maxRedirects: 0 });
  assert.equal(answer.status(), 303, await answer.text());
  return own;
}

/** Sends a form; returns the answer's text. */
async function post(path, form, more = {}) {
  const answer = await reader.request.post(path, { form, headers: SAME_ORIGIN, maxRedirects: 0, ...more });
  const text = await answer.text();
  assert.ok(answer.status() < 400, `${path}: ${answer.status()} ${text.match(/data-role="refused".*?<\/div>/)?.[0]}`);
  return text;
}

async function make(dashboard) {
  const file = { name: "a.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(dashboard)) };
  await post("/dashboards", undefined, { multipart: { do: "import", file } });
}

const secret = (html) => new URL(html.match(/data-role="secret"[^>]*>([^<]+)</)[1]).pathname;

/** What is wrong after `path` was opened in this page. */
async function wrong(page, path) {
  const found = await page.evaluate(foreign);
  // A page that there is not, and a form that is refused, are told to the console as well.
  const problems = page.problems.splice(0).filter((problem) => !/the server responded with a status of 40\d/.test(problem));
  return [...found, ...problems, ...page.context().told.splice(0)].map((what) => `${path}: ${what}`);
}

/** Opens all, some at a time, and fails with all that was wrong. */
async function walk(own, paths, look = async () => {}) {
  const waiting = [...paths];
  const found = [];
  const one = async () => {
    const page = await own.newPage();
    page.setDefaultTimeout(20_000);
    watch(page);
    for (let path = waiting.shift(); path; path = waiting.shift()) {
      const answer = await page.goto(path);
      assert.ok(answer.status() < 500, `${path}: ${answer.status()}`);
      await look(page, path);
      found.push(...(await wrong(page, path)));
    }
    await page.close();
  };
  await Promise.all([one(), one(), one()]);
  assert.deepEqual(found, []);
}

const hydrated = async (page) => {
  await page.waitForSelector("body[data-hydrated]").catch((error) => assert.fail(`${page.url()}: ${error.message} ${page.problems}`));
  if (await page.locator("[data-panel]").count()) await settled(page);
};

test("dashboards, panels of every mark, and what opens in them", async () => {
  await make(dashboard("payloads", 30));
  const built = ["overview", "sign-ins", "identity-and-access", "network", "errors", "changes", "data-and-audit"];
  const panels = ["by-resource", ...DRAWN].map((id) => `/d/payloads/${id}?${DAY}`);
  await walk(reader, [`/d/payloads?${DAY}`, ...panels, ...built.map((id) => `/d/${id}?${DAY}&annotate=event_name:*`)], hydrated);
  const page = await reader.newPage();
  watch(page);
  await page.goto(`/d/payloads?${DAY}`);
  await hydrated(page);
  // Drawn anew by the browser's half, with the rows and lists that open.
  await page.locator("[data-action=refresh]").first().click();
  await page.waitForTimeout(100);
  await settled(page);
  const rows = page.locator("[data-panel=events] button[data-action=open]");
  for (const at of [0, 40, 80]) await rows.nth(at).click();
  await page.locator("pre[data-role=raw]").nth(2).waitFor();
  await page.locator("form[data-role=filter] input[name=q]").fill("actor:<");
  await page.locator("[role=option]").first().waitFor();
  assert.deepEqual(await wrong(page, "the dashboard, used"), []);
  await page.close();
});

test("each payload in each field, as documents that are parsed and not run", async () => {
  await make(dashboard("every", 1000));
  const of = (kind, value) => `/entity/${kind}/${encodeURIComponent(value).replace(/\.json$/, "%2Ejson")}?${DAY}`;
  const each = PAYLOADS.flatMap((payload, at) => {
    const text = encodeURIComponent(payload.toWellFormed());
    const event = `/event/${eventId(["user", "session", "service"][at % 3], at)}`;
    const told = [`/event/${text}`, of("actor", payload.toWellFormed()), `/nothing/${text}`, `/discover?${DAY}&limit=1&q=${text}`];
    return at % 3 === 0 ? [event, told[(at / 3) % 4]] : [event];
  }).filter((path) => !path.includes("%00") && path.length < 8000);
  const tables = FIELDS.map((field) => `/d/every/by-${field.replaceAll("_", "-")}?${DAY}`);
  const page = await reader.newPage();
  await page.goto("/account");
  const { found, text } = await page.evaluate(
    async ([paths, source]) => {
      const foreign = new Function(`return ${source}`)();
      const found = [];
      let text = "";
      const one = async () => {
        for (let path = paths.shift(); path; path = paths.shift()) {
          const answer = await fetch(path);
          if (answer.status >= 500) found.push(`${path}: ${answer.status}`);
          const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
          found.push(...foreign(parsed, location.href).map((what) => `${path}: ${what}`));
          if (path.startsWith("/d/every/by-user-agent")) text = parsed.body.textContent;
        }
      };
      await Promise.all([one(), one(), one(), one()]);
      return { found, text };
    },
    [[...tables, ...each], foreign.toString()],
  );
  assert.deepEqual([...found, ...reader.told.splice(0)], []);
  const shown = PAYLOADS.filter((payload) => text.includes(payload)).length;
  assert.ok(shown > 250, `${shown} are shown as they are written`);
  await page.close();
});

test("searches, events, and what an event is about", async () => {
  const of = (kind, value) => `/entity/${kind}/${encodeURIComponent(value).replace(/\.json$/, "%2Ejson")}?${DAY}`;
  const some = LINES.filter((_, at) => at % 30 === 0);
  await walk(
    reader,
    [
      `/discover?${DAY}&limit=500&columns=${COLUMNS}`,
      `/discover?${DAY}&limit=500&raw=true&q=${encodeURIComponent("event_name:ConsoleLogin")}`,
      `/discover?${DAY}&field=user_agent`,
      ...["user", "session", "service"].flatMap((kind) => [0, 200].map((at) => `/event/${eventId(kind, at)}`)),
      ...some.flatMap((value) => [of("actor", value), of("resource", value)]),
      `/d/payloads/by-actor/inspect?${DAY}&q=${encodeURIComponent(`user_agent:"${LINES[0]}"`)}`,
    ],
    hydrated,
  );
});

test("lists, forms, users, tokens, ingest, the audit log", async () => {
  for (const name of LINES.filter((_, at) => at % 9 === 1)) await post("/users", { do: "create", name, role: "viewer", accounts: "*" });
  for (const label of LINES.filter((_, at) => at % 9 === 2)) await post("/account", { do: "token", label, role: "viewer", days: "1", accounts: "*" });
  for (const name of LINES.slice(0, 4)) await reader.request.post("/login", { form: { name, password: name }, headers: SAME_ORIGIN });
  const json = JSON.stringify({ ...dashboard("payloads", 30), title: LINES[60] });
  await post("/d/payloads/edit", { do: "save", spec: json, json, note: LINES[61], title: LINES[60] }).catch(() => {});
  for (const value of LINES.filter((_, at) => at % 20 === 3)) {
    await post(`/share?of=${encodeURIComponent(`/d/payloads?q=${encodeURIComponent(value)}`)}`, { do: "short" });
  }
  const query = encodeURIComponent(`/d/${LINES[0]}?q=${LINES[23]}`);
  await walk(
    reader,
    ["/dashboards", "/d/payloads/edit", "/d/payloads/history", "/users", "/account", "/audit", "/d/audit-log/objects", "/shares", "/ingest", `/share?of=${query}`],
    async (page, path) => {
      await hydrated(page);
      if (path === "/ingest") await page.locator("[data-role=failed]").waitFor();
    },
  );
  const nobody = await watched();
  await walk(nobody, [`/login?next=${query}`, `/welcome?key=${query}`, `/s/${encodeURIComponent(LINES[0])}`, `/?q=${query}`]);
  await nobody.close();
});

test("what a link shows, also in a frame", async () => {
  const host = `http://localhost:${outside.address().port}`;
  const share = async (of, more) => secret(await post(`/share?of=${encodeURIComponent(of)}`, { do: "share", days: "1", kind: "live", ...more }));
  const of = `/d/payloads?${DAY}`;
  const drills = await share(of, { drills: "1", exports: "1" });
  const framed = await share(of, { drills: "1", origins: host });
  const plain = await share(of, { kind: "snapshot" });
  const search = await share(`/discover?${DAY}&limit=500&columns=${COLUMNS}`, {});
  const locked = await share(of, { password: "ferry-lantern-orchid" });
  const stranger = await watched();
  const added = encodeURIComponent(`user_agent:"${LINES[4].replaceAll('"', '\\"')}"`);
  await walk(stranger, [drills, `${drills}?q=${added}`, `${drills}?q=${encodeURIComponent(LINES[60])}`, plain, search, locked, framed]);
  const page = await stranger.newPage();
  watch(page);
  await page.goto(host);
  const src = `${trailmap.url}${framed}?embed=1`;
  await page.evaluate((src) => (document.querySelector("iframe").src = src), src);
  await page.frameLocator("iframe").locator("[data-panel=words]").waitFor();
  assert.deepEqual(await page.frames()[1].evaluate(foreign), []);
  assert.deepEqual([...page.problems, ...stranger.told], []);
  await stranger.close();
  await walk(reader, ["/shares"], hydrated);
});

test("files, opened in the browser", async () => {
  const page = await reader.newPage();
  watch(page);
  const found = [];
  for (const path of [
    ...["ranking", "heat-map", "area", "donut"].map((id) => `/d/payloads/${id}.svg`),
    "/d/payloads/ranking.png",
    "/d/payloads/ranking.json",
    "/d/payloads/by-user-agent.csv",
    "/d/payloads.json",
    "/discover.csv",
    "/discover.json",
    "/discover.ndjson",
    `/event/${eventId("user", 1)}.json`,
    "/api/v1/audit",
  ]) {
    const answer = await reader.request.get(`${path}?${DAY}`);
    assert.equal(answer.status(), 200, path);
    const { "content-type": type, "x-content-type-options": sniff, "content-security-policy": policy } = answer.headers();
    assert.match(type, /^(image\/(svg\+xml|png)|application\/(json|x-ndjson)|text\/csv)/, path);
    assert.ok(sniff === "nosniff" && policy.startsWith("default-src 'none'") && !policy.includes("script-src"), path);
    // Chromium shows a PNG in a document with styles of its own, which the policy refuses. What is to be saved is not opened.
    if (type === "image/png") continue;
    const opened = await page.goto(`${path}?${DAY}`).catch((error) => assert.match(error.message, /Download is starting|ERR_ABORTED/));
    if (opened && type.startsWith("image/svg")) found.push(...(await page.evaluate(foreign)));
  }
  assert.deepEqual([...found, ...page.problems, ...reader.told], []);
  await page.close();
});

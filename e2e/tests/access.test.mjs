// Users: the first administrator, roles, sessions, links for who does not sign in. On a server of its own.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { grave } from "../lib/axe.mjs";
import { PHONE, clean, context, navigate, page, panel, query, settled, watch } from "../lib/browser.mjs";
import { folder, remove, start, stop } from "../lib/trailmap.mjs";

const PASSWORD = "plum-anchor-violin-72";

let data;
let trailmap;
/** Cookies of the administrator. */
let signedIn;

before(async () => {
  data = await folder();
  trailmap = await start(data, "demo", "--events", "3000", "--access", "accounts");
});

after(async () => {
  if (trailmap) await stop(trailmap.child);
  await remove(data);
});

const hydrated = async (page, path) => {
  const answer = await page.goto(trailmap.url + path);
  await page.waitForSelector("body[data-hydrated]");
  return answer;
};

/** Chooses name and password at a link, as its page asks. */
const welcome = async (page, link, name) => {
  await page.goto(link);
  if (name) await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Save and sign in" }).click();
  await page.waitForURL(`${trailmap.url}/`);
};

const asAdmin = async (t, options = {}) => {
  const own = await page(t, options);
  await own.context().addCookies(signedIn);
  return own;
};

test("the link on the terminal makes the administrator", async (t) => {
  const first = await page(t);
  const [link] = trailmap.log().match(/http\S+\/welcome\?key=\S+/);
  await welcome(first, link, "Root");
  await first.waitForSelector("body[data-hydrated]");
  await settled(first);
  signedIn = await first.context().cookies();
  const session = signedIn.find((cookie) => cookie.name === "trailmap");
  assert.ok(session.httpOnly && session.sameSite === "Lax", JSON.stringify(session));
  await first.locator("[data-role=reader] summary").click();
  assert.match(await first.locator(".reader-menu").innerText(), /Root\s+admin/);
  clean(first);
});

test("who is not signed in comes to where they wanted to go, also without scripts", async (t) => {
  const own = await context({ javaScriptEnabled: false });
  t.after(() => own.close());
  const plain = await own.newPage();
  await plain.goto(`${trailmap.url}/d/overview/errors?range=7d`);
  assert.match(plain.url(), /\/login\?next=/);
  await plain.getByLabel("Name").fill("root");
  await plain.getByLabel("Password").fill("not this one");
  await plain.getByRole("button", { name: "Sign in" }).click();
  assert.equal(await plain.locator("[data-role=refused]").innerText(), "Name or password is wrong.");
  await plain.getByLabel("Password").fill(PASSWORD);
  await plain.getByRole("button", { name: "Sign in" }).click();
  assert.equal(new URL(plain.url()).pathname, "/d/overview/errors");
  await plain.locator("[data-role=reader] summary").click();
  await plain.getByRole("button", { name: "Sign out" }).click();
  assert.equal(new URL(plain.url()).pathname, "/login");
});

test("a viewer is made, looks, and changes nothing", async (t) => {
  const admin = await asAdmin(t);
  await hydrated(admin, "/users");
  const form = admin.locator("form", { hasText: "New user" });
  await form.getByLabel("Name").fill("<b>vera</b>");
  await form.getByLabel("AWS accounts").fill("111122223333");
  await form.getByRole("button", { name: "Create user" }).click();
  const link = await admin.locator("[data-role=secret]").innerText();
  assert.match(link, /\/welcome\?key=\S{43}$/);
  await admin.locator("[data-user='<b>vera</b>']").getByText("No password yet").waitFor();
  clean(admin);

  const own = await context();
  t.after(() => own.close());
  const vera = await own.newPage();
  watch(vera);
  await welcome(vera, link);
  await vera.waitForSelector("body[data-hydrated]");
  await settled(vera);
  await vera.locator("[data-role=reader] summary").click();
  const menu = vera.locator(".reader-menu");
  assert.match(await menu.innerText(), /<b>vera<\/b>\s+viewer · accounts 111122223333/);
  assert.equal(await menu.getByText("Users").count(), 0);
  await hydrated(vera, "/dashboards");
  assert.equal(await vera.getByText("New dashboard").count(), 0);
  assert.equal((await vera.request.get(`${trailmap.url}/users`)).status(), 403);
  // Signed out by the administrator: the page that is open says so, and leads back in.
  await hydrated(vera, "/?range=7d");
  await settled(vera);
  await admin.locator("[data-user='<b>vera</b>']").getByRole("button", { name: "Sign out <b>vera</b>" }).click();
  await admin.waitForTimeout(500);
  await vera.locator("[data-action=refresh]").first().click();
  const told = vera.locator("[data-role=error]", { hasText: "You are signed out" }).first();
  await told.waitFor();
  assert.match(await told.getByRole("link").getAttribute("href"), /^\/login\?next=%2F%3Frange%3D7d$/);
});

/** What an app shows so many half-minutes from now, for a key as people type it. */
const code = (key, later) => {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...key].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const hash = createHmac("sha1", Buffer.from(bits.match(/.{8}/g).map((bits) => parseInt(bits, 2)))).update(counter).digest();
  return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
};

test("a second factor is set up, asked for after the password, and switched off", async (t) => {
  const admin = await asAdmin(t, { bypassCSP: true });
  await hydrated(admin, "/account");
  const card = admin.locator("[data-role=factor]");
  await card.getByLabel("Your password").fill(PASSWORD);
  await card.getByRole("button", { name: "Set up" }).click();
  const key = (await card.locator("[data-role=factor-secret]").innerText()).replaceAll(" ", "");
  assert.match(key, /^[A-Z2-7]{32}$/);
  assert.equal(await card.getByRole("img", { name: "The key, for an app to read" }).count(), 1);
  assert.deepEqual(await grave(admin), []);
  await card.getByLabel("Code").fill(code(key, -1));
  await card.getByRole("button", { name: "Switch on" }).click();
  const recovery = await admin.locator("[data-role=codes] code").allInnerTexts();
  assert.equal(recovery.length, 10);

  const own = await context({ javaScriptEnabled: false });
  t.after(() => own.close());
  const plain = await own.newPage();
  await plain.goto(`${trailmap.url}/login?next=%2Fdashboards`);
  await plain.getByLabel("Name").fill("root");
  await plain.getByLabel("Password").fill(PASSWORD);
  await plain.getByRole("button", { name: "Sign in" }).click();
  assert.equal(new URL(plain.url()).pathname, "/login/code");
  await plain.getByLabel("Code").fill("000000");
  await plain.getByRole("button", { name: "Sign in" }).click();
  assert.match(await plain.locator("[data-role=refused]").innerText(), /This code is wrong/);
  await plain.getByLabel("Code").fill(code(key, 0));
  await plain.getByRole("button", { name: "Sign in" }).click();
  assert.equal(new URL(plain.url()).pathname, "/dashboards");

  await card.getByLabel("Your password").fill(PASSWORD);
  await card.getByRole("button", { name: "Switch off" }).click();
  await admin.locator("[data-role=said-here]", { hasText: "your password alone" }).waitFor();
  clean(admin);
});

test("where a second factor is required, it is set up before anything else is seen", async (t) => {
  const own = await folder();
  const strict = await start(own, "demo", "--events", "300", "--access", "accounts", "--require-second-factor");
  t.after(async () => {
    await stop(strict.child);
    await remove(own);
  });
  const first = await page(t, { bypassCSP: true });
  const [link] = strict.log().match(/http\S+\/welcome\?key=\S+/);
  await first.goto(link);
  await first.getByLabel("Name", { exact: true }).fill("Root");
  await first.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await first.getByLabel("Password again").fill(PASSWORD);
  await first.getByRole("button", { name: "Save and sign in" }).click();
  await first.getByRole("heading", { name: "Your second factor" }).waitFor();
  // Whatever address is typed, it is this page.
  await first.goto(`${strict.url}/d/overview?range=7d`);
  assert.equal(new URL(first.url()).pathname, "/login/factor");
  assert.equal((await first.request.get(`${strict.url}/d/overview.json`)).status(), 403);
  assert.deepEqual(await grave(first), []);
  await first.setViewportSize(PHONE);
  const sideways = await first.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(sideways <= 0, `${sideways} px too wide`);
  await first.getByLabel("Your password").fill(PASSWORD);
  await first.getByRole("button", { name: "Set up" }).click();
  const key = (await first.locator("[data-role=factor-secret]").innerText()).replaceAll(" ", "");
  assert.deepEqual(await grave(first), []);
  await first.getByLabel("Code").fill(code(key, 0));
  await first.getByRole("button", { name: "Switch on" }).click();
  assert.equal((await first.locator("[data-role=codes] code").allInnerTexts()).length, 10);
  assert.deepEqual(await grave(first), []);
  await first.getByRole("link", { name: "Go on" }).click();
  await first.waitForSelector("body[data-hydrated]");
  await settled(first);
  assert.equal(first.url(), `${strict.url}/d/overview?range=7d`);
  clean(first);
});

test("a dashboard is shared with who does not sign in", async (t) => {
  const admin = await asAdmin(t);
  await hydrated(admin, "/?range=7d");
  await settled(admin);
  await admin.locator("[data-role=take] summary").click();
  await admin.locator("[data-role=take] [data-action=share]").click();
  await admin.getByText("A link for who does not sign in").waitFor();
  await admin.getByLabel("Source addresses and networks").check();
  await admin.getByRole("button", { name: "Create link" }).click();
  const link = await admin.locator("[data-role=secret]").innerText();
  clean(admin);

  const own = await context({ bypassCSP: true });
  t.after(() => own.close());
  const stranger = await own.newPage();
  watch(stranger);
  const answer = await stranger.goto(link);
  assert.equal(answer.headers()["referrer-policy"], "no-referrer");
  assert.ok((await stranger.locator(".shared-picture svg").count()) >= 8);
  assert.equal(await stranger.locator("script").count(), 0);
  assert.equal(await stranger.locator("[data-panel=source-addresses]").getByText("not part of what was shared").count(), 1);
  assert.deepEqual(await grave(stranger), []);
  await stranger.setViewportSize(PHONE);
  const sideways = await stranger.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(sideways <= 0, `${sideways} px too wide`);
  clean(stranger);
  assert.equal((await stranger.request.get(`${trailmap.url}/d/overview.json`)).status(), 401);

  await hydrated(admin, "/shares");
  await admin.locator("[data-share]").getByText("opened once").waitFor();
  await admin.locator("[data-share]").getByRole("button", { name: /Revoke/ }).click();
  await admin.locator("[data-share]").getByText(/^Revoked/).waitFor();
  assert.equal((await stranger.goto(link)).status(), 404);
});

test("the audit log is a dashboard: a click filters, a panel stands alone and leaves as a file", async (t) => {
  const admin = await asAdmin(t);
  await hydrated(admin, "/users");
  await admin.locator("[data-role=reader] summary").click();
  await admin.locator(".reader-menu").getByText("Audit log").click();
  await admin.waitForURL("**/audit");
  await settled(admin);
  const rows = (id) => panel(admin, id).locator("tr[data-row]");
  const entries = (key) => panel(admin, "entries").locator(`tr[data-row] td[data-key=${key}]`);
  const all = await rows("entries").count();
  assert.ok(all > 10, `${all} entries`);
  const heads = await panel(admin, "entries").locator("th").allInnerTexts();
  assert.deepEqual(heads.map((text) => text.split(" ")[0]), ["Time", "User", "Action", "Object", "Outcome", "Detail", "Address", "Token", "Entry"]);
  // A user's name as somebody typed it, as text.
  assert.ok((await panel(admin, "objects").innerText()).includes("<b>vera</b>"));
  await navigate(admin, () => panel(admin, "actions").getByRole("link", { name: "sign_in", exact: true }).click());
  assert.equal(query(admin).get("q"), "event_name:sign_in");
  assert.equal(new URL(admin.url()).pathname, "/audit");
  // What its charts could mark would be events.
  assert.equal(await admin.locator(".pills [data-action=mark]").count(), 0);
  const left = await entries("event_name").allInnerTexts();
  assert.ok(left.length > 0 && left.length < all && left.every((name) => name === "sign_in"), left.join());
  // What is suggested comes from the log; the name and the action that events have are not there.
  await admin.locator("#q").fill("event_name:user_");
  await admin.locator("#q-list li").first().waitFor();
  assert.match(await admin.locator("#q-list").innerText(), /user_create/);
  await admin.keyboard.press("Escape");
  const menu = panel(admin, "users").locator("details[data-role=menu]");
  await menu.locator("summary").click();
  for (const action of ["share", "discover"]) assert.equal(await menu.locator(`[data-action=${action}]`).count(), 0);
  await navigate(admin, () => menu.locator("[data-action=open-panel]").click());
  assert.equal(new URL(admin.url()).pathname, "/d/audit-log/users");
  const users = await rows("users").count();
  assert.ok(users > 0);
  const [download] = await Promise.all([admin.waitForEvent("download"), admin.locator(".page-actions [data-export=csv]").click()]);
  const csv = await readFile(await download.path(), "utf8");
  assert.match(csv, /^actor,events,failures,distinct_source_address,last_seen\r\n/);
  assert.equal(csv.trim().split("\r\n").length, users + 1);
  clean(admin);
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing serious on the pages about users, ${colorScheme}`, async (t) => {
    const admin = await asAdmin(t, { colorScheme, bypassCSP: true });
    for (const path of ["/users", "/account", "/audit", "/shares", "/reports", "/share?of=%2Fd%2Foverview"]) {
      await hydrated(admin, path);
      assert.deepEqual(await grave(admin), [], path);
    }
    const own = await context({ colorScheme, bypassCSP: true });
    t.after(() => own.close());
    const stranger = await own.newPage();
    await stranger.goto(`${trailmap.url}/login`);
    assert.deepEqual(await grave(stranger), [], "/login");
  });
}

test("390 px wide: the pages about users do not scroll sideways", async (t) => {
  const phone = await asAdmin(t, { viewport: PHONE, hasTouch: true, isMobile: true });
  for (const path of ["/users", "/account", "/audit", "/shares", "/reports", "/share?of=%2Fd%2Foverview"]) {
    await hydrated(phone, path);
    const wide = await phone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${path}: ${wide} px too wide`);
  }
});

// How Chromium is started, and when a page of Trailmap is ready.

export const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const executable = () => process.env.CHROMIUM || "/usr/bin/chromium";

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** Opens `path` and waits until scripts run and every panel has its data. */
export async function open(page, path) {
  const answer = await page.goto(path);
  await page.waitForSelector("body[data-hydrated]");
  await settled(page);
  return answer;
}

/** Waits until no panel loads. */
export async function settled(page) {
  await page.waitForFunction(() => {
    const panels = [...document.querySelectorAll("[data-panel]")];
    return panels.length > 0 && panels.every((panel) => panel.getAttribute("aria-busy") !== "true");
  });
}

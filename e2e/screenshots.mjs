// Pictures of a running Trailmap: node screenshots.mjs URL FOLDER [PATH…]
// Each path (default: the Overview) wide and narrow, light and dark, as the window shows it and as a whole.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { ARGUMENTS, DESKTOP, PHONE, executable, open } from "./lib/page.mjs";

const [base, folder, ...paths] = process.argv.slice(2);
if (!base || !folder) {
  console.error("usage: node screenshots.mjs URL FOLDER [PATH…]");
  process.exit(2);
}
if (!paths.length) paths.push("/?range=7d");

await mkdir(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: executable(), args: ARGUMENTS });
try {
  for (const [device, viewport] of Object.entries({ wide: DESKTOP, narrow: PHONE })) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ baseURL: base, viewport, colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      page.on("console", (message) => message.type() === "error" && console.error(`${device} ${colorScheme}: ${message.text()}`));
      for (const path of paths) {
        await open(page, path);
        const name = path.replace(/\?.*/, "").replaceAll("/", "-").replace(/^-+|-+$/g, "") || "overview";
        for (const fullPage of [false, true]) {
          const file = join(folder, `${name}-${device}-${colorScheme}${fullPage ? "-full" : ""}.png`);
          await page.screenshot({ path: file, fullPage });
          console.log(file);
        }
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
}

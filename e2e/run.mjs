// Starts the program on a small sample, runs the browser tests against it, stops it.
// TRAILMAP_URL names a running one instead: then only the tests run.

import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { folder, remove, run, start, stop } from "./lib/trailmap.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

async function tests(environment) {
  const names = process.argv.slice(2);
  const all = (await readdir(`${here}tests`)).filter((name) => name.endsWith(".test.mjs")).sort();
  const files = (names.length ? all.filter((file) => names.some((name) => file.includes(name))) : all).map(
    (name) => `${here}tests/${name}`,
  );
  const child = spawn(
    process.execPath,
    ["--test", "--test-reporter=spec", "--test-concurrency=2", "--test-timeout=300000", ...files],
    { cwd: here, stdio: "inherit", env: { ...process.env, ...environment } },
  );
  return new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
}

async function own() {
  const dataDir = await folder();
  let trailmap;
  const end = async () => {
    if (trailmap) await stop(trailmap.child);
    await remove(dataDir);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => end().then(() => process.exit(130)));
  try {
    console.log("Starting trailmap on a sample…");
    trailmap = await start(dataDir, "demo", "--events", "20000");
    // Beside the sample, years before it: tests that look for these name their time.
    await run(dataDir, "ingest", `${here}fixtures/hostile.json`);
    const code = await tests({ TRAILMAP_URL: trailmap.url });
    if (code !== 0) console.error(`\nWhat trailmap logged at last:\n${trailmap.log().slice(-4000)}`);
    return code;
  } finally {
    await end();
  }
}

process.exitCode = process.env.TRAILMAP_URL ? await tests({}) : await own();

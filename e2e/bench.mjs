// How fast events go in and panels come out: node bench.mjs --trailmap PROGRAM [--events N] [--runs N] [--out FILE]
// A sample, a private Postgres in a folder of its own, one reader; times are those of whole HTTP requests.

import { writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { folder, remove, run, start, stop } from "./lib/trailmap.mjs";

const { values } = parseArgs({
  options: {
    trailmap: { type: "string" },
    events: { type: "string", default: "200000" },
    runs: { type: "string", default: "20" },
    out: { type: "string" },
  },
});
if (values.trailmap) process.env.TRAILMAP = values.trailmap;
const events = Number(values.events);
const runs = Number(values.runs);

const PANELS = [
  "key-figures", "access-map", "events-by-outcome", "events-by-name", "sign-ins", "sign-ins-by-region",
  "top-console-users", "source-addresses", "errors", "recent-events",
];
const RANGES = ["24h", "7d", "30d"];

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];

/** Milliseconds of `runs` requests one after the other, after one that warms up: sorted. */
async function times(url) {
  const taken = [];
  for (let at = -1; at < runs; at += 1) {
    const before = performance.now();
    const answer = await fetch(url);
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    if (at >= 0) taken.push(performance.now() - before);
  }
  return taken.sort((a, b) => a - b);
}

const dataDir = await folder();
let trailmap;
try {
  const out = join(dataDir, "sample");
  console.log(`Writing a sample of ${events.toLocaleString("en")} events…`);
  await run(dataDir, "sample", "--events", String(events), "--days", "30", "--out", out);
  console.log("Ingesting it…");
  const ingest = JSON.parse((await run(dataDir, "ingest", out, "--format", "json")).stdout);
  const perSecond = Math.round(ingest.events_inserted / ingest.seconds);
  const megabytes = ingest.bytes_uncompressed / 1e6;
  trailmap = await start(dataDir, "serve");

  const results = [];
  const measure = async (what, range, path) => {
    const sorted = await times(new URL(path, trailmap.url));
    results.push({ what, range, p50_ms: percentile(sorted, 0.5), p95_ms: percentile(sorted, 0.95) });
  };
  for (const range of RANGES) await measure("page /", range, `/?range=${range}`);
  for (const panel of PANELS) {
    for (const range of RANGES) await measure(panel, range, `/d/overview/${panel}.json?range=${range}`);
  }

  console.log(`\nIngest: ${ingest.events_inserted.toLocaleString("en")} events, ${megabytes.toFixed(0)} MB of JSON, in ` +
    `${ingest.seconds.toFixed(1)} s: ${perSecond.toLocaleString("en")} events/s`);
  console.log(`\n${"milliseconds".padEnd(22)}${RANGES.map((range) => `${range} p50`.padStart(10) + `${range} p95`.padStart(10)).join("")}`);
  for (const what of ["page /", ...PANELS]) {
    const cells = RANGES.map((range) => results.find((result) => result.what === what && result.range === range));
    console.log(what.padEnd(22) + cells.map((cell) => cell.p50_ms.toFixed(1).padStart(10) + cell.p95_ms.toFixed(1).padStart(10)).join(""));
  }
  if (values.out) {
    const machine = { cpu: cpus()[0].model, cores: cpus().length, memory_bytes: totalmem() };
    await writeFile(values.out, `${JSON.stringify({ machine, events, runs, ingest, events_per_second: perSecond, results }, null, 2)}\n`);
    console.log(`\n${values.out}`);
  }
} finally {
  if (trailmap) await stop(trailmap.child);
  await remove(dataDir);
}

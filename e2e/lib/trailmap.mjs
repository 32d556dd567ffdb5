// The real program with a private Postgres in a folder of its own.

import { spawn, execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const START_MS = 300_000;
const STOP_MS = 20_000;

/** The program that is tested: TRAILMAP, else the debug build. */
export const program = () => process.env.TRAILMAP ?? new URL("../../target/debug/trailmap", import.meta.url).pathname;

/** A folder that the user whom Postgres runs as may enter, too. */
export async function folder() {
  const path = await mkdtemp(join(tmpdir(), "trailmap-e2e-"));
  await chmod(path, 0o755);
  return path;
}

/** `--geoip` and the folder in GEOIP, when it is there. */
export function geoip() {
  const path = process.env.GEOIP;
  return path && existsSync(path) ? ["--geoip", path] : [];
}

/** The environment without settings of the caller's own Trailmap. */
function environment() {
  const own = Object.entries(process.env).filter(([name]) => !/^(TRAILMAP(_.*)?|DATABASE_URL)$/.test(name));
  return Object.fromEntries(own);
}

/** Runs a subcommand to its end; rejects with its standard error when it fails. */
export async function run(dataDir, ...args) {
  return execute(program(), [...args, "--data-dir", dataDir, ...geoip()], {
    cwd: dataDir,
    env: environment(),
    maxBuffer: 64 << 20,
  });
}

/** Starts `trailmap demo` (or `serve`) and waits until it is ready. */
export async function start(dataDir, command = "demo", ...args) {
  const child = spawn(
    program(),
    [command, "--data-dir", dataDir, "--listen", "127.0.0.1:0", ...geoip(), ...args],
    // A folder that holds nothing of the sources: all that it serves, it brings along.
    { cwd: dataDir, env: environment(), stdio: ["ignore", "pipe", "pipe"] },
  );
  let log = "";
  const url = new Promise((resolve, reject) => {
    const read = (chunk) => {
      log += chunk;
      const match = log.match(/Trailmap is at (http:\/\/\S+)/);
      if (match) resolve(match[1]);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`trailmap ended (${signal ?? code}) before it was ready\n${log}`)));
    setTimeout(() => reject(new Error(`trailmap is not ready after ${START_MS} ms\n${log}`)), START_MS).unref();
  });
  url.catch(() => {});
  try {
    const base = await url;
    await ready(base);
    return { url: base, child, log: () => log };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

async function ready(base) {
  const end = Date.now() + START_MS;
  for (;;) {
    const answer = await fetch(`${base}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > end) throw new Error(`${base}/readyz answers ${answer?.status ?? "nothing"}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Asks the program to end, and waits for it. */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
}

export const remove = (path) => rm(path, { recursive: true, force: true, maxRetries: 3 });

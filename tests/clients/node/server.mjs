// Starts the millpond binary on a free port, for one file of tests.

import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The program under test: $MILLPOND_BIN, else the newest one that cargo has built here. */
function binary() {
  if (process.env.MILLPOND_BIN) return process.env.MILLPOND_BIN;
  const built = ["debug", "release"].map((mode) => `${root}target/${mode}/millpond`).filter(existsSync);
  if (!built.length) throw new Error("build the binary first: cargo build --release");
  return built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

/** Starts it, and waits until it has said what the pattern looks for; the server ends with the tests. */
async function listening(mongo, options, pattern) {
  const args = ["serve", "--memory", "--aws-addr", "127.0.0.1:0", "--mongo-addr", mongo, ...options];
  const server = spawn(binary(), args, { stdio: ["ignore", "pipe", "inherit"] });
  process.on("exit", () => server.kill());
  for await (const line of createInterface({ input: server.stdout })) {
    const found = line.match(pattern)?.[1];
    if (found) {
      // It does not keep the tests from ending.
      server.stdout.resume();
      server.stdout.unref();
      server.unref();
      return found;
    }
  }
  throw new Error("the server did not say where it listens");
}

/** What a client of AWS needs to talk to it. */
export async function start() {
  const endpoint = await listening("off", [], /^aws (http:\/\/\S+)$/);
  return { endpoint, region: "us-east-1", credentials: { accessKeyId: "any", secretAccessKey: "any" } };
}

/** What a client of MongoDB needs to talk to it. */
export function startMongo(...options) {
  return listening("127.0.0.1:0", options, /^mongodb (mongodb:\/\/\S+)$/);
}

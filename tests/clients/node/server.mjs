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

/** What a client needs to talk to it; the server ends with the tests. */
export async function start() {
  const server = spawn(binary(), ["serve", "--memory", "--aws-addr", "127.0.0.1:0", "--mongo-addr", "off"], { stdio: ["ignore", "pipe", "inherit"] });
  process.on("exit", () => server.kill());
  for await (const line of createInterface({ input: server.stdout })) {
    const endpoint = line.match(/^aws (http:\/\/\S+)$/)?.[1];
    if (endpoint) {
      // It does not keep the tests from ending.
      server.stdout.resume();
      server.stdout.unref();
      server.unref();
      return { endpoint, region: "us-east-1", credentials: { accessKeyId: "any", secretAccessKey: "any" } };
    }
  }
  throw new Error("the server did not say where it listens");
}

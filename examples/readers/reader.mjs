// The token to begin a conversation with, from a mounted Secret: `node reader.mjs /var/run/realtime/realtime.json`.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

// Read anew each time: the kubelet swaps the whole folder, so a file kept open, or a token kept, is the old one, and
// fs.watch on it falls silent. Waits for the next token where this one has no second left, or the swap has just
// happened. `previous-token` is for whoever must recognise it, never to begin with.
async function current(path, patience = 5000) {
  for (const deadline = performance.now() + patience; performance.now() <= deadline; await sleep(50)) {
    try {
      const document = JSON.parse(await readFile(path, "utf8"));
      if (Date.parse(document["expires-at"]) - Date.now() > 1000) return document;
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  throw new Error(`no living token in ${path} for ${patience / 1000} s`);
}

for (let said = ""; ; await sleep(10)) {
  const document = await current(process.argv[2]); // has base-url, model and token to begin a conversation with
  if (document.token !== said) {
    said = document.token;
    console.log(createHash("sha256").update(said).digest("hex").slice(0, 12), document["expires-at"]);
  }
}

// What this browser remembers of unfinished uploads, so that the same file can go on after a reload or another day.
import { hex, sha256 } from "./sha256.js";

const KEY = "fairframe.uploads";
const EDGE = 1024 * 1024; // bytes at either end that stand for a file until all of it is read

function all() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

function keep(uploads) {
  try {
    localStorage.setItem(KEY, JSON.stringify(uploads));
  } catch {
    // Storage is full or switched off: the server's list of parts is enough to go on with.
  }
}

export const recall = (id) => all()[id];

export async function remember(id, file) {
  const { name, size, lastModified } = file;
  keep({ ...all(), [id]: { name, size, lastModified, edges: await edges(file) } });
}

export function forget(id) {
  const { [id]: _gone, ...others } = all();
  keep(others);
}

export function forgetAllBut(ids) {
  keep(Object.fromEntries(Object.entries(all()).filter(([id]) => ids.includes(id))));
}

// The SHA-256 of the first and the last MiB.
export async function edges(file) {
  const first = await file.slice(0, EDGE).arrayBuffer();
  const last = await file.slice(Math.max(0, file.size - EDGE)).arrayBuffer();
  return `${hex(await sha256(new Uint8Array(first)))} ${hex(await sha256(new Uint8Array(last)))}`;
}

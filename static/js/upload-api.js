// What the upload page says to our server (JSON) and to object storage (one PUT a part).

// `sentence` is for the person; `status` 0 means that no answer came.
export class Refused extends Error {
  constructor(sentence, status = 0, body = {}) {
    super(sentence);
    this.status = status;
    this.body = body;
  }
}

const NO_ANSWER = "Fairframe does not answer. What has arrived is kept. Check your connection, then press Resume.";
const csrf = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";

async function call(url, options) {
  let answer;
  try {
    answer = await fetch(url, { credentials: "same-origin", redirect: "error", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(NO_ANSWER);
  }
  const isJson = answer.headers.get("content-type")?.startsWith("application/json");
  const body = isJson ? await answer.json().catch(() => ({})) : {};
  if (answer.ok && isJson) return body;
  const otherwise = answer.status === 403
    ? "This page has been open for too long. What has arrived is kept. Reload it, then pick the file again."
    : `Fairframe has trouble (${answer.status}). What has arrived is kept. Wait a minute, then press Resume.`;
  throw new Refused(body.error ?? otherwise, answer.status, body);
}

export const get = (url, signal) => call(url, { signal });

export function post(url, body, signal) {
  const headers = { "X-CSRFToken": csrf() };
  if (body instanceof FormData) return call(url, { method: "POST", headers, body, signal });
  headers["Content-Type"] = "application/json";
  return call(url, { method: "POST", headers, body: JSON.stringify(body ?? {}), signal });
}

const STALL = 45_000; // ms without a byte leaving

// XMLHttpRequest, because fetch does not tell how much of a body has left. Resolves to the status, 0 without an answer.
export function putPart({ url, blob, sha256, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    // A connection that moves nothing for this long is dead, whatever the network says: the part is tried again.
    let stalled = false;
    let watch = 0;
    const moving = () => {
      clearTimeout(watch);
      watch = setTimeout(() => { stalled = true; request.abort(); }, STALL);
    };
    const end = (act) => () => {
      clearTimeout(watch);
      signal.removeEventListener("abort", stop);
      act();
    };
    request.open("PUT", url);
    request.setRequestHeader("x-amz-checksum-sha256", sha256);
    request.timeout = 10 * 60 * 1000; // 16 MiB in ten minutes is 28 kB/s
    request.upload.addEventListener("progress", (event) => { moving(); onProgress(event.loaded); });
    request.addEventListener("load", end(() => resolve(request.status)));
    request.addEventListener("error", end(() => resolve(0)));
    request.addEventListener("timeout", end(() => resolve(0)));
    request.addEventListener("abort", end(() => {
      if (stalled) resolve(0);
      else reject(new DOMException("stopped", "AbortError"));
    }));
    if (signal.aborted) return reject(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", stop);
    moving();
    request.send(blob);
  });
}

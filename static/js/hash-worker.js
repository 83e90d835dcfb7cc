// Reads one file once, from the front, and tells the SHA-256 of each part (base64) and of the whole (hexadecimal).
// in: {file, partBytes}   out: {number, sha256} … {whole} or {failed: name of the error}
import { Sha256, base64, hex, sha256 } from "./sha256.js";

onmessage = async ({ data: { file, partBytes } }) => {
  const whole = new Sha256();
  try {
    for (let start = 0, number = 1; start < file.size; start += partBytes, number += 1) {
      const bytes = new Uint8Array(await file.slice(start, start + partBytes).arrayBuffer());
      const part = sha256(bytes);
      whole.update(bytes); // while the browser's own code hashes the part
      postMessage({ number, sha256: base64(await part) });
    }
    postMessage({ whole: hex(whole.digest()) });
  } catch (error) {
    postMessage({ failed: error.name });
  }
};

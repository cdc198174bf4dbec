// `string_decoder`: text in pieces, of which a character may be cut.
"use strict";
const { Buffer } = require("buffer");

// How many bytes at the end of UTF-8 belong to a character that goes on.
function open(bytes) {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
const rests = { utf8: open, "utf-8": open, utf16le: (bytes) => bytes.length % 2, ucs2: (bytes) => bytes.length % 2, base64: (bytes) => bytes.length % 3 };

class StringDecoder {
  #rest = Buffer.alloc(0);
  constructor(encoding = "utf8") {
    if (!Buffer.isEncoding(encoding)) throw new TypeError(`Unknown encoding: ${encoding}`);
    this.encoding = String(encoding).toLowerCase();
  }
  write(data) {
    const bytes = Buffer.concat([this.#rest, typeof data === "string" ? Buffer.from(data, this.encoding) : Buffer.from(data)]);
    const end = bytes.length - (rests[this.encoding]?.(bytes) ?? 0);
    this.#rest = Buffer.from(bytes.subarray(end));
    return bytes.toString(this.encoding, 0, end);
  }
  end(data) {
    const text = data === undefined ? "" : this.write(data);
    const rest = this.#rest.toString(this.encoding);
    this.#rest = Buffer.alloc(0);
    return text + rest;
  }
}

module.exports = { StringDecoder };

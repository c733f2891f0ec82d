import { each, likeNode } from "./likeNode.ts"

likeNode("TextEncoder", {
  ...each("[...new TextEncoder().encode(_)]", ["", "abc", "äöü€", "😀", "\u0000a\u0000", "\ud800", "a\udc00b", "x\ufeff", 5]),
  "of nothing": "[...new TextEncoder().encode()]",
  encodeInto: "const u = new Uint8Array(4); return [new TextEncoder().encodeInto('aä€', u), [...u]]",
  "encodeInto with room": "const u = new Uint8Array(8); return [new TextEncoder().encodeInto('aä€', u), [...u]]",
  "encodeInto a pair that does not fit": "const u = new Uint8Array(4); return [new TextEncoder().encodeInto('a😀', u), [...u]]",
  encoding: "new TextEncoder().encoding",
})

likeNode("TextDecoder", {
  ...each("const [label, bytes] = _; return new TextDecoder(label).decode(new Uint8Array(bytes))", [
    ["utf-8", []],
    ["utf8", [97, 195, 164, 240, 159, 152, 128]],
    ["utf-8", [0, 97, 0]],
    ["utf-8", [239, 187, 191, 97]],
    ["utf-8", [97, 255, 98, 226, 130, 99, 192, 128]],
    ["utf-8", [240, 159]],
    ["utf-16le", [97, 0, 61, 216, 0, 222]],
    ["utf-16le", [255, 254, 97, 0]],
    ["utf-16be", [0, 97]],
    ["latin1", [97, 228, 233]],
    ["ascii", [97, 98]],
    ["windows-1251", [207, 240]],
    ["shift_jis", [130, 160]],
    [" UTF-8 ", [97]],
    ["nonsense", []],
    ["", []],
  ]),
  labels: "['utf8', 'latin1', 'utf-16', 'UTF-8', 'iso-8859-2'].map((l) => new TextDecoder(l).encoding)",
  "fatal with wrong bytes": "new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255]))",
  "fatal with right bytes": "new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([97, 0, 98]))",
  ignoreBOM: "new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array([239, 187, 191, 97])).length",
  "what it says of itself": "const d = new TextDecoder('utf-8', { fatal: true }); return [d.fatal, d.ignoreBOM, d.encoding]",
  "of nothing": "new TextDecoder().decode()",
  "of an ArrayBuffer, a DataView and a part":
    "const b = new Uint8Array([97, 98, 99, 100]); const d = new TextDecoder(); return [d.decode(b.buffer), d.decode(new DataView(b.buffer, 1)), d.decode(b.subarray(1, 3))]",
  "of text": "new TextDecoder().decode('x')",
  "one character in pieces":
    "const d = new TextDecoder(); return [240, 159, 152, 128].map((b) => d.decode(new Uint8Array([b]), { stream: true })).join('') + d.decode()",
  "a piece that never ends": "const d = new TextDecoder(); return d.decode(new Uint8Array([97, 226, 130]), { stream: true }) + d.decode()",
  "a byte order mark in pieces":
    "const d = new TextDecoder(); return [239, 187, 191, 97].map((b) => d.decode(new Uint8Array([b]), { stream: true })).join('') + d.decode()",
  "utf-16 in pieces":
    "const d = new TextDecoder('utf-16le'); return [97, 0, 61, 216, 0, 222].map((b) => d.decode(new Uint8Array([b]), { stream: true })).join('') + d.decode()",
  "used again after the end":
    "const d = new TextDecoder(); const b = new Uint8Array([239, 187, 191, 97]); return [d.decode(b), d.decode(b)]",
  "100 KB with U+0000": "const b = new Uint8Array(100000).fill(97); b[5] = 0; return new TextDecoder().decode(b).length",
})

likeNode("base64", {
  ...each("btoa(_)", ["", "a", "ab", "abc", "ÿ\u0000", "€", "\u0000", 12]),
  ...each("atob(_)", ["", "YQ==", "YWI", "YW I=\n", "AAAA", "a", "YQ=", "Y===", "!!!!", "YQ==YQ==", "_-", "/+8=", "\u0000", "ä"]),
})

import { describe, expect, it } from "vitest"
import { type ContentCoding, negotiateEncoding } from "../../src/http/encoding.ts"

const all: ReadonlyArray<ContentCoding> = ["br", "zstd", "gzip"]

const rows: ReadonlyArray<readonly [header: string | undefined, available: ReadonlyArray<ContentCoding>, expected: string]> = [
  [undefined, all, "identity"],
  ["", all, "identity"],
  ["gzip, deflate, br, zstd", all, "br"],
  ["gzip, deflate, br", all, "br"],
  ["gzip, deflate", all, "gzip"],
  ["gzip, zstd", all, "zstd"],
  ["gzip, zstd, br", ["gzip", "zstd"], "gzip"],
  ["br", ["gzip"], "identity"],
  ["br", [], "identity"],
  ["deflate", all, "identity"],
  ["br;q=0.5, gzip;q=0.8", all, "gzip"],
  ["br;q=0.5, gzip;q=0.500", all, "br"],
  ["br;q=0, gzip", all, "gzip"],
  ["br;q=0", all, "identity"],
  ["*", all, "br"],
  ["*;q=0.1, gzip;q=0.2", all, "gzip"],
  ["br;q=0, *", all, "zstd"],
  ["gzip, *;q=0", all, "gzip"],
  ["*;q=0", all, "none"],
  ["identity;q=0", all, "none"],
  ["identity;q=0, gzip", all, "gzip"],
  ["identity;q=0, br", ["gzip"], "none"],
  ["*;q=0, identity", all, "identity"],
  ["identity;q=1, *;q=0", all, "identity"],
  ["identity, gzip;q=0.5", all, "identity"],
  ["identity, gzip", all, "gzip"],
  ["identity;q=0.5, gzip", all, "gzip"],
  ["x-gzip", all, "gzip"],
  ["X-GZip;Q=0.5", all, "gzip"],
  ["BR", all, "br"],
  ["  br \t;\tq=0.5 ,, gzip ; q=0.9 ", all, "gzip"],
  ["gzip;q=1.000", all, "gzip"],
  ["gzip;q=0.", all, "identity"],
  ["gzip;level=9;q=0", all, "identity"],
  ["gzip;q=2", all, "identity"],
  ["gzip;q=-1", all, "identity"],
  ["gzip;q=NaN", all, "identity"],
  ["gzip;q=0.0001", all, "identity"],
  ["gzip;q=", all, "identity"],
  ["brotli, gzipx, __proto__, constructor", all, "identity"],
  [";;;,,,===", all, "identity"],
]

describe("negotiateEncoding", () => {
  it.each(rows)("for %j with %j on offer", (header, available, expected) => {
    expect(negotiateEncoding(header, available)).toBe(expected)
    // Once more, from the memo.
    expect(negotiateEncoding(header, available)).toBe(expected)
  })

  it("keeps its answers apart when the memo overflows or the header is long", () => {
    for (let i = 0; i < 500; i++) expect(negotiateEncoding(`x${i}, gzip`, all)).toBe("gzip")
    expect(negotiateEncoding(`${"x,".repeat(1000)}br`, all)).toBe("br")
    expect(negotiateEncoding("x1, gzip", ["br"])).toBe("identity")
  })
})

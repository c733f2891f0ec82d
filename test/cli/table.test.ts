import { describe, expect, it } from "@effect/vitest"
import { ago, bytes, counted, cut, duration, grouped, jsonText, minute, printable, printableLines, second } from "../../src/cli/format.ts"
import { makePaint } from "../../src/cli/paint.ts"
import { displayWidth, pairs, table } from "../../src/cli/table.ts"

const plain = { paint: makePaint(false), columns: undefined }
const coloured = { paint: makePaint(true), columns: undefined }

describe("a table", () => {
  it("aligns its columns under their titles, with no blanks at the ends of lines", () => {
    const text = table(
      [{ title: "SITE" }, { title: "SIZE", align: "right" }, { title: "URL" }],
      [
        ["hello", "1 kB", "http://a"],
        ["a", "12 kB", ""],
      ],
      plain,
    )
    expect(text).toBe("SITE    SIZE  URL\nhello   1 kB  http://a\na      12 kB")
  })

  it("has no header when no column has a title", () => {
    expect(
      pairs(
        [
          ["Status", "healthy"],
          ["Up", "1 s"],
        ],
        plain,
      ),
    ).toBe("Status  healthy\nUp      1 s")
  })

  it("looks the same with colours as without", () => {
    const rows = [
      [{ text: "hello", paint: coloured.paint.green }, "x"],
      ["a", { text: "y", paint: coloured.paint.dim }],
    ]
    const columns = [{ title: "A" }, { title: "B" }]
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is looked for
    expect(table(columns, rows, coloured).replaceAll(/\x1b\[\d+m/g, "")).toBe(table(columns, rows, plain).replaceAll(/\x1b\[\d+m/g, ""))
    expect(table(columns, rows, coloured)).toContain("\x1b[32mhello\x1b[39m  x")
  })

  it("counts wide characters as two columns and combining marks as none", () => {
    expect(displayWidth("日本")).toBe(4)
    expect(displayWidth("e\u0301")).toBe(1)
    expect(displayWidth("🚀")).toBe(2)
    expect(
      table(
        [{ title: "" }, { title: "" }],
        [
          ["日本", "x"],
          ["abcd", "y"],
        ],
        plain,
      ),
    ).toBe("日本  x\nabcd  y")
  })

  it("cuts its last column to the terminal, but never to nothing", () => {
    const rows = [["a", "x".repeat(100)]]
    expect(table([{ title: "" }, { title: "" }], rows, { ...plain, columns: 20 })).toBe(`a  ${"x".repeat(16)}…`)
    expect(table([{ title: "" }, { title: "" }], rows, { ...plain, columns: 2 })).toBe(`a  ${"x".repeat(7)}…`)
  })

  it("lets nothing through that could play tricks on a terminal", () => {
    expect(table([{ title: "" }], [["\x1b]0;gotcha\x07\r\n\u202eevil"]], plain)).toBe("\\u001b]0;gotcha\\u0007\\u000d\\u000a\\u202eevil")
  })
})

describe("how values are written", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [34_400, "34 kB"],
    [999_400, "999 kB"],
    [999_999, "1.0 MB"],
    [1_234_567, "1.2 MB"],
    [5e9, "5.0 GB"],
    [2e15, "2.0 PB"],
    [2e18, "2000 PB"],
  ])("%d bytes are %s", (count, text) => {
    expect(bytes(count)).toBe(text)
  })

  it.each([
    [0, "0 ms"],
    [99, "99 ms"],
    [180, "0.2 s"],
    [9_940, "9.9 s"],
    [59_000, "59 s"],
    [185_000, "3 min 5 s"],
    [7_800_000, "2 h 10 min"],
    [3 * 86_400_000 + 3_700_000, "3 d 1 h"],
  ])("%d ms are %s", (ms, text) => {
    expect(duration(ms)).toBe(text)
  })

  it.each([
    [-5000, "just now"],
    [59_000, "just now"],
    [60_000, "1 minute ago"],
    [7_300_000, "2 hours ago"],
    [86_400_000, "1 day ago"],
    [20 * 86_400_000, "2 weeks ago"],
    [100 * 86_400_000, "3 months ago"],
    [800 * 86_400_000, "2 years ago"],
  ])("%d ms before now is %s", (ms, text) => {
    expect(ago(1e12, 1e12 + ms)).toBe(text)
  })

  it("writes times of the place it runs at", () => {
    const at = new Date(2026, 0, 2, 3, 4, 5).getTime()
    expect(minute(at)).toBe("2026-01-02 03:04")
    expect(second(at)).toBe("2026-01-02 03:04:05")
  })

  it("groups digits, and says one of one", () => {
    expect(grouped(1234567)).toBe("1,234,567")
    expect(counted(1, "file")).toBe("1 file")
    expect(counted(6002, "file")).toBe("6,002 files")
  })

  it("cuts by characters, not by halves of them", () => {
    expect(cut("🚀🚀🚀", 3)).toBe("🚀🚀🚀")
    expect(cut("🚀🚀🚀🚀", 3)).toBe("🚀🚀…")
    expect(printable("plain, 日本, naïve")).toBe("plain, 日本, naïve")
  })

  it("writes what could move the cursor or turn text around as what it is", () => {
    const nasty = "\u001b[2J\r\u007f\u009b2J\u061c\u2028\u202e\n"
    expect(printable(nasty)).toBe("\\u001b[2J\\u000d\\u007f\\u009b2J\\u061c\\u2028\\u202e\\u000a")
    expect(printableLines(`a\n${nasty}b`)).toBe(`a\n${printable(nasty.slice(0, -1))}\nb`)
    for (const indent of [0, 2]) {
      const text = jsonText({ [nasty]: [nasty, "é"] }, indent)
      expect(text.replaceAll("\n", "")).toMatch(/^[\x20-\x7eé]*$/)
      expect(JSON.parse(text)).toEqual({ [nasty]: [nasty, "é"] })
    }
  })
})

import fc from "fast-check"
import { expect, it } from "vitest"
import { canonicalJson } from "../../src/events/chain.ts"
import { jsonValue } from "../../src/runtime/jsonValue.ts"

it("The text of a value is its canonical JSON, whatever the order of its keys", () =>
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc
          .dictionary(fc.constantFrom("a", "b", "B", "10", "9", "__proto__", "ü", "😀", "\uffff"), fc.json())
          .map((all) => JSON.stringify(all)),
      ),
      (text) => {
        expect(jsonValue(text)).toEqual({ value: JSON.parse(text), text: canonicalJson(JSON.parse(text)) })
      },
    ),
  ))

it.each([
  ['{"b":1,"a":{"d":1,"c":2}}', '{"a":{"c":2,"d":1},"b":1}'],
  ['{"9":1,"10":2}', '{"10":2,"9":1}'],
  ["[1e999, -0, 1.50]", "[null,0,1.5]"],
  ['"\\ud800"', '"\\ud800"'],
])("%s becomes %s", (given, text) => {
  expect(jsonValue(given)).toMatchObject({ text })
})

import { describe, expect, it } from "vitest"
import { canonicalJson } from "../../../src/events/chain.ts"
import type { Json } from "../../../src/projections/documentIndex.ts"
import { parseChanges } from "../../../src/runtime/documents/changes.ts"

/** The document afterwards, as JSON, so that fields such as `__proto__` show. */
const changed = (data: string, changes: string): string => {
  const document = JSON.parse(data)
  parseChanges(JSON.parse(changes) as Json)(document, "the-id")
  return canonicalJson(document)
}

describe("an update", () => {
  const cases: ReadonlyArray<readonly [what: string, data: string, changes: string, expected: string]> = [
    ["sets bare fields", '{"a":1,"b":2}', '{"a":5,"c":6}', '{"a":5,"b":2,"c":6}'],
    ["sets nothing", '{"a":1}', "{}", '{"a":1}'],
    ["$set", '{"a":1}', '{"$set":{"a":null}}', '{"a":null}'],
    ["sets along dots", '{"a":{"b":1,"c":2}}', '{"a.b":5}', '{"a":{"b":5,"c":2}}'],
    ["makes the objects on the way", "{}", '{"$set":{"a.b.c":1}}', '{"a":{"b":{"c":1}}}'],
    ["replaces a whole object", '{"a":{"b":1}}', '{"a":{"c":1}}', '{"a":{"c":1}}'],
    ["sets an element of a list", '{"a":[1,2]}', '{"a.1":5}', '{"a":[1,5]}'],
    ["sets a field of an element", '{"a":[{"b":1}]}', '{"a.0.b":5}', '{"a":[{"b":5}]}'],
    ["adds an element at the end", '{"a":[1]}', '{"a.1":5}', '{"a":[1,5]}'],
    ["adds an object at the end", '{"a":[]}', '{"a.0.b":5}', '{"a":[{"b":5}]}'],
    ["$unset", '{"a":1,"b":2}', '{"$unset":{"a":""}}', '{"b":2}'],
    ["$unset of a list of names", '{"a":1,"b":2,"c":3}', '{"$unset":["a","b"]}', '{"c":3}'],
    ["$unset along dots", '{"a":{"b":1,"c":2}}', '{"$unset":{"a.b":1}}', '{"a":{"c":2}}'],
    ["$unset of nothing", '{"a":1}', '{"$unset":{"b.c":1}}', '{"a":1}'],
    ["$inc", '{"a":1}', '{"$inc":{"a":2.5}}', '{"a":3.5}'],
    ["$inc of what is missing", "{}", '{"$inc":{"a.b":-1}}', '{"a":{"b":-1}}'],
    ["$push", '{"a":[1]}', '{"$push":{"a":2}}', '{"a":[1,2]}'],
    ["$push to what is missing", "{}", '{"$push":{"a":2}}', '{"a":[2]}'],
    ["$push of a list", '{"a":[]}', '{"$push":{"a":[1]}}', '{"a":[[1]]}'],
    ["$push of each", '{"a":[1]}', '{"$push":{"a":{"$each":[2,3]}}}', '{"a":[1,2,3]}'],
    ["$pull", '{"a":[1,2,1]}', '{"$pull":{"a":1}}', '{"a":[2]}'],
    ["$pull of objects", '{"a":[{"b":1,"c":2},{"b":1}]}', '{"$pull":{"a":{"b":1}}}', '{"a":[{"b":1,"c":2}]}'],
    ["$pull by operators", '{"a":[1,5,9,"x"]}', '{"$pull":{"a":{"$gt":1,"$not":{"$gt":5}}}}', '{"a":[1,9,"x"]}'],
    ["$pull from nothing", "{}", '{"$pull":{"a":1}}', "{}"],
    ["several at once", '{"n":1,"t":["a"]}', '{"x":1,"$inc":{"n":1},"$push":{"t":"b"}}', '{"n":2,"t":["a","b"],"x":1}'],
    ["sets before it adds", '{"n":1}', '{"$inc":{"n":1},"$set":{"n":10}}', '{"n":11}'],
    ["may write back the id and the times", '{"a":1}', '{"id":"the-id","_createdAt":0,"_updatedAt":0,"a":2}', '{"a":2}'],
    ["makes a field called __proto__ and nothing else", "{}", '{"$set":{"__proto__.x":1}}', '{"__proto__":{"x":1}}'],
    ["the same as a bare field", "{}", '{"__proto__":{"x":1}}', '{"__proto__":{"x":1}}'],
    ["changes no constructor", "{}", '{"constructor.prototype.x":1}', '{"constructor":{"prototype":{"x":1}}}'],
    ["has fields named like SQL", "{}", '{"a\') --":1}', '{"a\') --":1}'],
    ["has fields with U+0000", "{}", '{"a\\u0000b":1}', '{"a\\u0000b":1}'],
  ]

  it.each(cases)("%s", (_, data, changes, expected) => {
    expect(changed(data, changes)).toBe(expected)
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined()
  })

  it("shares nothing between documents", () => {
    const change = parseChanges({ a: { n: 0 }, $inc: { "a.n": 1 } })
    const documents = [{}, {}]
    for (const document of documents) change(document, "x")
    expect(documents).toEqual([{ a: { n: 1 } }, { a: { n: 1 } }])
  })

  const refused: ReadonlyArray<readonly [what: string, data: string, changes: string, message: RegExp]> = [
    [
      "an unknown operator",
      "{}",
      '{"$rename":{"a":"b"}}',
      /no operator "\$rename" for updates\. There are \$set, \$unset, \$inc, \$push, \$pull/,
    ],
    ["another id", "{}", '{"id":"x"}', /id of a document cannot be changed/],
    ["$set of the id", "{}", '{"$set":{"id":"the-id"}}', /\$set cannot change id/],
    ["$inc of a time", "{}", '{"$inc":{"_updatedAt":1}}', /\$inc cannot change _updatedAt/],
    ["$unset of a time", "{}", '{"$unset":["_createdAt"]}', /cannot change _createdAt/],
    ["no object", "{}", "[]", /not a list/],
    ["$set of no object", "{}", '{"$set":null}', /\$set takes an object of fields, not null/],
    ["$inc by text", "{}", '{"$inc":{"a":"1"}}', /\$inc of "a" takes a number/],
    ["$inc of text", '{"a":"1"}', '{"$inc":{"a":1}}', /\$inc cannot add to "a": it is a string/],
    ["$inc beyond all numbers", '{"a":1.7e308}', '{"$inc":{"a":1.7e308}}', /too large/],
    ["$push to text", '{"a":"x"}', '{"$push":{"a":1}}', /\$push needs a list, and "a" is a string/],
    ["$push with other operators", '{"a":[]}', '{"$push":{"a":{"$each":[1],"$slice":1}}}', /\$each/],
    ["$pull from an object", '{"a":{}}', '{"$pull":{"a":1}}', /needs a list/],
    ["$pull by an unknown operator", '{"a":[1]}', '{"$pull":{"a":{"$foo":1}}}', /\$foo/],
    ["a path through a number", '{"a":1}', '{"a.b":1}', /cannot be set: "a" is a number/],
    ["a path through null", '{"a":null}', '{"a.b":1}', /"a" is null/],
    ["a name in a list", '{"a":[]}', '{"a.length":0}', /is a list/],
    ["a gap in a list", '{"a":[1]}', '{"a.5":0}', /has 1 elements/],
    ["$unset of an element", '{"a":[1]}', '{"$unset":["a.0"]}', /Use \$pull/],
    ["an empty name", "{}", '{"":1}', /not the name of a field/],
    [
      "too many fields",
      "{}",
      JSON.stringify(Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`f${i}`, 1]))),
      /at most 200 fields/,
    ],
  ]

  it.each(refused)("with %s is refused", (_, data, changes, message) => {
    expect(() => changed(data, changes)).toThrow(message)
  })
})

import * as Arbitrary from "effect/Arbitrary"
import * as FastCheck from "effect/FastCheck"
import type * as Schema from "effect/Schema"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonicalJson } from "../../src/events/chain.ts"
import { decode, isErasableType, isKnownType, type Upcaster, upcast, validateEvent } from "../../src/events/codec.ts"
import { type Envelope, eventDefinitions } from "../../src/events/event.ts"

const envelope = (type: string): Envelope => ({ seq: 1, id: "i", stream: "s", version: 1, type, at: 1, actor: "owner", cause: "c" })

describe("the codec", () => {
  for (const { type, schema } of eventDefinitions) {
    it(`round-trips every ${type}`, () => {
      FastCheck.assert(
        FastCheck.property(Arbitrary.make(schema as Schema.Schema.AnyNoContext), (data) => {
          const text = canonicalJson(validateEvent({ type, data }).data)
          const back = decode(envelope(type), text)
          expect(back.type).toBe(type)
          expect(canonicalJson(back.data)).toBe(text)
        }),
        { numRuns: 50 },
      )
    })
  }

  it("has a version in each type's name, and each type once", () => {
    const types = eventDefinitions.map(({ type }) => type)
    for (const type of types) expect(type).toMatch(/^v[1-9]\d*\.[A-Z][A-Za-z]+$/)
    expect(new Set(types).size).toBe(types.length)
    for (const type of types) expect(isKnownType(type)).toBe(true)
    expect(isKnownType("v1.NoSuchThing")).toBe(false)
  })

  it("lifts retired versions step by step to the current one", () => {
    const table = new Map<string, Upcaster>([
      ["v1.Thing", (data: unknown) => ({ type: "v2.Thing", data: { ...(data as object), b: 2 } })],
      ["v2.Thing", (data: unknown) => ({ type: "v3.Thing", data: { ...(data as object), c: 3 } })],
    ])
    expect(upcast("v1.Thing", { a: 1 }, table)).toEqual({ type: "v3.Thing", data: { a: 1, b: 2, c: 3 } })
    expect(upcast("v2.Thing", { a: 1 }, table)).toEqual({ type: "v3.Thing", data: { a: 1, c: 3 } })
    expect(upcast("v3.Thing", { a: 1 }, table)).toEqual({ type: "v3.Thing", data: { a: 1 } })
  })

  it("gives an erased event without its payload", () => {
    expect(decode(envelope("v1.ConfigSet"), null)).toEqual({ ...envelope("v1.ConfigSet"), data: null })
  })

  it("lets only payloads be erased that no other fact leans on", () => {
    expect(eventDefinitions.map(({ type }) => type).filter(isErasableType)).toEqual([
      "v1.ConfigSet",
      "v1.SessionStarted",
      "v1.LoginFailed",
      "v1.LogsWritten",
      "v1.KvSet",
      "v1.ObjectPut",
      "v1.DocumentWritten",
    ])
  })

  it("writes canonical JSON: sorted keys, no spaces, one text for one value", () => {
    expect(canonicalJson({ b: [1, { d: null, c: "é" }], a: true })).toBe('{"a":true,"b":[1,{"c":"é","d":null}]}')
    fc.assert(fc.property(fc.jsonValue(), (value) => canonicalJson(JSON.parse(canonicalJson(value))) === canonicalJson(value)))
  })
})

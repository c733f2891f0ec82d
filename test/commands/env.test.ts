import * as Either from "effect/Either"
import { describe, expect, it } from "vitest"
import { type EnvCommand, envDecider, envNameProblem, envValueProblem, maxValueBytes, maxVariables } from "../../src/commands/env.ts"
import type { EnvEvent } from "../../src/events/env.ts"

const site = "shop"
const set = (...names: ReadonlyArray<string>): EnvCommand => ({
  _tag: "SetEnv",
  site,
  values: names.map((name) => ({ name, ref: `new ${name}` })),
})
const unset = (name: string, purge = false): EnvCommand => ({ _tag: "UnsetEnv", site, name, purge })
const wasSet = (name: string, ref = `new ${name}`): EnvEvent => ({ type: "v1.EnvSet", data: { site, name, ref } })
const wasUnset = (name: string): EnvEvent => ({ type: "v1.EnvUnset", data: { site, name } })
const wasPurged = (name: string, ...refs: ReadonlyArray<string>): EnvEvent => ({ type: "v1.EnvPurged", data: { site, name, refs } })

const decide = (given: ReadonlyArray<EnvEvent>, when: EnvCommand) =>
  envDecider.decide(when, given.reduce(envDecider.evolve, envDecider.initial))

describe("a variable", () => {
  it("is set", () => expect(decide([], set("A"))).toEqual(Either.right([wasSet("A")])))
  it("is set again, to another sealed value", () => expect(decide([wasSet("A", "old")], set("A"))).toEqual(Either.right([wasSet("A")])))
  it("is set with others, all or none", () => {
    expect(decide([], set("A", "B"))).toEqual(Either.right([wasSet("A"), wasSet("B")]))
    expect(decide([], set("A", "b"))).toMatchObject({ left: { _tag: "EnvNameInvalid", name: "b" } })
  })
  it("is refused for its name, or for how many there are", () => {
    const name = { field: "name", constraint: expect.stringContaining("capital letters") }
    expect(decide([], set("b"))).toMatchObject({ left: { details: { issues: [name] } } })
    const many = Array.from({ length: maxVariables + 1 }, (_, i) => `V${i}`)
    const values = { field: "values", constraint: `at most ${maxVariables} variables` }
    expect(decide([], set(...many))).toMatchObject({ left: { details: { issues: [values] } } })
  })
  it("is unset", () => expect(decide([wasSet("A")], unset("A"))).toEqual(Either.right([wasUnset("A")])))
  it("is unset once", () => expect(decide([wasSet("A"), wasUnset("A")], unset("A"))).toEqual(Either.right([])))
  it("cannot be unset if it never was", () => expect(decide([wasSet("A")], unset("B"))).toMatchObject({ left: { _tag: "EnvNotFound" } }))
  it("can be set again after it was unset", () =>
    expect(decide([wasSet("A", "old"), wasUnset("A")], set("A"))).toEqual(Either.right([wasSet("A")])))

  it("is purged of every value that it ever had", () => {
    const given = [wasSet("A", "1"), wasSet("B", "of B"), wasSet("A", "2"), wasUnset("A"), wasSet("A", "3")]
    expect(decide(given, unset("A", true))).toEqual(Either.right([wasUnset("A"), wasPurged("A", "1", "2", "3")]))
  })
  it("is purged after it was unset, and once", () => {
    const given = [wasSet("A", "1"), wasUnset("A")]
    expect(decide(given, unset("A", true))).toEqual(Either.right([wasPurged("A", "1")]))
    expect(decide([...given, wasPurged("A", "1")], unset("A", true))).toEqual(Either.right([]))
  })
  it("is purged of what came after the last purge only", () =>
    expect(decide([wasSet("A", "1"), wasUnset("A"), wasPurged("A", "1"), wasSet("A", "2")], unset("A", true))).toEqual(
      Either.right([wasUnset("A"), wasPurged("A", "2")]),
    ))
})

describe("a site's variables", () => {
  const many = Array.from({ length: maxVariables }, (_, i) => `V${i}`)
  const given = many.map((name) => wasSet(name))
  it("are limited in number", () => {
    expect(decide([], set(...many))).toMatchObject({ _tag: "Right" })
    expect(decide([], set(...many, "ONE_MORE"))).toMatchObject({ left: { _tag: "TooManyVariables" } })
    expect(decide(given, set("ONE_MORE"))).toMatchObject({ left: { _tag: "TooManyVariables" } })
  })
  it("can be changed when there are as many as there may be, and another can take the place of one that was unset", () => {
    expect(decide(given, set("V7"))).toMatchObject({ _tag: "Right" })
    expect(decide([...given, wasUnset("V7")], set("ONE_MORE"))).toMatchObject({ _tag: "Right" })
  })
})

describe("a variable's name", () => {
  it.each(["A", "API_KEY", "A1", "X_", `A${"B".repeat(127)}`, "PATHS", "NODE_ENV", "TZ"])("can be %s", (name) =>
    expect(envNameProblem(name)).toBeUndefined())
  it.each(["", "a", "Api_Key", "1A", "_A", "A-B", "A B", "A=B", "A\n", "Ä", `A${"B".repeat(128)}`, "__proto__"])("cannot be %j", (name) =>
    expect(envNameProblem(name)).toMatch(/capital letters/))
  const denied =
    "PATH LD_PRELOAD LD_LIBRARY_PATH HOME USER SHELL PWD TERM LANG LC_ALL HTTP_PROXY HTTPS_PROXY NO_PROXY NODE_OPTIONS NODE_PATH"
  it.each(denied.split(" "))("cannot be %s, which means something already", (name) =>
    expect(envNameProblem(name)).toMatch(/means something/))
})

describe("a variable's value", () => {
  it.each(["", "x", "two\nlines", "x".repeat(maxValueBytes)])("can be of any text that fits", (value) =>
    expect(envValueProblem(value)).toBeUndefined())
  it.each([
    ["x".repeat(maxValueBytes + 1)],
    ["é".repeat(maxValueBytes / 2 + 1)],
    ["s3cret\0"],
  ])("that is refused is not part of the reason", (value) => {
    const problem = envValueProblem(value)
    expect(problem).toBeDefined()
    expect(problem).not.toContain(value.slice(0, 3))
  })
})

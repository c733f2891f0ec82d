import { expect } from "vitest"
import { type ErrorCode, errorCodes } from "../../src/errorCodes.ts"
import type { Answer } from "./server.ts"

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape.
type Json = any

const isJson = ({ headers, text }: Answer): Json => {
  expect(headers["content-type"], text).toMatch(/^application\/json\b/)
  return JSON.parse(text)
}

/** The answer holds what was asked for, in the envelope: `data`, and never an error beside it. Gives the data. */
export const checkSuccess = (answer: Answer, status = 200): Json => {
  expect([answer.status, answer.text.slice(0, 500)]).toEqual([status, expect.anything()])
  const body = isJson(answer)
  expect(Object.keys(body).sort()).toEqual("meta" in body ? ["data", "meta"] : ["data"])
  return body.data
}

/** The answer refuses, with this code and the status that belongs to it, in the envelope. Gives the error. */
export const checkError = (
  answer: Answer,
  code: ErrorCode,
): { readonly code: string; readonly message: string; readonly details?: Json } => {
  expect([answer.status, answer.text.slice(0, 500)]).toEqual([errorCodes[code], expect.anything()])
  const body = isJson(answer)
  expect(Object.keys(body)).toEqual(["error"])
  expect(body.error).toMatchObject({ code, message: expect.stringMatching(/\S/) })
  expect(Object.keys(body.error).filter((key) => !["code", "message", "details"].includes(key))).toEqual([])
  return body.error
}

/** The answer is part of a list: counted (`total`, `limit`, `offset`) or with a cursor (`limit`, `next`). Gives the items and the meta. */
export const checkList = (answer: Answer): { readonly items: ReadonlyArray<Json>; readonly meta: Json } => {
  const items = checkSuccess(answer)
  expect(Array.isArray(items)).toBe(true)
  const { meta } = JSON.parse(answer.text)
  expect(["limit,next", "limit,offset,total"]).toContain(Object.keys(meta).sort().join())
  expect(items.length).toBeLessThanOrEqual(meta.limit)
  if ("total" in meta) expect(meta.total).toBeGreaterThanOrEqual(items.length === 0 ? 0 : meta.offset + items.length)
  return { items, meta }
}

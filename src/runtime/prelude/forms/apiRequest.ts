import { bodyText, type Call, canonicalName, firstHeaders, pathOf, queryOf } from "../call.ts"
import { type Blob, blobBytes, type File } from "../web/blob.ts"
import { readForm } from "../web/multipart.ts"

/** An uploaded file. */
interface ApiFile {
  readonly name: string
  readonly type: string
  readonly size: number
  readonly data: ArrayBuffer
}

/** `request` of a script in `api/`. `files` and `form` are there when a form was sent. */
export const requestOf = ({ method, url, headers, body }: Call): object => {
  const all = firstHeaders(headers, canonicalName)
  const query: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(queryOf(url))) if (!Object.hasOwn(query, name)) query[name] = value
  const type = all["Content-Type"] ?? ""
  const request = { method, path: pathOf(url), query, headers: all, body: undefined as unknown }
  if (body !== null && /^multipart\/form-data\b/i.test(type)) return Object.assign(request, formOf(body, type))
  return Object.assign(request, { body: parsedBody(body, type) })
}

const parsedBody = (body: string | ArrayBuffer | null, type: string): unknown => {
  const text = bodyText(body)
  if (text === undefined || text === "") return undefined
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) return text
  try {
    return JSON.parse(text)
  } catch {
    // Go's server handed over what was no JSON as it came.
    return text
  }
}

/** The first value of each field. A form that is malformed is handed over as text, like any other body. */
const formOf = (body: string | ArrayBuffer, type: string): object => {
  const form: Record<string, string> = {}
  const files: Record<string, ApiFile> = {}
  try {
    for (const [name, value] of readForm(body, type)) {
      if (typeof value === "string") {
        if (!Object.hasOwn(form, name)) form[name] = value
      } else if (!Object.hasOwn(files, name)) files[name] = fileOf(value)
    }
  } catch {
    return { body: bodyText(body) }
  }
  return { form, files }
}

const fileOf = (file: File): ApiFile => ({
  name: file.name,
  type: file.type,
  size: file.size,
  data: blobBytes(file as Blob).slice().buffer,
})

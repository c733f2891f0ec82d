import { hostFunction } from "../host.ts"
import { blobBytes, fileOf } from "./blob.ts"
import { type Bytes, bufferOf, bytesOf, concatenated } from "./bytes.ts"
import { FormData } from "./formData.ts"
import { random } from "./random.ts"
import { URLSearchParams } from "./searchParams.ts"
import { textOf, utf8 } from "./text.ts"

const partsOnHost = hostFunction<[boundary: string, bytes: ArrayBuffer], string | undefined>("multipart.parts")

/** A part as the host found it; `start` and `end` are places in the body. */
interface Part {
  readonly name: string
  readonly filename?: string
  readonly type?: string
  readonly start: number
  readonly end: number
}

/** The form in a body of this content type. */
export const readForm = (body: string | ArrayBuffer, contentType: string | null): FormData => {
  const type = contentType ?? ""
  const essence = type.split(";", 1)[0]!.trim().toLowerCase()
  const form = new FormData()
  if (essence === "application/x-www-form-urlencoded") {
    // A "?" at the beginning counts as text here.
    for (const [name, value] of new URLSearchParams(`?${textOf(body)}`)) form.append(name, value)
    return form
  }
  if (essence !== "multipart/form-data")
    throw new TypeError(`The body is no form: its Content-Type is ${contentType === null ? "missing" : JSON.stringify(contentType)}.`)
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type)
  const bytes = typeof body === "string" ? utf8(body).buffer : body
  const parts = boundary === null ? undefined : partsOnHost((boundary[1] ?? boundary[2])!, bytes)
  if (parts === undefined) throw new TypeError("The multipart/form-data body is malformed.")
  for (const { name, filename, type, start, end } of JSON.parse(parts) as ReadonlyArray<Part>) {
    if (filename === undefined) form.append(name, textOf(bytesOf(bytes).subarray(start, end)))
    else form.append(name, fileOf(new Uint8Array(bytes.slice(start, end)), filename, type ?? "text/plain"))
  }
  return form
}

/** A form as a `multipart/form-data` body, with its content type. */
export const writeForm = (form: FormData): { readonly content: ArrayBuffer; readonly type: string } => {
  const boundary = `----fazt${`${random()}${random()}`.replaceAll("0.", "")}`
  const chunks: Array<Bytes> = []
  for (const [name, value] of form) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name.replace(/\r\n|\r|\n/g, "\r\n"))}"`
    if (typeof value === "string") chunks.push(utf8(`${head}\r\n\r\n${value.replace(/\r\n|\r|\n/g, "\r\n")}\r\n`))
    else {
      const type = value.type || "application/octet-stream"
      chunks.push(utf8(`${head}; filename="${quoted(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`), blobBytes(value), utf8("\r\n"))
    }
  }
  chunks.push(utf8(`--${boundary}--\r\n`))
  return { content: bufferOf(concatenated(chunks)), type: `multipart/form-data; boundary=${boundary}` }
}

const quoted = (text: string): string => text.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22")

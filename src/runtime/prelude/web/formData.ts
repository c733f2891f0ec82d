import { Blob, blobBytes, File, fileOf } from "./blob.ts"

export type FormValue = string | File

interface Entry {
  readonly name: string
  readonly value: FormValue
}

export class FormData {
  #entries: Array<Entry> = []

  constructor(form?: unknown) {
    if (form !== undefined) throw new TypeError("There are no HTML forms here: make an empty FormData and append to it.")
  }

  append(name: unknown, value: unknown, filename?: unknown): void {
    this.#entries.push(entryOf(name, value, filename))
  }

  set(name: unknown, value: unknown, filename?: unknown): void {
    const entry = entryOf(name, value, filename)
    const at = this.#entries.findIndex((other) => other.name === entry.name)
    if (at < 0) this.#entries.push(entry)
    else this.#entries = this.#entries.flatMap((other, i) => (i === at ? [entry] : other.name === entry.name ? [] : [other]))
  }

  delete(name: unknown): void {
    const key = usv(name)
    this.#entries = this.#entries.filter((entry) => entry.name !== key)
  }

  get(name: unknown): FormValue | null {
    const key = usv(name)
    return this.#entries.find((entry) => entry.name === key)?.value ?? null
  }

  getAll(name: unknown): Array<FormValue> {
    const key = usv(name)
    return this.#entries.filter((entry) => entry.name === key).map((entry) => entry.value)
  }

  has(name: unknown): boolean {
    const key = usv(name)
    return this.#entries.some((entry) => entry.name === key)
  }

  forEach(visit: (value: FormValue, name: string, form: FormData) => void, self?: unknown): void {
    for (const { name, value } of this.#entries) visit.call(self, value, name, this)
  }

  entries(): IterableIterator<[string, FormValue]> {
    return this.#entries.map(({ name, value }): [string, FormValue] => [name, value]).values()
  }

  keys(): IterableIterator<string> {
    return this.#entries.map(({ name }) => name).values()
  }

  values(): IterableIterator<FormValue> {
    return this.#entries.map(({ value }) => value).values()
  }

  [Symbol.iterator](): IterableIterator<[string, FormValue]> {
    return this.entries()
  }
}

const usv = (value: unknown): string => String(value).toWellFormed()

const entryOf = (name: unknown, value: unknown, filename: unknown): Entry => {
  if (!(value instanceof Blob)) {
    if (filename !== undefined) throw new TypeError("Only a Blob or File can have a file name.")
    return { name: usv(name), value: usv(value) }
  }
  if (value instanceof File && filename === undefined) return { name: usv(name), value }
  const called = filename === undefined ? "blob" : usv(filename)
  return { name: usv(name), value: fileOf(blobBytes(value), called, value.type, value instanceof File ? value.lastModified : undefined) }
}

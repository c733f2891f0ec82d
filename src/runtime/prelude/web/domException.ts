const codes: Readonly<Record<string, number>> = {
  IndexSizeError: 1,
  HierarchyRequestError: 3,
  WrongDocumentError: 4,
  InvalidCharacterError: 5,
  NoModificationAllowedError: 7,
  NotFoundError: 8,
  NotSupportedError: 9,
  InUseAttributeError: 10,
  InvalidStateError: 11,
  SyntaxError: 12,
  InvalidModificationError: 13,
  NamespaceError: 14,
  InvalidAccessError: 15,
  TypeMismatchError: 17,
  SecurityError: 18,
  NetworkError: 19,
  AbortError: 20,
  URLMismatchError: 21,
  QuotaExceededError: 22,
  TimeoutError: 23,
  InvalidNodeTypeError: 24,
  DataCloneError: 25,
}

export class DOMException extends Error {
  readonly #name: string

  constructor(message: unknown = "", options: string | { readonly name?: string; readonly cause?: unknown } = "Error") {
    const given = typeof options === "object" && options !== null
    super(String(message), given && "cause" in options ? { cause: options.cause } : undefined)
    this.#name = String(given ? (options.name ?? "Error") : options)
  }

  override get name(): string {
    return this.#name
  }

  get code(): number {
    return codes[this.#name] ?? 0
  }
}

for (const [name, value] of Object.entries(codes)) {
  const constant = `${name.replace(/Error$/, "").replace(/(?<=[a-z])(?=[A-Z])/g, "_")}_ERR`.toUpperCase()
  for (const target of [DOMException, DOMException.prototype]) Object.defineProperty(target, constant, { value, enumerable: true })
}

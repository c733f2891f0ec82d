/** What the engine uses of WebAssembly and of Buffer that Node's type declarations leave out. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { readonly initial: number; readonly maximum: number })
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module, imports: Imports)
    readonly exports: Readonly<Record<string, unknown>>
  }
  type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>
  class RuntimeError extends Error {}
}

interface Buffer {
  utf8Write(text: string, offset: number, length: number): number
  utf8Slice(start: number, end: number): string
}

import { beforeAll, describe, expect, it } from "vitest"
import { startGuest, type TestGuest, webPrelude } from "./guest.ts"
import { each, likeNode } from "./likeNode.ts"

const setUp = `const bytes = (s) => new TextEncoder().encode(s); const hex = (b) => [...new Uint8Array(b)].map((x) => x.toString(16).padStart(2, '0')).join('');
  const key = (alg, uses, raw = 'k'.repeat(32)) => crypto.subtle.importKey('raw', bytes(raw), alg, true, uses);`
const cases = (table: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(table).map(([name, code]) => [name, setUp + code]))

likeNode(
  "crypto.subtle",
  cases({
    ...each("const [alg, text] = _; return hex(await crypto.subtle.digest(alg, bytes(text)))", [
      ["SHA-1", "abc"],
      ["SHA-256", ""],
      ["sha-384", "abc"],
      [{ name: "SHA-512" }, "abc"],
      ["MD5", "abc"],
    ]),
    "digest of text": "await crypto.subtle.digest('SHA-256', 'x'); return 1",
    "digest of a part of a buffer": "return hex(await crypto.subtle.digest('SHA-256', new Uint8Array([1, 2, 3]).subarray(1)))",
    HMAC: "const k = await key({ name: 'HMAC', hash: 'SHA-256' }, ['sign', 'verify']); const s = await crypto.subtle.sign('HMAC', k, bytes('x')); return [hex(s), await crypto.subtle.verify('HMAC', k, s, bytes('x')), await crypto.subtle.verify('HMAC', k, s, bytes('y')), await crypto.subtle.verify('HMAC', k, new Uint8Array(3), bytes('x'))]",
    "an HMAC key":
      "const k = await key({ name: 'HMAC', hash: { name: 'SHA-512' } }, ['verify', 'sign']); return [k.type, k.extractable, k.algorithm, k.usages]",
    "HMAC by JWK":
      "const k = await crypto.subtle.importKey('jwk', { kty: 'oct', k: 'aGVsbG8_Pz4-' }, { name: 'HMAC', hash: 'SHA-1' }, true, ['sign']); return [hex(await crypto.subtle.sign('HMAC', k, bytes('x'))), await crypto.subtle.exportKey('jwk', k), hex(await crypto.subtle.exportKey('raw', k))]",
    "an HMAC key made":
      "const k = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']); return [k.algorithm, (await crypto.subtle.exportKey('raw', k)).byteLength]",
    "a key that may not sign":
      "const k = await key({ name: 'HMAC', hash: 'SHA-256' }, ['verify']); await crypto.subtle.sign('HMAC', k, bytes('x')); return 1",
    "a key that may not leave":
      "const k = await crypto.subtle.importKey('raw', bytes('x'), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']); await crypto.subtle.exportKey('raw', k); return 1",
    "a use that makes no sense": "await key({ name: 'HMAC', hash: 'SHA-256' }, ['encrypt']); return 1",
    "no uses": "await key({ name: 'HMAC', hash: 'SHA-256' }, []); return 1",
    "an empty key": "await key({ name: 'HMAC', hash: 'SHA-256' }, ['sign'], ''); return 1",
    "AES-GCM":
      "const k = await key('AES-GCM', ['encrypt', 'decrypt']); const alg = { name: 'AES-GCM', iv: new Uint8Array(12), additionalData: bytes('more') }; const c = await crypto.subtle.encrypt(alg, k, bytes('secret')); return [hex(c), new TextDecoder().decode(await crypto.subtle.decrypt(alg, k, c))]",
    "AES-GCM with a short tag":
      "const k = await key('AES-GCM', ['encrypt']); return hex(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12), tagLength: 96 }, k, bytes('secret')))",
    "AES-GCM that was changed":
      "const k = await key('AES-GCM', ['encrypt', 'decrypt']); const alg = { name: 'AES-GCM', iv: new Uint8Array(12) }; const c = new Uint8Array(await crypto.subtle.encrypt(alg, k, bytes('secret'))); c[0] ^= 1; await crypto.subtle.decrypt(alg, k, c); return 1",
    "AES-CBC":
      "const k = await key('AES-CBC', ['encrypt', 'decrypt'], 'k'.repeat(16)); const alg = { name: 'AES-CBC', iv: new Uint8Array(16) }; const c = await crypto.subtle.encrypt(alg, k, bytes('secret')); return [hex(c), new TextDecoder().decode(await crypto.subtle.decrypt(alg, k, c))]",
    "AES-CBC with a wrong iv":
      "const k = await key('AES-CBC', ['encrypt']); await crypto.subtle.encrypt({ name: 'AES-CBC', iv: new Uint8Array(5) }, k, bytes('x')); return 1",
    "AES-CTR":
      "const k = await key('AES-CTR', ['encrypt']); return hex(await crypto.subtle.encrypt({ name: 'AES-CTR', counter: new Uint8Array(16), length: 64 }, k, bytes('secret')))",
    "an AES key of a wrong length": "await key('AES-GCM', ['encrypt'], 'short'); return 1",
    "an AES key made":
      "const k = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']); return [k.algorithm, k.usages, (await crypto.subtle.exportKey('jwk', k)).alg]",
    PBKDF2:
      "const k = await crypto.subtle.importKey('raw', bytes('password'), 'PBKDF2', false, ['deriveBits', 'deriveKey']); const alg = { name: 'PBKDF2', hash: 'SHA-256', salt: bytes('salt'), iterations: 1000 }; const d = await crypto.subtle.deriveKey(alg, k, { name: 'AES-GCM', length: 256 }, true, ['encrypt']); return [hex(await crypto.subtle.deriveBits(alg, k, 256)), hex(await crypto.subtle.exportKey('raw', d))]",
    HKDF: "const k = await crypto.subtle.importKey('raw', bytes('password'), 'HKDF', false, ['deriveBits']); return hex(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-512', salt: bytes('salt'), info: bytes('i') }, k, 512))",
    "an algorithm that nobody knows": "await key('ROT13', ['encrypt']); return 1",
    "a key for another algorithm":
      "const k = await key('AES-CBC', ['encrypt']); await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, k, bytes('x')); return 1",
  }),
)

likeNode("random things", {
  randomUUID: "/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())",
  "two UUIDs": "crypto.randomUUID() === crypto.randomUUID()",
  getRandomValues: "const u = new Uint8Array(64); return [crypto.getRandomValues(u) === u, u.some((x) => x > 0)]",
  "getRandomValues of a part": "const u = new Uint32Array(8); crypto.getRandomValues(u.subarray(2, 4)); return [u[0], u[1], u[4]]",
  "too many random values": "crypto.getRandomValues(new Uint8Array(65537))",
  "random values of floats": "crypto.getRandomValues(new Float64Array(1))",
  "Math.random":
    "const all = Array.from({ length: 200 }, () => Math.random()); return [all.every((x) => x >= 0 && x < 1), new Set(all).size, Math.random.name, Math.random.length, Object.keys(Math)]",
  "performance.now":
    "const a = performance.now(); await new Promise((r) => setTimeout(r, 10)); const b = performance.now() - a; return [b >= 8, b < 500]",
  "performance.timeOrigin": "Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 1000",
  navigator: "typeof navigator.userAgent",
})

describe("randomness of the sandbox", () => {
  let guest: TestGuest
  beforeAll(async () => {
    guest = await startGuest(await webPrelude())
  })

  it("does not go on with numbers from before the request", async () => {
    let batches = 0
    const counted = await startGuest(await webPrelude(), {
      "random.math": { kind: "sync", takes: "", run: () => new Uint8Array(new Float64Array(4).fill(++batches / 10).buffer) },
    })
    expect(await counted.run("return [Math.random(), Math.random()]")).toEqual([0.1, 0.1])
    expect(await counted.run("__test.beginRequest(); return Math.random()")).toBe(0.2)
  })

  const deriving = (derivations: string) =>
    guest.run(`const k = await crypto.subtle.importKey('raw', new Uint8Array(4), 'PBKDF2', false, ['deriveBits'])
      const derive = async (iterations, bits) => (await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(4), iterations }, k, bits)).byteLength
      return ${derivations}`)

  it.each([
    ["at once", "await derive(200_001, 256)"],
    ["for several blocks of the hash", "await derive(100_000, 3 * 256)"],
    ["beside one another", "await Promise.all([derive(100_000, 256), derive(100_000, 256), derive(1, 256)])"],
  ])("lets a request make 200,000 iterations of PBKDF2 and no more, %s", async (_, derivations) => {
    guest = await startGuest(await webPrelude())
    await expect(deriving(derivations)).rejects.toThrow(/NotSupportedError: One request may make 200,000 iterations of PBKDF2 in all/)
  })

  it("makes as many iterations of PBKDF2 as a request may ask for", async () => {
    guest = await startGuest(await webPrelude())
    expect(await deriving("[await derive(100_000, 256), await derive(50_000, 512)]")).toEqual([32, 64])
  })
})

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto"
import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/server"
import { isoCBOR } from "@simplewebauthn/server/helpers"

/** What a browser or an authenticator may do otherwise than it should. */
export interface Lies {
  readonly origin?: string
  readonly rpId?: string
  readonly type?: string
  readonly challenge?: string
  readonly crossOrigin?: boolean
  readonly userVerified?: boolean
  readonly userPresent?: boolean
  readonly counter?: number
  readonly userHandle?: string | undefined
  readonly transports?: unknown
  readonly attestation?: { readonly fmt: string; readonly attStmt: Map<string, unknown> }
  /** Signs with a key that nobody knows. */
  readonly otherKey?: boolean
}

interface Credential {
  readonly id: Buffer
  readonly privateKey: KeyObject
  readonly rpId: string
  readonly userHandle: string
  counter: number
}

/** A browser at an origin with a security key (ES256) in it, which keeps its passkeys and has checked its user's PIN. */
export const authenticator = (origin: string) => {
  const credentials: Array<Credential> = []

  const clientData = (type: string, challenge: string, lies: Lies): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: lies.type ?? type,
        challenge: lies.challenge ?? challenge,
        origin: lies.origin ?? origin,
        crossOrigin: lies.crossOrigin ?? false,
      }),
    )

  const authData = (rpId: string, counter: number, attested: Buffer | undefined, lies: Lies): Buffer => {
    const flags = (lies.userPresent === false ? 0 : 0x01) | (lies.userVerified === false ? 0 : 0x04) | (attested === undefined ? 0 : 0x40)
    const head = Buffer.alloc(5)
    head.writeUInt8(flags)
    head.writeUInt32BE(lies.counter ?? counter, 1)
    return Buffer.concat([sha256(lies.rpId ?? rpId), head, attested ?? Buffer.alloc(0)])
  }

  return {
    /** What `navigator.credentials.create(options)` gives, as JSON. */
    create: (options: PublicKeyCredentialCreationOptionsJSON, lies: Lies = {}) => {
      const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
      const id = randomBytes(20)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(id.length)
      const attested = Buffer.concat([Buffer.alloc(16), length, id, cose(publicKey)])
      credentials.push({ id, privateKey, rpId: options.rp.id!, userHandle: options.user.id, counter: 0 })
      const { fmt, attStmt } = lies.attestation ?? { fmt: "none", attStmt: new Map() }
      const object = new Map<string, unknown>([
        ["fmt", fmt],
        ["attStmt", attStmt],
        ["authData", new Uint8Array(authData(options.rp.id!, 0, attested, lies))],
      ])
      return overTheWire({
        id: id.toString("base64url"),
        rawId: id.toString("base64url"),
        type: "public-key",
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientData("webauthn.create", options.challenge, lies).toString("base64url"),
          attestationObject: Buffer.from(isoCBOR.encode(object as Parameters<typeof isoCBOR.encode>[0])).toString("base64url"),
          transports: "transports" in lies ? lies.transports : ["usb", "nfc"],
        },
      })
    },

    /** What `navigator.credentials.get(options)` gives, as JSON: signed by the latest passkey for the site. */
    get: (options: PublicKeyCredentialRequestOptionsJSON, lies: Lies = {}) => {
      const credential = credentials.findLast(({ rpId }) => rpId === options.rpId)!
      const data = authData(options.rpId!, ++credential.counter, undefined, lies)
      const client = clientData("webauthn.get", options.challenge, lies)
      const key = lies.otherKey === true ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey : credential.privateKey
      return overTheWire({
        id: credential.id.toString("base64url"),
        rawId: credential.id.toString("base64url"),
        type: "public-key",
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString("base64url"),
          authenticatorData: data.toString("base64url"),
          signature: sign("sha256", Buffer.concat([data, sha256(client)]), key).toString("base64url"),
          userHandle: "userHandle" in lies ? lies.userHandle : credential.userHandle,
        },
      })
    },
  }
}

const sha256 = (bytes: string | Buffer): Buffer => createHash("sha256").update(bytes).digest()

/** An ES256 key as COSE (RFC 9053): type EC2, algorithm -7, curve P-256, x and y. */
const cose = (key: KeyObject): Buffer => {
  const { x, y } = key.export({ format: "jwk" })
  return Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32]),
    Buffer.from(x!, "base64url"),
    Buffer.from([0x22, 0x58, 32]),
    Buffer.from(y!, "base64url"),
  ])
}

const overTheWire = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A

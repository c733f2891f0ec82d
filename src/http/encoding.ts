/**
 * Content negotiation for codings: RFC 9110 section 12.5.3 (Accept-Encoding) and 12.4.2 (quality values).
 */

export type ContentCoding = "zstd" | "br" | "gzip"

/** Quality per coding as the client stated it; undefined where it did not name the coding. */
interface Weights {
  zstd: number | undefined
  br: number | undefined
  gzip: number | undefined
  identity: number | undefined
  any: number | undefined
}

const QVALUE = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

/** Browsers send a handful of distinct strings; the limits keep odd clients from filling the memory. */
const MEMO_SIZE = 64
const MEMO_LENGTH = 256
const memo = new Map<string, Weights>()

function weightsOf(header: string): Weights {
  const known = memo.get(header)
  if (known !== undefined) return known
  const weights = parseWeights(header)
  if (header.length <= MEMO_LENGTH) {
    if (memo.size >= MEMO_SIZE) memo.clear()
    memo.set(header, weights)
  }
  return weights
}

function parseWeights(header: string): Weights {
  const weights: Weights = { zstd: undefined, br: undefined, gzip: undefined, identity: undefined, any: undefined }
  for (const member of header.toLowerCase().split(",")) {
    const [name, ...parameters] = member.split(";")
    const q = qualityOf(parameters)
    // A member with a malformed weight says nothing reliable: it counts as not sent.
    if (q === undefined) continue
    switch (name?.trim()) {
      case "zstd":
        weights.zstd = q
        break
      case "br":
        weights.br = q
        break
      case "gzip":
      case "x-gzip": // RFC 9110 section 8.4.1.3
        weights.gzip = q
        break
      case "identity":
        weights.identity = q
        break
      case "*":
        weights.any = q
        break
    }
  }
  return weights
}

function qualityOf(parameters: ReadonlyArray<string>): number | undefined {
  for (const parameter of parameters) {
    const equals = parameter.indexOf("=")
    if (equals === -1 || parameter.slice(0, equals).trim() !== "q") continue
    const value = parameter.slice(equals + 1).trim()
    return QVALUE.test(value) ? Number(value) : undefined
  }
  return 1
}

/**
 * The coding to send, of those that are available in the server's order of preference (smallest first): the highest
 * quality wins, the order decides between equals. "identity" where the client sends no field, or wants it most;
 * "none" where it refuses everything on offer (the caller may answer 406, or send identity all the same).
 */
export function negotiateEncoding(
  header: string | undefined,
  available: ReadonlyArray<ContentCoding>,
): ContentCoding | "identity" | "none" {
  // No field means that any coding would do; who does not ask for one seldom can decode one.
  if (header === undefined) return "identity"
  const weights = weightsOf(header)
  let best: ContentCoding | undefined
  let bestQuality = 0
  for (const coding of available) {
    const quality = weights[coding] ?? weights.any ?? 0
    if (quality > bestQuality) {
      best = coding
      bestQuality = quality
    }
  }
  if (best !== undefined) return weights.identity !== undefined && weights.identity > bestQuality ? "identity" : best
  // Identity is acceptable unless it is excluded by name, or by `*;q=0` without being named.
  return (weights.identity ?? (weights.any === 0 ? 0 : 1)) > 0 ? "identity" : "none"
}

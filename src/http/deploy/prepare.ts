import type { BlobReader } from "../../events/blobs.ts"
import { encodeManifest, type Manifest, type ManifestFile, type ManifestServer, manifestTotals } from "../../events/manifest.ts"
import { serverCodeOf } from "../../runtime/code/detect.ts"
import { manifestFiles } from "../../runtime/programs.ts"
import { contentTypeOf } from "../contentType.ts"
import { parseHeaders } from "../rules/headers.ts"
import { MAX_RULE_FILE_BYTES } from "../rules/lines.ts"
import { parseRedirects } from "../rules/redirects.ts"
import type { blobSink, StoredBlob } from "./blobSink.ts"
import { codeRefused, DeployRefused, fileTooLarge, pathInvalid } from "./refused.ts"
import { checkSitePath } from "./sitePath.ts"

/** What a deploy may have at most. */
export interface DeployLimits {
  readonly maxFiles: number
  readonly maxFileBytes: number
  readonly maxTotalBytes: number
  /** For zips: how many times larger than packed. */
  readonly maxRatio: number
}

export interface RuleProblem {
  readonly file: string
  readonly line: number
  readonly reason: string
}

/** A manifest that is stored and can be published. */
export interface Prepared {
  readonly manifest: string
  readonly files: number
  readonly bytes: number
  readonly warnings: ReadonlyArray<RuleProblem>
  /** The code that answers requests, if there is any. */
  readonly server: ManifestServer | undefined
  /** What else is worth telling. */
  readonly notes: ReadonlyArray<string>
}

/** Checks the files of a deploy, works out what belongs to them, and stores the manifest. */
export const prepare = async (
  blobs: BlobReader,
  sink: ReturnType<typeof blobSink>,
  files: Iterable<readonly [path: string, file: StoredBlob]>,
  spa: boolean | undefined,
  limits: DeployLimits,
): Promise<Prepared> => {
  const checked = checkFiles(blobs, files, limits)
  const text = (path: string): string | undefined => {
    const file = checked[path]
    return file === undefined || file.size > MAX_RULE_FILE_BYTES ? undefined : blobs.bytes(file.hash)!.toString("utf8")
  }
  const app = appManifest(text("manifest.json"))
  const code = serverCodeOf(manifestFiles(blobs, { files: checked }))
  if ("problem" in code) throw codeRefused("CODE_INVALID", code.problem)
  const hosts = fetchHosts(app)
  const server = code.server === undefined || hosts === undefined ? code.server : { ...code.server, fetchHosts: hosts }
  const manifest: Manifest = { files: checked, spa: spa ?? app.spa === true, ...(server === undefined ? {} : { server }) }
  const { hash } = await sink.store(once(encodeManifest(manifest)))
  await sink.flush()
  const oversized = ["_redirects", "_headers"].filter((path) => (checked[path]?.size ?? 0) > MAX_RULE_FILE_BYTES)
  const warnings = [
    ...oversized.map((file) => ({ file, line: 0, reason: `the file is larger than ${MAX_RULE_FILE_BYTES} bytes and is not read` })),
    ...ruleProblems(text("_redirects"), text("_headers")),
    ...code.warnings,
  ]
  return { manifest: hash, ...manifestTotals(manifest), warnings, server, notes: code.notes }
}

const checkFiles = (
  blobs: BlobReader,
  given: Iterable<readonly [path: string, file: StoredBlob]>,
  limits: DeployLimits,
): Record<string, ManifestFile> => {
  const files: Record<string, ManifestFile> = Object.create(null)
  const missing = new Set<string>()
  let count = 0
  let total = 0
  for (const [name, { hash }] of given) {
    const checked = checkSitePath(name)
    if (!checked.ok) throw pathInvalid(name, checked.reason)
    const { path } = checked
    if (files[path] !== undefined)
      throw new DeployRefused({ code: "PATH_DUPLICATE", status: 400, message: `${JSON.stringify(path)} is there twice.` })
    count++
    if (count > limits.maxFiles) throw tooMany(limits.maxFiles)
    const size = blobs.size(hash)
    if (size === undefined) {
      missing.add(hash)
      continue
    }
    if (size > limits.maxFileBytes) throw fileTooLarge(path, limits.maxFileBytes)
    total += size
    if (total > limits.maxTotalBytes) throw siteTooLarge(limits.maxTotalBytes)
    files[path] = { hash, size, type: contentTypeOf(path) }
  }
  if (missing.size > 0) {
    const message = `${missing.size} of the files have not been uploaded. Upload them with PUT /api/blobs/<hash>, then publish again.`
    throw new DeployRefused({ code: "BLOBS_MISSING", status: 409, message, details: { missing: [...missing] } })
  }
  if (count === 0) throw new DeployRefused({ code: "NO_FILES", status: 400, message: "There is no file to deploy." })
  const clash = folderThatIsAFile(files)
  if (clash !== undefined)
    throw new DeployRefused({ code: "PATH_DUPLICATE", status: 400, message: `${JSON.stringify(clash)} is both a file and a folder.` })
  return { ...files }
}

const folderThatIsAFile = (files: Record<string, ManifestFile>): string | undefined => {
  for (const path of Object.keys(files)) {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      const folder = path.slice(0, slash)
      if (files[folder] !== undefined) return folder
    }
  }
  return undefined
}

const tooMany = (max: number) =>
  new DeployRefused({ code: "TOO_MANY_FILES", status: 413, message: `A deploy may have ${max} files (limits.site_files).` })

const siteTooLarge = (max: number) =>
  new DeployRefused({
    code: "SITE_TOO_LARGE",
    status: 413,
    message: `The files are larger than the ${max} bytes that a deploy may have (limits.site_bytes).`,
  })

/** What a site says of itself in its `manifest.json`. */
const appManifest = (text: string | undefined): { readonly spa?: unknown; readonly fetch?: unknown } => {
  if (text === undefined) return {}
  try {
    return (JSON.parse(text) as object | null) ?? {}
  } catch {
    // A web app manifest with a mistake in it is the site's own affair: it is served as it is.
    return {}
  }
}

const hostPattern = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/i

/** `"fetch": {"allow": ["api.example.com", "*.example.org"]}`: the hosts that the site's code may call. */
const fetchHosts = ({ fetch }: { readonly fetch?: unknown }): ReadonlyArray<string> | undefined => {
  const allow = (fetch as { readonly allow?: unknown } | null | undefined)?.allow
  if (allow === undefined) return undefined
  const isList = Array.isArray(allow) && allow.length > 0 && allow.every((host) => typeof host === "string" && hostPattern.test(host))
  if (isList) return allow
  const message = 'fetch.allow in manifest.json has to be a list of host names, such as ["api.example.com", "*.example.org"].'
  throw new DeployRefused({ code: "VALIDATION_FAILED", status: 400, message })
}

const ruleProblems = (redirects: string | undefined, headers: string | undefined): ReadonlyArray<RuleProblem> => [
  ...(redirects === undefined ? [] : parseRedirects(redirects).warnings.map(({ line, reason }) => ({ file: "_redirects", line, reason }))),
  ...(headers === undefined ? [] : parseHeaders(headers).warnings.map(({ line, reason }) => ({ file: "_headers", line, reason }))),
]

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

/** Before all tests: the bundle that the end-to-end tests run is built from the sources as they are. */
export const setup = (): void => {
  const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL("../../scripts/build.mjs", import.meta.url))], {
    encoding: "utf8",
  })
  if (status !== 0) throw new Error(`The build failed: ${stderr}`)
}

import inspector from "node:inspector"
import fs from "node:fs"
import { it } from "vitest"
import { startServer } from "./support/server.ts"
it("t", async () => {
  await (await startServer()).stop()
  const se = new inspector.Session(); se.connect(); se.post("Profiler.enable"); se.post("Profiler.setSamplingInterval", { interval: 500 }); se.post("Profiler.start")
  const t = performance.now()
  const s = await startServer()
  const a = performance.now() - t
  await new Promise<void>((r) => se.post("Profiler.stop", (_e, { profile }) => { fs.mkdirSync("/tmp/cl/vp", { recursive: true }); fs.writeFileSync("/tmp/cl/vp/x.cpuprofile", JSON.stringify(profile)); r() }))
  await s.stop()
  throw new Error(String(a))
}, 60000)

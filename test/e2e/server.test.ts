import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { request } from "node:http"
import { connect } from "node:net"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { localSocket } from "../../src/config.ts"
import { sha256 } from "../support/api.ts"
import { temporaryFolder } from "../support/cartridge.ts"
import { fazt, startProgram } from "../support/program.ts"
import { ask } from "../support/server.ts"

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** An upload of which the last byte waits for `finish`. */
const beginUpload = (port: number, token: string, content: string) => {
  const headers = { host: "localhost", authorization: `Bearer ${token}`, "content-length": content.length }
  const req = request({ port, host: "127.0.0.1", path: `/api/blobs/${sha256(content)}`, method: "PUT", headers, agent: false })
  const status = new Promise<number>((resolve, reject) => {
    req.on("response", (res) => resolve(res.resume().statusCode!))
    req.on("error", reject)
  })
  req.write(content.slice(0, -1))
  return { status, finish: () => req.end(content.slice(-1)) }
}

describe("the server as a process", () => {
  it("makes its cartridge, owner and key on first run, and never shows them again", async () => {
    mkdirSync(join(folder, "examples", "mine"), { recursive: true })
    writeFileSync(join(folder, "examples", "mine", "index.html"), "mine")
    const first = await startProgram(folder, ["--examples", "examples"])
    expect(first.ready.firstRun).toMatchObject({ username: "admin", published: ["mine"] })
    const { token, password } = first.ready.firstRun!
    expect(token).toMatch(/^fazt_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$/)
    expect(password.length).toBeGreaterThan(20)
    expect((await ask(first.port, "/", { host: "mine.localhost" })).text).toBe("mine")
    expect((await ask(first.port, "/")).text).toContain("<title>Fazt</title>")
    expect((await ask(first.port, "/", { host: "root.localhost" })).text).toContain("<title>Welcome to Fazt</title>")
    expect((await ask(first.port, "/", { host: "nope.localhost" })).text).toContain("<title>404 - Lost in Space</title>")
    expect((await ask(first.port, "/api/status", { token })).status).toBe(200)
    expect(await first.stop()).toMatchObject({ code: 0, signal: null })
    expect(
      readdirSync(folder)
        .filter((name) => name.startsWith("data.db"))
        .sort(),
    ).toEqual(["data.db", "data.db.lock"])

    const second = await startProgram(folder, ["--examples", "examples"])
    expect(second.ready.firstRun).toBeNull()
    // Nothing was made anew; that the key was used is noted.
    expect(second.ready.head.seq).toBe(first.ready.head.seq + 1)
    expect((await ask(second.port, "/api/status", { token })).status).toBe(200)
    await second.stop()
  })

  it("prints for people who it is and where it is, with the chain's head", async () => {
    const { stdout, code } = await fazt(folder, ["server", "init", "--username", "me", "--password", "correct horse battery"])
    expect(code).toBe(0)
    expect(stdout).toMatch(/fazt_[a-z0-9]{12}_/)
    const again = await fazt(folder, ["server", "init"])
    expect([again.code, again.stderr]).toEqual([expect.any(Number), expect.stringContaining("exists already")])
    expect(again.code).not.toBe(0)
  })

  it("refuses to start beside another one on the same cartridge, and says who holds it", async () => {
    const first = await startProgram(folder)
    const second = await fazt(folder, ["server", "start", "--port", "0"])
    expect(second.code).not.toBe(0)
    expect(second.stderr).toContain(`process ${first.child.pid}`)
    expect(second.stderr).toContain("is in use")
    expect((await ask(first.port, "/health")).text).toBe("OK\n")
    await first.stop()
  })

  it("says so when its port is taken, and leaves the cartridge usable", async () => {
    const first = await startProgram(folder)
    const second = await fazt(folder, ["server", "start", "--port", String(first.port), "--db", "other.db"])
    expect(second.code).not.toBe(0)
    expect(second.stderr).toContain("--port")
    await first.stop()
    const third = await startProgram(folder, ["--db", "other.db"])
    await third.stop()
  })

  it("comes back after kill -9, past the socket that it left behind", async () => {
    const first = await startProgram(folder)
    const { token } = first.ready.firstRun!
    const made = await ask(first.port, "/api/sites", {
      method: "POST",
      token,
      headers: { "content-type": "application/json" },
      body: '{"site":"kept"}',
    })
    expect(made.status).toBe(201)
    await first.stop("SIGKILL")
    expect(existsSync(localSocket(join(folder, "data.db")))).toBe(true)
    const second = await startProgram(folder)
    expect((await ask(second.port, "/api/sites/kept", { token })).status).toBe(200)
    expect((await fazt(folder, ["sites", "--json"])).stdout).toContain("kept")
    await second.stop()
  })

  it("finishes a request that is running when it is told to stop, and accepts no other", async () => {
    const server = await startProgram(folder)
    const { token } = server.ready.firstRun!
    const upload = beginUpload(server.port, token, "sent in two parts")
    const waiting = ask(server.port, "/api/audit?after=1000000&wait=30", { token })
    await new Promise((resolve) => setTimeout(resolve, 300))
    const stopping = server.stop()
    await new Promise((resolve) => setTimeout(resolve, 200))
    await expect(ask(server.port, "/health")).rejects.toThrow()
    expect(await waiting).toMatchObject({ status: 200 })
    upload.finish()
    expect(await upload.status).toBe(201)
    expect(await stopping).toMatchObject({ code: 0 })
  })

  it("answers a request that comes over a connection opened just before the stop", async () => {
    const server = await startProgram(folder)
    const socket = connect(server.port, "127.0.0.1")
    await new Promise((resolve) => socket.once("connect", resolve))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const stopping = server.stop()
    await new Promise((resolve) => setTimeout(resolve, 100))
    const answer = new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString())))
    socket.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    const text = await answer
    expect(text).toContain("200 OK")
    expect(text.toLowerCase()).toContain("connection: close")
    expect(await stopping).toMatchObject({ code: 0 })
  })

  it("lets nobody else open its files or its socket", async () => {
    const server = await startProgram(folder)
    for (const name of ["data.db", "data.db-wal", "data.db.lock", "data.db.sock"])
      expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0)
    await server.stop()
  })

  it("serves on a socket also where the folder's path is too long for one", async () => {
    const deep = join(folder, ..."abcdefgh".split("").map((letter) => letter.repeat(20)))
    mkdirSync(deep, { recursive: true })
    const server = await startProgram(deep)
    const status = await fazt(deep, ["server", "status", "--json"])
    expect([status.code, status.stderr]).toEqual([0, ""])
    await server.stop()
  })
})

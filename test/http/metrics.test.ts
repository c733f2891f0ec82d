import { connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { expositionFor, openMetrics, prometheus } from "../../src/http/metrics/exposition.ts"
import { registry } from "../../src/http/metrics/registry.ts"
import { refusal } from "../support/api.ts"
import { deploySite } from "../support/hosting.ts"
import { parseOpenMetrics, type Sample } from "../support/openMetrics.ts"
import { type Ask, startServer, type TestServer } from "../support/server.ts"

describe("the text of metrics", () => {
  const all = registry()
  const requests = all.counter({ name: "x_requests", help: 'Requests: "all"\nof \\them.' }, [{ place: "a" }, { place: 'b"\\\n' }])
  const times = all.histogram({ name: "x_seconds", unit: "seconds", help: "Times." }, [0.5, 1, 1000], [{}])
  all.read({ name: "x_size_bytes", unit: "bytes", type: "gauge", help: "Size.", read: () => 1e21 })
  all.read({ name: "x_lost", type: "gauge", help: "Not a number.", read: () => [[{ kind: "nan" }, Number.NaN]] })
  all.read({ name: "x_unknown", type: "gauge", help: "Nobody knows.", read: () => undefined })
  all.read({ name: "x_build", type: "info", help: "Release.", read: () => [[{ version: "1.2.3" }, 1]] })
  requests.add(0)
  requests.add(1, 41.5)
  for (const value of [0.1, 0.5, 0.6, 1000.5]) times.observe(0, value)

  it("is OpenMetrics", () => {
    expect(openMetrics.text(all.families)).toBe(`# TYPE x_requests counter
# HELP x_requests Requests: \\"all\\"\\nof \\\\them.
x_requests_total{place="a"} 1
x_requests_total{place="b\\"\\\\\\n"} 41.5
# TYPE x_seconds histogram
# UNIT x_seconds seconds
# HELP x_seconds Times.
x_seconds_bucket{le="0.5"} 2
x_seconds_bucket{le="1.0"} 3
x_seconds_bucket{le="1000.0"} 3
x_seconds_bucket{le="+Inf"} 4
x_seconds_count 4
x_seconds_sum 1001.7
# TYPE x_size_bytes gauge
# UNIT x_size_bytes bytes
# HELP x_size_bytes Size.
x_size_bytes 1e+21
# TYPE x_lost gauge
# HELP x_lost Not a number.
x_lost{kind="nan"} NaN
# TYPE x_build info
# HELP x_build Release.
x_build_info{version="1.2.3"} 1
# EOF
`)
    expect(parseOpenMetrics(openMetrics.text(all.families)).size).toBe(5)
  })

  it("is the older format of Prometheus, where a client wants that", () => {
    const text = prometheus.text(all.families)
    expect(text.split("\n").slice(0, 4)).toEqual([
      `# HELP x_requests_total Requests: "all"\\nof \\\\them.`,
      "# TYPE x_requests_total counter",
      'x_requests_total{place="a"} 1',
      'x_requests_total{place="b\\"\\\\\\n"} 41.5',
    ])
    expect(text).toContain('# TYPE x_seconds histogram\nx_seconds_bucket{le="0.5"} 2\nx_seconds_bucket{le="1"} 3\n')
    expect(text).toContain("# TYPE x_build_info gauge\n")
    expect(text).not.toMatch(/# (UNIT|EOF)/)
  })

  const good = openMetrics.text(all.families)
  for (const [fault, bad] of [
    ["no end", good.replace("# EOF\n", "")],
    ["something behind the end", `${good}x 1\n`],
    ["a counter without _total", good.replace('x_requests_total{place="a"}', 'x_requests{place="a"}')],
    ["a sample twice", good.replace("x_seconds_count 4\n", "x_seconds_count 4\nx_seconds_count 4\n")],
    ["a quote that is not escaped", good.replace('b\\"', 'b"')],
    ["buckets that are not added up", good.replace('le="1.0"} 3', 'le="1.0"} 1')],
    ["no last bucket", good.replace('x_seconds_bucket{le="+Inf"} 4\n', "")],
    ["another count than the last bucket", good.replace("x_seconds_count 4", "x_seconds_count 5")],
    ["a name without its unit", good.replaceAll("x_size_bytes", "x_size")],
    ["an empty line", good.replace("# TYPE x_size", "\n# TYPE x_size")],
    ["a family in two pieces", good.replace("# EOF", "x_requests_total 1\n# EOF")],
  ] as const) {
    it(`is checked here so that ${fault} is found`, () => expect(() => parseOpenMetrics(bad)).toThrow())
  }

  for (const [accept, form] of [
    [undefined, openMetrics],
    ["*/*", openMetrics],
    ["application/*", openMetrics],
    ["application/openmetrics-text", openMetrics],
    [
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      openMetrics,
    ],
    ["text/plain", prometheus],
    ["text/plain;version=0.0.4;q=1,*/*;q=0.1", prometheus],
    ["text/html, text/plain", prometheus],
    ["application/openmetrics-text;q=0.2, text/plain;q=0.9", prometheus],
    ["application/openmetrics-text;q=0, */*", prometheus],
    ["", prometheus],
  ] as const) {
    it(`has the form that ${accept === undefined ? "no Accept" : JSON.stringify(accept)} asks for`, () =>
      expect(expositionFor(accept)).toBe(form))
  }
})

describe("GET /metrics", () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ domain: "example.com" })
  })
  afterAll(() => server.stop())

  const scrape = async (request: Ask = {}) => parseOpenMetrics((await server.ask("/metrics", request)).text)
  const samplesOf = async (family: string): Promise<ReadonlyArray<Sample>> => (await scrape()).get(family)?.samples ?? []
  const amountOf = async (family: string, labels: Readonly<Record<string, string>> = {}, suffix = ""): Promise<number> => {
    const found = (await samplesOf(family)).filter(
      (sample) => sample.name.endsWith(suffix) && Object.entries(labels).every(([name, value]) => sample.labels[name] === value),
    )
    return found.reduce((sum, { value }) => sum + value, 0)
  }
  /** How much a value grows meanwhile. */
  const growth = async (work: () => Promise<unknown>, ...of: Parameters<typeof amountOf>): Promise<number> => {
    const before = await amountOf(...of)
    await work()
    return (await amountOf(...of)) - before
  }

  it("is OpenMetrics, or plain text for who wants that", async () => {
    const answer = await server.ask("/metrics")
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/openmetrics-text; version=1.0.0; charset=utf-8"])
    expect(answer.headers).toMatchObject({ "cache-control": "no-store", vary: "Accept", "x-content-type-options": "nosniff" })
    expect(parseOpenMetrics(answer.text).size).toBeGreaterThan(40)
    const plain = await server.ask("/metrics", { headers: { accept: "text/plain" } })
    expect([plain.headers["content-type"], plain.text.includes("# EOF")]).toEqual(["text/plain; version=0.0.4; charset=utf-8", false])
    const head = await server.ask("/metrics", { method: "HEAD" })
    expect([head.status, head.text]).toEqual([200, ""])
  })

  it("is for programs on this machine and for keys with the scope", async () => {
    const [metrics, read, admin] = [await server.key("metrics"), await server.key("read"), await server.key("admin")]
    const from = async (request: Ask) => {
      const answer = await server.ask("/metrics", request)
      return answer.status === 200 ? 200 : refusal(answer)
    }
    expect(await from({ host: "localhost:4698" })).toBe(200)
    expect(await from({ host: "admin.example.com" })).toEqual([401, "UNAUTHORIZED"])
    expect(await from({ headers: { "x-forwarded-for": "192.0.2.1" } })).toEqual([401, "UNAUTHORIZED"])
    expect(await from({ headers: { forwarded: "for=192.0.2.1" } })).toEqual([401, "UNAUTHORIZED"])
    expect(await from({ host: "admin.example.com", token: metrics })).toBe(200)
    expect(await from({ host: "admin.example.com", token: admin })).toBe(200)
    expect(await from({ host: "admin.example.com", token: read })).toEqual([403, "FORBIDDEN"])
    expect(await from({ host: "admin.example.com", token: `${metrics}x` })).toEqual([401, "INVALID_API_KEY"])
    expect(refusal(await server.ask("/metrics", { method: "POST" }))).toEqual([405, "METHOD_NOT_ALLOWED"])
    expect((await server.ask("/metrics", { host: "blog.example.com" })).text).not.toContain("fazt_")
  })

  it("counts requests by what their host stands for and how they end", async () => {
    await deploySite(server, "blog", { "index.html": "hello" })
    const cases: ReadonlyArray<readonly [string, string, Ask, string]> = [
      ["site", "2xx", { host: "blog.example.com" }, "/"],
      ["site", "3xx", { host: "blog.example.com", headers: { "if-none-match": "*" } }, "/"],
      ["site", "4xx", { host: "blog.example.com" }, "/nothing"],
      ["site", "4xx", { host: "no-such-site.example.com" }, "/"],
      ["unknown", "4xx", { host: "example.org" }, "/"],
      ["admin", "2xx", {}, "/health"],
      ["admin", "4xx", {}, "/api/status"],
    ]
    for (const [place, status, request, path] of cases) {
      const grown = await growth(() => server.ask(path, request), "fazt_http_requests", { place, status })
      // Scrapes are requests, too.
      expect([place, status, grown]).toEqual([place, status, place === "admin" && status === "2xx" ? 2 : 1])
    }
    expect(
      await growth(() => server.ask("/", { host: "blog.example.com" }), "fazt_http_request_duration_seconds", { place: "site" }, "_count"),
    ).toBe(1)
  })

  it("counts what nobody waited for as aborted, and what is on its way", async () => {
    const token = await server.key("audit")
    const seq = (await server.ask("/api/audit?limit=1", { token })).json.data[0].seq
    const socket = connect(server.port, "127.0.0.1")
    const path = `/api/audit?after=${seq}&type=v1.Nothing&wait=30`
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    await expect.poll(() => amountOf("fazt_http_requests_in_flight")).toBe(2)
    const before = await amountOf("fazt_http_requests", { place: "admin", status: "aborted" })
    socket.destroy()
    await expect.poll(() => amountOf("fazt_http_requests", { place: "admin", status: "aborted" })).toBe(before + 1)
    expect(await amountOf("fazt_http_requests_in_flight")).toBe(1)
  })

  it("counts a stream of events as what it began with, and not how long it was", async () => {
    const token = await server.key("audit")
    /** Requests whose time was not counted. */
    const untimed = async (): Promise<number> => {
      const families = await scrape()
      const sum = (family: string, suffix: string): number =>
        families
          .get(family)!
          .samples.filter(({ name, labels }) => name === family + suffix && labels["place"] === "admin")
          .reduce((all, { value }) => all + value, 0)
      return sum("fazt_http_requests", "_total") - sum("fazt_http_request_duration_seconds", "_count")
    }
    const aborted = await amountOf("fazt_http_requests", { place: "admin", status: "aborted" })
    expect(await untimed()).toBe(0)
    expect((await server.begin("/api/events/live", { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
    await expect.poll(() => amountOf("fazt_api_requests", { route: "/api/events/live", status: "2xx" })).toBe(1)
    expect(await amountOf("fazt_http_requests", { place: "admin", status: "aborted" })).toBe(aborted)
    expect([await untimed(), await amountOf("fazt_event_streams_open")]).toEqual([1, 0])
  })

  it("counts the API's requests by endpoint, and what is none in one row", async () => {
    const token = await server.key("read")
    const many = async () => {
      for (let i = 0; i < 20; i++) await server.ask(`/api/nothing/${i}`, { token })
      for (let i = 0; i < 3; i++) await server.ask(`/api/sites/none-${i}`, { token })
      await server.ask("/api/sites/none", { token, method: "HEAD" })
    }
    expect(await growth(many, "fazt_api_requests", { route: "none", status: "4xx" })).toBe(20)
    expect(await amountOf("fazt_api_requests", { method: "GET", route: "/api/sites/:site", status: "4xx" })).toBe(4)
    const rows = await samplesOf("fazt_api_requests")
    expect(rows.filter(({ labels }) => /nothing|none-/.test(JSON.stringify(labels)))).toEqual([])
  })

  it("counts requests to server code, and never names a site", async () => {
    await deploySite(server, "secretive", { "main.js": "export default { fetch: () => new Response('hi') }" })
    const visit = async () => expect((await server.ask("/", { host: "secretive.example.com" })).text).toBe("hi")
    expect(await growth(visit, "fazt_function_runs")).toBe(1)
    expect(await growth(visit, "fazt_function_request_duration_seconds", { result: "answer" }, "_count")).toBe(1)
    expect(await amountOf("fazt_sandbox_threads")).toBeGreaterThan(1)
    expect(await amountOf("fazt_function_images")).toBe(1)
    expect((await server.ask("/metrics")).text).not.toContain("secretive")
  })

  it("tells of the log, the writer and the projections", async () => {
    const append = async () => void (await server.key("read"))
    expect(await growth(append, "fazt_log_events")).toBe(1)
    expect(await growth(append, "fazt_log_head_seq")).toBe(1)
    expect(await growth(append, "fazt_writer_commit_duration_seconds", {}, "_count")).toBeGreaterThan(0)
    expect(await growth(append, "fazt_writer_requests")).toBeGreaterThan(0)
    const lags = await samplesOf("fazt_projection_lag_events")
    expect(lags.length).toBeGreaterThan(8)
    expect(lags.every(({ value }) => value === 0)).toBe(true)
    expect(await amountOf("fazt_database_wal_bytes")).toBeGreaterThan(0)
  })

  it("counts the cache's hits, connections and bytes", async () => {
    await deploySite(server, "cached", { "a.bin": "x".repeat(50_000) })
    const get = () => server.ask("/a.bin", { host: "cached.example.com" })
    expect(await growth(get, "fazt_cache_misses")).toBe(1)
    expect(await growth(get, "fazt_cache_hits")).toBe(1)
    expect(await growth(get, "fazt_http_sent_bytes")).toBeGreaterThan(50_000)
    expect(await growth(get, "fazt_http_connections")).toBe(2)
    expect(await amountOf("fazt_http_connections_open")).toBeGreaterThan(0)
  })

  it("counts requests of the API that were one too many", async () => {
    const admin = await server.key("admin")
    const set = (value: string) =>
      server.ask("/api/config/limits.api_read_per_minute", {
        method: "PUT",
        token: admin,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ value }),
      })
    const token = await server.key("read")
    await set("1")
    const three = async () => {
      for (let i = 0; i < 3; i++) await server.ask("/api/status", { token })
    }
    expect(await growth(three, "fazt_api_rate_limited", { class: "read" })).toBeGreaterThan(0)
    await set("3000")
  })

  it("tells of the process under the names that dashboards know", async () => {
    const families = await scrape()
    for (const name of [
      "process_cpu_seconds",
      "process_resident_memory_bytes",
      "process_start_time_seconds",
      "process_open_fds",
      "nodejs_heap_size_used_bytes",
    ]) {
      expect([name, families.get(name)?.samples[0]?.value]).toEqual([name, expect.any(Number)])
    }
    expect(families.get("fazt_build")!.samples[0]!.labels).toMatchObject({
      version: expect.stringMatching(/^\d/),
      node: process.versions.node,
    })
    await expect.poll(() => amountOf("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThan(0)
  })

  it("answers many scrapes at once, each as a whole", async () => {
    const texts = await Promise.all(Array.from({ length: 50 }, async () => (await server.ask("/metrics")).text))
    for (const text of texts) parseOpenMetrics(text)
  })
})

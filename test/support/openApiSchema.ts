/**
 * What an OpenAPI 3.1 document has to be, as a JSON Schema: the objects of spec.openapis.org/oas/v3.1.0, section 4.8, without those that
 * Fazt's document has no use for (links, callbacks, webhooks, OAuth flows, XML). Strict: a field that is not named is a mistake.
 */
export const openApiSchema = (() => {
  const text = { type: "string" }
  const ref = (name: string) => ({ $ref: `#/$defs/${name}` })
  const mapOf = (items: object, names: object = {}) => ({ type: "object", propertyNames: names, additionalProperties: items })
  /** An object with these fields and extensions, which begin with `x-`. */
  const object = (properties: Record<string, object>, ...required: ReadonlyArray<string>) => ({
    type: "object",
    properties,
    required,
    patternProperties: { "^x-": true },
    additionalProperties: false,
  })
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  const orReference = (name: string) => ({ if: { type: "object", required: ["$ref"] }, then: ref("reference"), else: ref(name) })
  const componentName = { pattern: "^[a-zA-Z0-9._-]+$" }
  const header = { description: text, required: { type: "boolean" }, deprecated: { type: "boolean" }, schema: ref("schema"), example: {} }

  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...object(
      {
        openapi: { type: "string", pattern: "^3\\.1\\.\\d+$" },
        info: ref("info"),
        jsonSchemaDialect: { type: "string" },
        servers: { type: "array", items: ref("server") },
        paths: mapOf(ref("pathItem"), { pattern: "^/" }),
        components: ref("components"),
        security: { type: "array", items: ref("requirement") },
        tags: { type: "array", items: ref("tag") },
      },
      "openapi",
      "info",
      "paths",
    ),
    $defs: {
      reference: {
        type: "object",
        properties: { $ref: { type: "string", pattern: "^#/" }, summary: text, description: text },
        additionalProperties: false,
      },
      // Dialect of OpenAPI 3.1: JSON Schema 2020-12, with which each of them is checked as a whole.
      schema: { $ref: "https://json-schema.org/draft/2020-12/schema" },
      info: object({ title: text, summary: text, description: text, version: text, license: ref("license") }, "title", "version"),
      license: { ...object({ name: text, identifier: text, url: text }, "name"), not: { required: ["identifier", "url"] } },
      server: object({ url: text, description: text }, "url"),
      tag: object({ name: text, description: text }, "name"),
      requirement: mapOf({ type: "array", items: text }),
      pathItem: object({
        summary: text,
        description: text,
        parameters: { type: "array", items: ref("parameter") },
        ...Object.fromEntries(
          ["get", "put", "post", "delete", "options", "head", "patch", "trace"].map((method) => [method, ref("operation")]),
        ),
      }),
      operation: object(
        {
          tags: { type: "array", items: text, minItems: 1 },
          summary: text,
          description: text,
          operationId: { type: "string", pattern: "^[a-zA-Z]+\\.[a-zA-Z]+$" },
          deprecated: { type: "boolean" },
          parameters: { type: "array", items: orReference("parameter"), uniqueItems: true },
          requestBody: orReference("requestBody"),
          responses: { ...mapOf(orReference("response"), { pattern: "^([1-5]\\d\\d|[1-5]XX|default)$" }), minProperties: 1 },
          security: { type: "array", items: ref("requirement") },
        },
        "operationId",
        "responses",
      ),
      parameter: {
        ...object(
          { name: text, in: { enum: ["path", "query", "header", "cookie"] }, style: text, explode: { type: "boolean" }, ...header },
          "name",
          "in",
          "schema",
        ),
        if: { properties: { in: { const: "path" } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
        then: { properties: { required: { const: true } }, required: ["required"] },
      },
      requestBody: object({ description: text, content: ref("content"), required: { type: "boolean" } }, "content"),
      content: { ...mapOf(ref("mediaType"), { pattern: "^[a-z*]+/[a-z0-9.+*-]+$" }), minProperties: 1 },
      mediaType: object({ schema: ref("schema"), example: {} }),
      response: object({ description: text, headers: mapOf(orReference("header")), content: ref("content") }, "description"),
      header: object(header),
      components: object({
        schemas: mapOf(ref("schema"), componentName),
        responses: mapOf(ref("response"), componentName),
        parameters: mapOf(ref("parameter"), componentName),
        headers: mapOf(ref("header"), componentName),
        securitySchemes: mapOf(ref("securityScheme"), componentName),
      }),
      securityScheme: {
        oneOf: [
          object({ type: { const: "http" }, scheme: text, bearerFormat: text, description: text }, "type", "scheme"),
          object(
            { type: { const: "apiKey" }, in: { enum: ["query", "header", "cookie"] }, name: text, description: text },
            "type",
            "in",
            "name",
          ),
        ],
      },
    },
  }
})()

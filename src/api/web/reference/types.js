// @ts-check
/**
 * The parts of an OpenAPI 3.1 document that the reference draws.
 * @typedef {{
 *   $ref?: string,
 *   type?: string,
 *   description?: string,
 *   enum?: unknown[],
 *   const?: unknown,
 *   default?: unknown,
 *   format?: string,
 *   pattern?: string,
 *   minimum?: number,
 *   maximum?: number,
 *   maxLength?: number,
 *   properties?: Record<string, Schema>,
 *   required?: string[],
 *   items?: Schema | false,
 *   prefixItems?: Schema[],
 *   additionalProperties?: Schema | boolean,
 *   anyOf?: Schema[],
 *   allOf?: Schema[],
 * }} Schema
 * @typedef {{ name: string, in: string, required: boolean, description?: string, schema: Schema }} Parameter
 * @typedef {{ schema?: Schema, example?: unknown }} Medium
 * @typedef {{
 *   $ref?: string,
 *   description: string,
 *   headers?: Record<string, { description: string }>,
 *   content?: Record<string, Medium>,
 * }} Answer
 * @typedef {{
 *   operationId: string,
 *   tags: string[],
 *   summary: string,
 *   description?: string,
 *   security: Record<string, string[]>[],
 *   parameters: Parameter[],
 *   requestBody?: { required: boolean, content: Record<string, Medium> },
 *   responses: Record<string, Answer>,
 * }} Operation
 * @typedef {{
 *   info: { title: string, description: string },
 *   tags: { name: string, description: string }[],
 *   paths: Record<string, Record<string, Operation>>,
 *   components: {
 *     schemas: Record<string, Schema>,
 *     responses: Record<string, Answer>,
 *     securitySchemes: Record<string, { description: string }>,
 *   },
 * }} Document
 * @typedef {{ method: string, path: string, operation: Operation }} Route
 */
export {}

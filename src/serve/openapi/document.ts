import { z } from 'zod';
import type { Answer, Operation } from '../http/api.js';

export interface DocumentInfo {
  /** Of fairq. */
  readonly version: string;
  /** Where the API is asked; a path is enough. */
  readonly server: string;
}

type Schema = Record<string, unknown>;

/** What every operation may answer beside what is its own. */
const PROBLEM = z
  .object({
    type: z.string().describe('urn:fairq:problem:… : stable, for programs'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional().describe('what is particular to this request'),
  })
  .meta({ id: 'Problem' });

/** The OpenAPI 3.1 document of the operations, made from the schemas by which requests are checked. */
export function openApiDocument(
  operations: readonly Operation<unknown, unknown>[],
  info: DocumentInfo,
): object {
  const schemas = new Schemas();
  const paths: Record<string, Schema> = {};
  for (const operation of operations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: operationObject(operation, schemas),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'fairq',
      version: info.version,
      summary: 'Fair per-user task queues on RabbitMQ.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: info.server }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: schemas.named,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'with --auth jwt or --auth tokens' },
        user: { type: 'apiKey', in: 'header', name: 'X-Fairq-User', description: 'with --auth none' },
      },
    },
    security: [{ bearer: [] }, { user: [] }],
  };
}

function operationObject(operation: Operation<unknown, unknown>, schemas: Schemas): Schema {
  const { id, summary, tag, role, path, query, headers = {}, body, bodyType, answers } = operation;
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...queryParameters(query, schemas),
    ...Object.entries(headers).map(([name, description]) => ({
      name,
      in: 'header',
      description,
      schema: { type: 'string' },
    })),
  ];
  const content =
    body === undefined ? undefined : { 'application/json': { schema: schemas.of(body, 'input') } };
  const requestBody =
    content ?? (bodyType === undefined ? undefined : { [bodyType]: { schema: { type: 'string' } } });
  return {
    operationId: id,
    summary,
    description: role === 'anyone' ? 'Nobody is asked who they are.' : `It takes the role "${role}".`,
    tags: [tag],
    ...(role === 'anyone' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody !== undefined && { requestBody: { required: true, content: requestBody } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, response(answer, schemas)]),
      ),
      ...(role !== 'anyone' && {
        '4XX': problemResponse('the request is refused, and why', schemas),
        '5XX': problemResponse('it cannot be answered now, and why', schemas),
      }),
    },
  };
}

function response({ description, schema, type, headers = {} }: Answer, schemas: Schemas): Schema {
  const described = schema === undefined ? { type: 'string' } : schemas.of(schema, 'output');
  const hasBody = schema !== undefined || type !== undefined;
  return {
    description,
    ...(hasBody && { content: { [type ?? 'application/json']: { schema: described } } }),
    ...(Object.keys(headers).length > 0 && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [
          name,
          { description: text, schema: { type: 'string' } },
        ]),
      ),
    }),
  };
}

function problemResponse(description: string, schemas: Schemas): Schema {
  return { description, content: { 'application/problem+json': { schema: schemas.of(PROBLEM, 'output') } } };
}

function queryParameters(query: z.ZodType | undefined, schemas: Schemas): Schema[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemas.of(query, 'input') as {
    properties?: Record<string, Schema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description !== undefined && { description }),
    required: required.includes(name),
    schema,
  }));
}

/** Schemas as JSON; those with an id of their own stand in one place, and are referred to. */
class Schemas {
  readonly named: Record<string, Schema> = {};

  of(schema: z.ZodType, io: 'input' | 'output'): Schema {
    const {
      $schema: _,
      $defs = {},
      ...json
    } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Schema & {
      $defs?: Record<string, Schema>;
    };
    for (const [name, definition] of Object.entries($defs)) this.named[name] = this.#referring(definition);
    const own = this.#referring(json);
    const id = schema.meta()?.id;
    if (id === undefined) return own;
    if (!('$ref' in own)) this.named[id] = own; // else it is among those with an id already
    return { $ref: `#/components/schemas/${id}` };
  }

  #referring(schema: Schema): Schema {
    const { id: _, ...rest } = schema;
    return JSON.parse(JSON.stringify(rest).replaceAll('"#/$defs/', '"#/components/schemas/'));
  }
}

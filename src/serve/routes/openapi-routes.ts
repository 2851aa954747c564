import type { Api } from '../http/api.js';
import { type DocumentInfo, openApiDocument } from '../openapi/document.js';
import { json } from './json.js';

/** `GET /openapi.json`: it describes every operation of the API, itself included. */
export function addOpenApiRoutes(api: Api, info: DocumentInfo): void {
  api.add(
    {
      id: 'openapi',
      method: 'get',
      path: '/openapi.json',
      tag: 'health',
      role: 'anyone',
      summary: 'This document: OpenAPI 3.1.',
      answers: { 200: { description: 'the document', type: 'application/json' } },
    },
    async () => json(200, openApiDocument(api.operations, info)),
  );
}

/** Where a management API is and who asks, such as http://127.0.0.1:15672 and guest:guest. */
export interface ManagementApi {
  readonly uri: string;
  readonly login?: string;
}

/** Asks RabbitMQ's management API for what fairq itself never asks. Resolves with its answer, parsed. */
export async function askManagement(
  { uri, login = 'guest:guest' }: ManagementApi,
  method: 'GET' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
): Promise<unknown> {
  const response = await fetch(`${uri}/api${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(login).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

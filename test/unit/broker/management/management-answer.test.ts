import { describe, expect, it } from 'vitest';
import { readAnswer, unlessMissing } from '../../../../src/broker/management/management-answer.js';
import { FairqError } from '../../../../src/core/errors/errors.js';

const QUEUES = '/api/queues/v%2F1';

function read(status: number, text: string, path = QUEUES): unknown {
  return readAnswer({ status, text, where: 'http://host:15672', method: 'GET', path }, 'guest', 'v/1');
}

function failure(status: number, text: string, path?: string): Pick<FairqError, 'code' | 'kind'> {
  try {
    read(status, text, path);
  } catch (error) {
    if (error instanceof FairqError) return { code: error.code, kind: error.kind };
    throw error;
  }
  throw new Error('it did not fail');
}

describe('an answer of the management API', () => {
  it('is its JSON, and nothing where it is empty', () => {
    expect(read(200, '[{"name":"A"}]')).toEqual([{ name: 'A' }]);
    expect(read(204, '')).toBeUndefined();
  });

  it('says who is refused', () => {
    expect(() => read(401, '{}')).toThrow('refused user "guest" (HTTP 401)');
    expect(failure(403, '{}')).toEqual({ code: 'MANAGEMENT_REFUSED', kind: 'refused' });
  });

  it('tells a vhost that is not there from a queue that is not', () => {
    expect(failure(404, '{"error":"Object Not Found"}')).toMatchObject({ code: 'NO_VHOST' });
    expect(failure(404, '{"error":"Object Not Found"}', `${QUEUES}/A`)).toMatchObject({ code: 'NOT_THERE' });
    expect(failure(404, '{"error":"Object Not Found"}', '/api/vhosts/v')).toMatchObject({
      code: 'NOT_THERE',
    });
  });

  it.each([
    [404, '<html>not found</html>'],
    [302, ''],
    [200, '<html>welcome</html>'],
  ])('is none of RabbitMQ where HTTP %i says %j', (status, text) => {
    expect(failure(status, text)).toEqual({ code: 'NOT_MANAGEMENT', kind: 'unreachable' });
  });

  it('has failed where the server says so, and quotes no more than an excerpt of it', () => {
    expect(failure(500, '{}')).toEqual({ code: 'MANAGEMENT_FAILED', kind: 'unreachable' });
    expect(() => read(502, 'x'.repeat(1000))).toThrow(`HTTP 502: ${'x'.repeat(200)}…`);
  });
});

describe('what may be missing', () => {
  it('is undefined where the broker does not have it, and fails for every other reason', async () => {
    const asked = async (status: number) => read(status, '{"error":"no"}', `${QUEUES}/A`);
    expect(await unlessMissing(asked(404))).toBeUndefined();
    await expect(unlessMissing(asked(500))).rejects.toThrow('has failed');
  });
});

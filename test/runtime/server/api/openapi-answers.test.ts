import { expect } from 'chai';
import { fastify } from 'fastify';
import { askBriefly } from '../../../support/any-input.ts';
import { GOOD_BODIES, type Route, registeredRoutes, requestTo } from '../../../support/routes.ts';
import { type Answer, CLUSTER, startTestServer, type TestServer } from '../../../support/server.ts';

const routes = await registeredRoutes();

/** Routes that do not answer with JSON that a schema describes, or not before the registry of packages is asked. */
const OTHERS = ['POST /api/tokens/issue', 'GET /metrics', 'GET /api/logs/tenant/:container'];

describe('what the OpenAPI document says of answers', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    for (const title of ['PUT /api/webtask/:container/:name', 'PUT /api/webtask/:container/:name/data'])
      await send(title);
    const data = JSON.stringify({ schedule: '0 0 1 1 *' });
    await send('PUT /api/cron/:container/:name', data);
  });
  after(() => server.close());

  async function send(title: string, body?: string): Promise<Answer> {
    const route = routes.find(({ method, url }) => `${method} ${url}` === title);
    if (!route) throw new Error(`there is no route ${title}`);
    const token = server.sign({ jtn: 'pay', jti: 'a' });
    const { path, ...request } = requestTo(route, { container: 'test', name: 'pay', token });
    const own = body ?? JSON.stringify(GOOD_BODIES[title])?.replace('NAME', 'pay');
    const headers = { ...request.headers, Authorization: `Bearer ${CLUSTER.WEBTASK_SIGNING_KEY}` };
    return askBriefly(server.url, { ...request, path, headers, ...(own && { body: own }) });
  }

  /** What is wrong with a value, by a schema that is taken at its word. */
  async function problemWith(value: unknown, schema: object): Promise<string | undefined> {
    const api = fastify({
      ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    });
    const answer = { type: 'object', properties: { answer: schema }, required: ['answer'] };
    api.post('/', { schema: { body: answer } }, async () => ({}));
    const { statusCode, body } = await api.inject({ method: 'POST', url: '/', payload: { answer: value } });
    return statusCode === 200 ? undefined : body;
  }

  const isGet = ({ method }: Route): boolean => method === 'GET';
  // What is removed comes last.
  const inOrder = [...routes.filter(isGet), ...routes.filter((route) => !isGet(route))];
  for (const { method, url, schema } of inOrder) {
    const title = `${method} ${url}`;
    const answer = schema.response?.[200];
    if (OTHERS.includes(title) || method === 'DELETE' || !answer) continue;
    it(`is so: ${title}`, async () => {
      const { status, body } = await send(title);
      expect(status, body).to.equal(200);
      expect(await problemWith(JSON.parse(body), answer), body).to.equal(undefined);
    });
  }

  it('is found out where it is not', async () => {
    expect(await problemWith({ status: 1 }, { type: 'object', properties: { status: { type: 'string' } } })).to.contain(
      'body/answer/status must be string',
    );
  });
});

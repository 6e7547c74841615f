import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect } from 'chai';
import { type Route, registeredRoutes } from '../../../support/routes.ts';
import { ask, startTestServer, type TestServer } from '../../../support/server.ts';

interface Operation {
  readonly summary: string;
  readonly security: object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly servers: unknown;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: object; readonly securitySchemes: object };
}

describe('the OpenAPI document', () => {
  let server: TestServer;
  let document: Document;
  let routes: Route[];
  before(async () => {
    server = await startTestServer();
    const answer = await ask(`${server.url}/api/openapi.json`);
    expect([answer.status, answer.headers['content-type']]).to.deep.equal([200, 'application/json; charset=utf-8']);
    document = JSON.parse(answer.body);
    routes = await registeredRoutes();
  });
  after(() => server.close());

  const operationOf = ({ method, url }: Route): Operation | undefined =>
    document.paths[url.replace('*', ':path').replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];

  it('is valid, which is what tools that read it insist on', async () => {
    const { valid, errors } = await new Validator().validate({ ...document });
    expect({ valid, errors }).to.deep.equal({ valid: true, errors: undefined });
    expect(document.openapi).to.equal('3.1.0');
  });

  it('says the version of the kit, and where the server is', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(document.info.version).to.equal(version);
    expect(document.servers).to.deep.equal([{ url: server.url }]);
  });

  it('has every route, with what it does, takes and answers, and who may', () => {
    expect(routes.length).to.be.greaterThan(12);
    for (const route of routes) {
      const title = `${route.method} ${route.url}`;
      const operation = operationOf(route);
      if (!operation) throw new Error(`${title} is not in the document`);
      expect(operation.summary, `the summary of ${title}: use describeRoute()`).to.match(/^[A-Z].*[^.]$/);
      expect(operation.security, `security of ${title}`).to.be.an('array');
      const answers = Object.keys(operation.responses);
      expect(
        answers.some((status) => /^(2\d\d|default)$/.test(status)),
        `an answer of ${title}`,
      ).to.equal(true);
      const inPath = route.url.split('/').filter((part) => /^[:*]/.test(part));
      expect(operation.parameters?.filter((it) => it.in === 'path').length ?? 0, title).to.equal(inPath.length);
    }
  });

  it('has for every error of a route its code, and the form that all errors have', () => {
    for (const route of routes) {
      const { responses } = operationOf(route) as Operation; // the test before
      const errors = Object.entries(responses).filter(([status]) => Number(status) >= 400);
      expect(errors.length, route.url).to.be.greaterThan(0);
      for (const [status, { description, content }] of errors) {
        expect(description, `${route.url} ${status}`).to.match(/^`[A-Z_]+`: /);
        expect(content).to.deep.equal({ 'application/json': { schema: { $ref: '#/components/schemas/Error' } } });
      }
    }
    expect(document.components.schemas).to.deep.equal({
      Error: {
        type: 'object',
        description: 'What went wrong.',
        required: ['code', 'message'],
        properties: {
          code: { type: 'integer', description: 'the HTTP status' },
          message: { type: 'string' },
          req_id: { type: 'string', description: 'names the request in the logs' },
        },
      },
    });
  });

  it('says which routes need no credential', () => {
    const open = routes.filter((route) => operationOf(route)?.security.length === 0).map(({ url }) => url);
    expect(open.sort()).to.deep.equal(['/api/env/node/modules/*', '/api/openapi.json', '/healthz', '/readyz']);
    expect(Object.keys(document.components.securitySchemes)).to.deep.equal(['bearer', 'key']);
  });

  it('has the runs too, which are no routes', () => {
    const runs = Object.keys(document.paths).filter((path) => path.startsWith('/api/run/'));
    expect(runs).to.deep.equal([
      '/api/run/{container}',
      '/api/run/{container}/{name}',
      '/api/run/{container}/{name}/{path}',
    ]);
    expect(Object.keys(document.paths['/api/run/{container}/{name}'] ?? {})).to.deep.equal([
      'parameters',
      'get',
      'put',
      'post',
      'delete',
      'patch',
    ]);
  });

  it('leaves nothing out of answers that it does not speak of', async () => {
    const token = server.sign({ dd: 1, jti: 'a' });
    const headers = { Authorization: `Bearer ${token}` };
    const { body } = await ask(`${server.url}/api/tokens/inspect?token=${token}`, { headers });
    expect(JSON.parse(body)).to.include({ ten: 'test', dd: 1, jti: 'a' });
  });
});

import { expect } from 'chai';
import { isPlatformModule, PLATFORM_MIDDLEWARE } from '../../../runtime/compile/platform-modules.ts';

/** What a middleware passes on for a request: nothing, or the error's status and message. */
function passedOn(name: string, webtaskContext: object, authorization?: string): unknown {
  const req = { webtaskContext, headers: { authorization } } as unknown as Parameters<Middleware>[0]; // all that is read
  let passed: unknown = 'nothing was called';
  PLATFORM_MIDDLEWARE.get(name)?.()(req, {}, (error) => {
    passed = error === undefined ? 'in' : error;
  });
  return passed instanceof Error ? [(passed as Error & { statusCode?: number }).statusCode, passed.message] : passed;
}
type Middleware = ReturnType<NonNullable<ReturnType<typeof PLATFORM_MIDDLEWARE.get>>>;

const REFUSED = [401, 'Unauthenticated extensibility point'];

describe('the middleware of the platform', () => {
  const bearer = '@webtask/bearer-auth-middleware';
  const cron = '@webtask/cron-auth-middleware';

  it('is what the middleware compiler takes: functions of three parameters', () => {
    for (const make of PLATFORM_MIDDLEWARE.values()) expect(make()).to.have.length(3);
  });

  for (const [name, context] of [
    [bearer, { secrets: { 'wt-auth-secret': 'x.y' } }],
    [cron, { token: 'x.y' }],
  ] as const) {
    it(`${name} lets in who bears exactly what it expects`, () => {
      expect(passedOn(name, context, 'Bearer x.y')).to.equal('in');
      for (const given of [undefined, '', 'x.y', 'Bearer', 'Bearer x.z', 'Bearer x.y z', 'Basic x.y', 'Bearer x.y.']) {
        expect(passedOn(name, context, given), given).to.deep.equal(REFUSED);
      }
    });
  }

  it('lets everybody in where no secret was set', () => {
    expect(passedOn(bearer, { secrets: {} })).to.equal('in');
  });

  it('lets nobody in as a cron job where the run has no token', () => {
    expect(passedOn(cron, {}, 'Bearer undefined')).to.deep.equal(REFUSED);
    expect(passedOn(cron, {})).to.deep.equal(REFUSED);
  });

  it('is known by its name, with the compiler', () => {
    expect([bearer, cron, '@webtask/middleware-compiler', '@webtask/other'].map(isPlatformModule)).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
  });
});

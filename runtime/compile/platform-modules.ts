import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

type Request = IncomingMessage & { webtaskContext?: unknown };
type Middleware = (req: Request, res: unknown, next: (error?: unknown) => void) => void;

/** The middleware compiler of the original. */
export const MIDDLEWARE_COMPILER = '@webtask/middleware-compiler';

/**
 * The middleware that is part of the platform: `wt cron create` asks for it, and the registry no longer has it.
 *
 * @see protocol reference 2.8
 */
export const PLATFORM_MIDDLEWARE: ReadonlyMap<string, () => Middleware> = new Map([
  ['@webtask/bearer-auth-middleware', () => bearerAuth(({ secrets }) => secrets?.['wt-auth-secret'], false)],
  ['@webtask/cron-auth-middleware', () => bearerAuth(({ token }) => token, true)],
]);

/** Whether a module is part of the platform, in whichever version it is asked for. */
export function isPlatformModule(name: string): boolean {
  return name === MIDDLEWARE_COMPILER || PLATFORM_MIDDLEWARE.has(name);
}

/** Whether a package could not be required because it, or the version of it, is not there. */
export function isNotInstalled(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'MODULE_NOT_FOUND' || code === 'MODULE_VERSION_MISSING';
}

/** What is compared, of the context. */
interface Known {
  readonly secrets?: Readonly<Record<string, string>>;
  readonly token?: string;
}

/**
 * Makes a middleware that lets in whoever bears what it expects.
 *
 * @param isRequired - whether nobody is let in where nothing is expected
 */
function bearerAuth(expectedOf: (context: Known) => string | undefined, isRequired: boolean): Middleware {
  return (req, _res, next) => {
    const expected = expectedOf((req.webtaskContext ?? {}) as Known); // the middleware compiler put it there
    const given = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1];
    const isIn = expected === undefined ? !isRequired : given !== undefined && isSame(given, expected);
    next(isIn ? undefined : Object.assign(new Error('Unauthenticated extensibility point'), { statusCode: 401 }));
  };
}

function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

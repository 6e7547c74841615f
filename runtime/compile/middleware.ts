import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Compiler, CompilerOptions } from './custom.ts';
import { isNotInstalled, PLATFORM_MIDDLEWARE } from './platform-modules.ts';
import { parseModuleRequest } from './require-version.ts';

// biome-ignore lint/complexity/noBannedTypes: what a script exports is any function
type AnyFunction = Function;
type Next = (error?: unknown) => void;
type Request = IncomingMessage & { webtaskContext?: Context };
type Context = Record<string, unknown>;
type Middleware = (req: Request, res: ServerResponse, next: Next) => unknown;

/** How middleware is found. */
export interface MiddlewareTools {
  /** Requires a package as the webtask would. */
  require(id: string): unknown;
  /** Fetches and compiles a script. */
  compileUrl(url: string): Promise<AnyFunction>;
}

const MAX_BODY_BYTES = 1024 * 1024;
/** What an error of a middleware may tell the caller, unless it is a 500. */
const TOLD = ['code', 'errno', 'error', 'error_description', 'data'] as const;

/**
 * Makes the middleware compiler: a webtask that passes each request through the middleware of `wt-middleware`, and then
 * on to the script.
 *
 * @see protocol reference 2.8
 */
export function createMiddlewareCompiler(tools: MiddlewareTools): Compiler {
  return (options, callback) => {
    const debug = (options.meta['wt-debug'] ?? '').split(',').includes('wt-middleware')
      ? (text: string): void => console.log(text)
      : (): void => undefined;
    let specs: string[];
    try {
      specs = readSpecs(options.meta['wt-middleware'] ?? '');
    } catch (error) {
      callback(error);
      return;
    }
    // Each is found with the first request that reaches it; a failure is not remembered.
    const found = new Map<number, Promise<Middleware>>();
    const middleware = (index: number): Promise<Middleware> => {
      let finding = found.get(index);
      if (!finding) {
        finding = index < specs.length ? findMiddleware(specs[index] ?? '', tools) : compileScript(options);
        found.set(index, finding);
        finding.catch(() => found.delete(index));
      }
      return finding;
    };
    callback(null, (context: Context, req: Request, res: ServerResponse) => {
      context.compiler = { nodejsCompiler: options.nodejsCompiler, script: options.script };
      req.webtaskContext = context;
      const step = (index: number, error?: unknown): void => {
        if (error) {
          debug(`Error produced by middleware: ${error instanceof Error ? error.stack : error}`);
          sendFailure(error, res);
          return;
        }
        const next = (error?: unknown): void => step(index + 1, error);
        middleware(index)
          .then((run) => {
            debug(`Invoking middleware ${index}: ${specs[index] ?? 'the webtask'}`);
            return run(req, res, next);
          })
          .catch((error: unknown) => sendFailure(error, res));
      };
      step(0);
    });
  };
}

/** Reads the names and URLs of middleware that metadata `wt-middleware` lists. */
export function readSpecs(text: string): string[] {
  let specs: unknown;
  try {
    specs = JSON.parse(text);
  } catch {
    return text
      .split(',')
      .map((it) => it.trim())
      .filter((it) => it !== '');
  }
  if (Array.isArray(specs) && specs.every((it) => typeof it === 'string')) return specs;
  throw new Error('Unexpected JSON wt-middleware metadata that does not represent an array');
}

async function findMiddleware(spec: string, tools: MiddlewareTools): Promise<Middleware> {
  const made: unknown = (await findFactory(spec, tools))();
  if (typeof made === 'function' && made.length === 3) return made as Middleware; // just checked
  throw new Error(
    'A Webtask middleware must export a function that returns a function with the signature `function(req, res, next)`',
  );
}

async function findFactory(spec: string, tools: MiddlewareTools): Promise<AnyFunction> {
  if (/^https?:\/\//i.test(spec)) return tools.compileUrl(spec);
  const request = parseModuleRequest(spec);
  if (!request) throw new Error(`Failed to parse middleware spec: ${spec}`);
  const { name, version, path } = request;
  let exported: unknown;
  try {
    exported = tools.require(version === undefined ? name : `${name}@${version}`);
  } catch (error) {
    const own = isNotInstalled(error) && path === '' ? PLATFORM_MIDDLEWARE.get(name) : undefined;
    if (own) return own;
    throw error;
  }
  const factory = path === '' ? exported : (exported as Record<string, unknown>)[path.slice(1)]; // a module is an object
  if (typeof factory !== 'function') throw new Error(`The middleware ${spec} exports no function`);
  return factory;
}

/** The last step: the script itself, which takes the request as any webtask does. */
async function compileScript({ nodejsCompiler, script }: CompilerOptions): Promise<Middleware> {
  const run = await new Promise<AnyFunction>((resolve, reject) => {
    nodejsCompiler(script, (error, exported) => (exported ? resolve(exported) : reject(error)));
  });
  if (run.length > 3) throw new Error(`Unable to execute a webtask function expecting ${run.length} arguments`);
  return async (req, res, _next) => {
    const context = req.webtaskContext ?? {};
    delete context.compiler;
    if (run.length === 3) return run(context, req, res);
    if (!context.body && !['GET', 'HEAD', 'OPTIONS'].includes(req.method ?? '')) context.body = await readJson(req);
    const callback = (error?: unknown, result?: unknown): void => {
      try {
        if (error) sendFailure(error, res);
        else res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(result));
      } catch {
        sendFailure(new Error("Error when JSON serializing the webtask's response data"), res);
      }
    };
    return run.length === 2 ? run(context, callback) : run(callback);
  };
}

/** Reads a body: the value of JSON, the bytes of anything else. */
async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    // it has no encoding
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk); // the rest is read and dropped, so that the answer arrives
  }
  if (size > MAX_BODY_BYTES) throw withStatus(new Error('Payload content length greater than maximum allowed'), 413);
  const bytes = Buffer.concat(chunks);
  if (!/^application\/(?:[^;]*\+)?json\b/i.test(req.headers['content-type'] ?? '')) return bytes;
  if (size === 0) return null;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw withStatus(new Error((error as Error).message), 400); // JSON.parse throws errors only
  }
}

function withStatus(error: Error, statusCode: number): Error {
  return Object.assign(error, { statusCode });
}

/** Answers with what a middleware, or the script, failed with. What is not meant for the caller stays here. */
function sendFailure(cause: unknown, res: ServerResponse): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const error = (typeof cause === 'object' && cause !== null ? cause : { message: String(cause) }) as Record<
    string,
    unknown
  >; // read as such
  const isStatus =
    Number.isInteger(error.statusCode) && Number(error.statusCode) >= 200 && Number(error.statusCode) < 600;
  const statusCode = isStatus ? Number(error.statusCode) : 500;
  const payload: Record<string, unknown> = {
    message: statusCode === 500 ? 'Server error' : error.message || 'Unknown error',
    statusCode,
  };
  if (statusCode === 500) console.error(cause instanceof Error ? cause.stack : cause);
  else for (const key of TOLD) if (error[key]) payload[key] = error[key];
  res.writeHead(statusCode, { 'Content-Type': 'application/json' }).end(toJson(payload, statusCode));
}

function toJson(payload: Record<string, unknown>, statusCode: number): string {
  try {
    return JSON.stringify(payload);
  } catch {
    return JSON.stringify({ message: payload.message, statusCode }); // `data` may be anything
  }
}

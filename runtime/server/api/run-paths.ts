const CONTAINER = {
  name: 'container',
  in: 'path',
  required: true,
  schema: { type: 'string' },
} as const;
const NAME = { name: 'name', in: 'path', required: true, schema: { type: 'string' } } as const;
const REST = {
  name: 'path',
  in: 'path',
  required: true,
  description: 'what follows the name, slashes included, is for the webtask',
  schema: { type: 'string' },
} as const;
const CODE_URL = {
  name: 'webtask_url',
  in: 'query',
  description: 'where the code is, for a token that does not say it',
  schema: { type: 'string', format: 'uri' },
} as const;
const NO_CACHE = {
  name: 'webtask_no_cache',
  in: 'query',
  description: 'fetches and compiles the code again',
  schema: { type: 'string' },
} as const;

const SOURCE = {
  'x-wt-response-source': {
    description: 'who answered; all but `webtask` did so before code of the webtask ran',
    schema: { type: 'string', enum: ['webtask', 'compiler', 'proxy', 'network'] },
  },
} as const;
const RETRY_AFTER = {
  'Retry-After': { description: 'seconds until the next window of the limit begins', schema: { type: 'integer' } },
} as const;
const RESPONSES = {
  429: { description: 'A rate limit of the token is used up.', headers: { ...SOURCE, ...RETRY_AFTER } },
  default: { description: 'Whatever the webtask answers with, or an error of the platform.', headers: SOURCE },
} as const;

const VERBS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/**
 * Runs in the OpenAPI document. They are not routes of the management API: the code of webtasks says what they take
 * and answer with.
 *
 * @see protocol reference 6.3
 */
export const RUN_PATHS = {
  '/api/run/{container}': {
    parameters: [CONTAINER, CODE_URL, NO_CACHE],
    ...runs('Runs the webtask of a token, or code that is sent', [{ bearer: [] }, { key: [] }]),
  },
  '/api/run/{container}/{name}': {
    parameters: [CONTAINER, NAME, NO_CACHE],
    ...runs('Runs a named webtask', []),
  },
  '/api/run/{container}/{name}/{path}': {
    parameters: [CONTAINER, NAME, REST, NO_CACHE],
    ...runs('Runs a named webtask below its path', []),
  },
};

function runs(summary: string, security: Record<string, string[]>[]): object {
  const run = { summary, tags: ['run'], security, responses: RESPONSES };
  return Object.fromEntries(VERBS.map((verb) => [verb, run]));
}
